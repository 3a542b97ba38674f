// Keywords of the text format: mnemonics come from instructions.def, the rest from a list. A hash table built by the
// compiler; lookup is constant time.
#pragma once

#include "wasm/syntax/instruction.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>

namespace trellis::wasm {

/// Whether a range has an element whose projection equals the value.
template <class Range, class Value, class Projection = std::identity>
constexpr bool contains(const Range& range, const Value& value, Projection projection = {})
{
    return std::ranges::find(range, value, projection) != std::ranges::end(range);
}

/// The instruction of a mnemonic. Where two opcodes share one (select, ref.test, ref.cast) the first of them.
std::optional<Op> find_mnemonic(std::string_view word);

/// Whether a word means anything anywhere in the text format.
bool is_keyword(std::string_view word);

struct NamedType {
    std::string_view reference; ///< "funcref"
    std::string_view heap;      ///< "func"
    HeapType type;
};

/// The abstract heap types and the short names of nullable references to them.
inline constexpr NamedType named_types[] = {
    {"funcref", "func", HeapType::func},
    {"externref", "extern", HeapType::extern_},
    {"anyref", "any", HeapType::any},
    {"eqref", "eq", HeapType::eq},
    {"i31ref", "i31", HeapType::i31},
    {"structref", "struct", HeapType::struct_},
    {"arrayref", "array", HeapType::array},
    {"exnref", "exn", HeapType::exn},
    {"nullref", "none", HeapType::none},
    {"nullfuncref", "nofunc", HeapType::nofunc},
    {"nullexternref", "noextern", HeapType::noextern},
    {"nullexnref", "noexn", HeapType::noexn},
};

struct NamedKind {
    std::string_view name;
    Kind kind;
};

inline constexpr NamedKind named_kinds[] = {
    {"i32", Kind::i32}, {"i64", Kind::i64}, {"f32", Kind::f32},   {"f64", Kind::f64},
    {"i8", Kind::i8},   {"i16", Kind::i16}, {"v128", Kind::v128},
};

/// How the lanes of a v128.const are written.
struct LaneShape {
    std::string_view name;
    std::uint8_t lanes;
    std::uint8_t bits;
    bool floating;
};

inline constexpr LaneShape lane_shapes[] = {
    {"i8x16", 16, 8, false}, {"i16x8", 8, 16, false}, {"i32x4", 4, 32, false},
    {"i64x2", 2, 64, false}, {"f32x4", 4, 32, true},  {"f64x2", 2, 64, true},
};

} // namespace trellis::wasm
