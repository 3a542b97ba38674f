// The name section: names of the module, of everything it defines, of locals, labels and fields. Read from and written
// to its binary form. The subsections and their order are those of the extended name section proposal.
// https://webassembly.github.io/spec/core/appendix/custom.html#name-section
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace trellis::wasm {

/// Subsections of one name per index.
enum class NameSpace : std::uint8_t { function, type, table, memory, global, element, data, tag, count_ };
/// Subsections of names inside something: (function, local), (function, label), (type, field).
enum class InnerNameSpace : std::uint8_t { local, label, field, count_ };

/// Ascending by index, each index once.
using NameMap = std::vector<std::pair<std::uint32_t, std::string_view>>;
using InnerNameMap = std::vector<std::pair<std::uint32_t, NameMap>>;

/// Views into the module or text they come from.
struct Names {
    std::optional<std::string_view> module;
    std::array<NameMap, static_cast<std::size_t>(NameSpace::count_)> maps;
    std::array<InnerNameMap, static_cast<std::size_t>(InnerNameSpace::count_)> inner_maps;

    [[nodiscard]] const NameMap& of(NameSpace space) const { return maps[static_cast<std::size_t>(space)]; }
    [[nodiscard]] NameMap& of(NameSpace space) { return maps[static_cast<std::size_t>(space)]; }
    [[nodiscard]] const InnerNameMap& of(InnerNameSpace space) const
    {
        return inner_maps[static_cast<std::size_t>(space)];
    }
    [[nodiscard]] InnerNameMap& of(InnerNameSpace space) { return inner_maps[static_cast<std::size_t>(space)]; }
    [[nodiscard]] bool empty() const { return count() == 0; }
    /// How many names there are.
    [[nodiscard]] std::size_t count() const;
};

/// The contents of the section, empty subsections left out.
std::vector<std::uint8_t> write_name_section(const Names& names);

/// What a section's contents say: everything that makes sense, in order. `exact`: write_name_section gives the same
/// bytes again, so nothing is lost by keeping the names alone.
struct NameSection {
    Names names;
    bool exact = false;
};
NameSection read_name_section(Bytes contents);

/// The name of an index, or nothing. Logarithmic.
std::optional<std::string_view> find_name(const NameMap& map, std::uint32_t index);
/// The names inside an index, or nullptr.
const NameMap* find_inner(const InnerNameMap& map, std::uint32_t index);

} // namespace trellis::wasm
