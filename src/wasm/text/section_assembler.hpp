// Collects the sections of a module while its text is read, and puts them together in the binary format's order with
// the custom sections where they belong.
#pragma once

#include "wasm/text/custom_annotation.hpp"
#include "wasm/text/instruction_parser.hpp"

namespace trellis::wasm {

/// A section that is a vector: its entries, and how many there are.
struct EntryList {
    Writer entries;
    std::uint32_t count = 0;
};

struct SectionAssembler {
    EntryList imports, functions, tables, memories, tags, globals, exports, elements, code, data;
    std::optional<std::uint32_t> start;
    bool needs_data_count = false;
    BranchHintMap hints;
    std::vector<CustomAnnotation> customs;

    [[nodiscard]] SharedBytes assemble(const TypeTable& types, const Names& names) const;

private:
    [[nodiscard]] bool has_custom(std::string_view name) const;
    void write_section(Writer& module, std::uint8_t id, const TypeTable& types) const;
    void write_customs(Writer& module, Placement placement) const;
    void write_hints(Writer& module) const;
};

} // namespace trellis::wasm
