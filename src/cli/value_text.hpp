// WebAssembly values as words of the command line, and back.
#pragma once

#include "base/result.hpp"
#include "wasm/execution/store.hpp"

#include <string>
#include <string_view>

namespace trellis::cli {

/// An argument of the given type: decimal or 0x numbers, floats as in C with "nan" and "inf", v128 as 0x and up to 32
/// hex digits, references as "null". Errors: usage.
Result<wasm::Value> parse_value(wasm::ValType type, std::string_view word);

/// "42", "-1.5", "0x..." (v128), "null", "ref".
std::string show_value(const wasm::Value& value);

/// "(i32, i64) -> f32".
std::string show_type(const wasm::FuncType& type);

} // namespace trellis::cli
