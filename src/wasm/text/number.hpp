// Numbers of the text format: which words are numbers, and their exact values. Decimal and hexadecimal floats are
// rounded to nearest, ties to even.
// https://webassembly.github.io/spec/core/text/values.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trellis::wasm {

enum class NumberForm : std::uint8_t { none, natural, integer, floating };

NumberForm classify_number(std::string_view word);

/// The value of an unsigned integer; nothing where the word is not one or it is 2^64 or more.
std::optional<std::uint64_t> parse_natural(std::string_view word);
/// The bit pattern of an integer of `bits` (8 to 64) bits, written signed or unsigned, in the low bits of the result.
/// Nothing where it is no integer or out of range.
std::optional<std::uint64_t> parse_integer(std::string_view word, unsigned bits);
/// The bits of a float. Nothing where it is no number or too large.
std::optional<std::uint32_t> parse_f32(std::string_view word);
std::optional<std::uint64_t> parse_f64(std::string_view word);

/// Shortest text that gives these bits again: decimal, inf, nan, nan:0x200001.
std::string print_f32(std::uint32_t bits);
std::string print_f64(std::uint64_t bits);

} // namespace trellis::wasm
