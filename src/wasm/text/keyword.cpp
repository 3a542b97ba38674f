#include "wasm/text/keyword.hpp"

namespace trellis::wasm {

namespace {

constexpr std::string_view mnemonics[] = {
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape) text,
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
};

constexpr std::uint32_t hash(std::string_view word)
{
    std::uint32_t value = 2166136261u;
    for (const char c : word)
        value = (value ^ static_cast<unsigned char>(c)) * 16777619u;
    return value ^ (value >> 15);
}

constexpr std::size_t slots = 2048;
constexpr std::uint16_t empty_slot = 0xffff;
static_assert(std::size(mnemonics) < slots / 2);

/// Open addressing with linear probing; the first row of a mnemonic wins.
constexpr auto mnemonic_slots = [] {
    std::array<std::uint16_t, slots> table{};
    table.fill(empty_slot);
    for (std::uint16_t op = 0; op < std::size(mnemonics); ++op) {
        auto slot = hash(mnemonics[op]) % slots;
        while (table[slot] != empty_slot && mnemonics[table[slot]] != mnemonics[op])
            slot = (slot + 1) % slots;
        if (table[slot] == empty_slot)
            table[slot] = op;
    }
    return table;
}();

constexpr std::string_view other_keywords[] = {
    "binary",
    "catch_all_ref",
    "catch_ref",
    "data",
    "declare",
    "definition",
    "do",
    "elem",
    "export",
    "field",
    "final",
    "func",
    "global",
    "i16",
    "i8",
    "import",
    "instance",
    "item",
    "local",
    "memory",
    "module",
    "mut",
    "nan:arithmetic",
    "nan:canonical",
    "null",
    "offset",
    "pagesize",
    "param",
    "quote",
    "rec",
    "ref",
    "result",
    "shared",
    "start",
    "sub",
    "table",
    "tag",
    "then",
    "type",
};

} // namespace

std::optional<Op> find_mnemonic(std::string_view word)
{
    for (auto slot = hash(word) % slots; mnemonic_slots[slot] != empty_slot; slot = (slot + 1) % slots)
        if (mnemonics[mnemonic_slots[slot]] == word)
            return static_cast<Op>(mnemonic_slots[slot]);
    return std::nullopt;
}

bool is_keyword(std::string_view word)
{
    return find_mnemonic(word) || contains(other_keywords, word) || contains(named_kinds, word, &NamedKind::name) ||
           contains(named_types, word, &NamedType::reference) || contains(named_types, word, &NamedType::heap) ||
           contains(lane_shapes, word, &LaneShape::name);
}

} // namespace trellis::wasm
