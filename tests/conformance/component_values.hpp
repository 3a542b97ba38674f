// Values of components as the scripts' JSON has them. Plain values.
#pragma once

#include "conformance/script.hpp"
#include "wasm/component/execution/value.hpp"

#include <boost/json/object.hpp>

namespace trellis::conformance {

/// Throws what boost::json throws, where the form is another: parse_script catches it.
ComponentValue component_value_of(const boost::json::object& object);

/// For people: "u8 7", "record(a: u8 7)".
std::string show(const ComponentValue& value);

/// A script's value as one of that type. Errors: usage.
Result<wasm::component::Value> value_from(const wasm::component::TypeArena& arena, wasm::component::ValueTypeId type,
                                          const ComponentValue& value);

/// Nothing where the value is what the script wants, else what differs.
std::optional<std::string> compare_value(const wasm::component::TypeArena& arena, wasm::component::ValueTypeId type,
                                         const wasm::component::Value& value, const ComponentValue& wanted);

} // namespace trellis::conformance
