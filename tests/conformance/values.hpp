// Script values against run-time values: arguments are made, results compared with patterns. One store at a time.
#pragma once

#include "conformance/script.hpp"
#include "wasm/execution/store.hpp"

#include <map>
#include <string>

namespace trellis::conformance {

/// The host objects of one script: the same number is the same object.
class HostReferences {
public:
    explicit HostReferences(wasm::Store& store) : store_(store) {}
    Result<wasm::Ref> of(std::uint64_t number);

private:
    wasm::Store& store_;
    std::map<std::uint64_t, wasm::Ref> known_;
};

/// Errors: malformed, where the value can't be an argument.
Result<wasm::Value> argument_of(const ScriptValue& value, HostReferences& references);

/// What a result has to do with where it came from: needed to look into references.
struct ResultContext {
    wasm::Store& store;
    wasm::Instance& instance; ///< any one of the store
    bool is_function = false; ///< the result's static type is of the func hierarchy
};

bool matches(const ScriptValue& pattern, const wasm::Value& actual, const ResultContext& context);

/// For people: "i32 0x2a", "ref 0x10".
std::string show(const wasm::Value& value);
std::string show(const ScriptValue& value);

} // namespace trellis::conformance
