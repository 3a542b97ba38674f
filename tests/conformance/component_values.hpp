// Values of components as the scripts' JSON has them. Plain values.
#pragma once

#include "conformance/script.hpp"

#include <boost/json/object.hpp>

namespace trellis::conformance {

/// Throws what boost::json throws, where the form is another: parse_script catches it.
ComponentValue component_value_of(const boost::json::object& object);

/// For people: "u8 7", "record(a: u8 7)".
std::string show(const ComponentValue& value);

} // namespace trellis::conformance
