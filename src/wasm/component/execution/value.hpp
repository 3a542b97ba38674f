// Values of components whose types are only known at run time: for tools and tests. Programs declare their functions
// with the types of host_types.hpp instead.
#pragma once

#include "wasm/component/execution/host.hpp"

#include <string>

namespace trellis::wasm::component {

class SharedCopy;

/// What it is, its type says.
struct Value {
    std::uint64_t bits = 0;        ///< a number, bool, char; flags; which case; the representation of a resource
    std::string text = {};         ///< a string, UTF-8
    std::vector<Value> parts = {}; ///< fields, elements, keys and values in turn; the payload, if there is one
    std::shared_ptr<SharedCopy> copy = {}; ///< a stream or future
    std::shared_ptr<ErrorContext> error = {};
};

/// `types` is the instance whose arena `type` is of.
Trap lift_value(const Lifting& from, const ComponentInstance& types, ValueTypeId type, Place& place, Value& value);
Trap lower_value(const Lowering& to, const ComponentInstance& types, ValueTypeId type, const Value& value,
                 Place& place);

/// Calls a function of an instance from outside, and runs the store until there is a result. Resources are passed by
/// representation. Errors: usage (wrong arguments), trap.
Result<std::optional<Value>> invoke(ComponentStore& store, const ComponentFunction& function,
                                    std::span<const Value> arguments);

} // namespace trellis::wasm::component
