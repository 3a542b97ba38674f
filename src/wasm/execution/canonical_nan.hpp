// Which instructions generate NaNs, for the deterministic profile: there every NaN that one of these gives is the
// canonical one, positive and with no payload, whatever went in. What only moves or changes signs (abs, neg, copysign,
// pmin, loads, ...) generates none. Pure functions, for any thread.
// https://webassembly.github.io/spec/core/appendix/profiles.html
#pragma once

#include "wasm/syntax/instruction.hpp"

#include <algorithm>

namespace trellis::wasm {

/// Which lanes of an instruction's result may be NaNs that it generated.
enum class NanLanes : std::uint8_t { none, f32, f64, f32x4, f64x2 };

inline constexpr std::uint32_t canonical_nan_f32 = 0x7fc0'0000;
inline constexpr std::uint64_t canonical_nan_f64 = 0x7ff8'0000'0000'0000;

constexpr NanLanes generated_nans(std::string_view text)
{
    constexpr std::array<std::pair<std::string_view, NanLanes>, 4> shapes = {
        {{"f32.", NanLanes::f32}, {"f64.", NanLanes::f64}, {"f32x4.", NanLanes::f32x4}, {"f64x2.", NanLanes::f64x2}}};
    constexpr std::array<std::string_view, 19> operations = {"add",
                                                             "sub",
                                                             "mul",
                                                             "div",
                                                             "sqrt",
                                                             "ceil",
                                                             "floor",
                                                             "trunc",
                                                             "nearest",
                                                             "min",
                                                             "max",
                                                             "relaxed_madd",
                                                             "relaxed_nmadd",
                                                             "relaxed_min",
                                                             "relaxed_max",
                                                             "demote_f64",
                                                             "promote_f32",
                                                             "demote_f64x2_zero",
                                                             "promote_low_f32x4"};
    for (const auto& [shape, lanes] : shapes)
        if (text.starts_with(shape) && std::ranges::find(operations, text.substr(shape.size())) != operations.end())
            return lanes;
    return NanLanes::none;
}

/// By instruction.
inline constexpr auto nan_lanes = [] {
    std::array<NanLanes, static_cast<std::size_t>(Op::count_)> table{};
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape)                            \
    table[static_cast<std::size_t>(Op::name)] = generated_nans(text);
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
    return table;
}();

} // namespace trellis::wasm
