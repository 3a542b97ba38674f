// (@custom "name" (before|after section) "contents"...): a custom section written as text, and where it goes.
// https://webassembly.github.io/spec/core/appendix/custom.html#custom-annotations
#pragma once

#include "wasm/text/parser.hpp"

namespace trellis::wasm {

/// Sections that are not custom, in the order of the binary format.
struct SectionRow {
    std::string_view name;
    std::uint8_t id;
};

inline constexpr SectionRow section_rows[] = {
    {"type", 1},   {"import", 2}, {"func", 3}, {"table", 4},      {"memory", 5}, {"tag", 13},  {"global", 6},
    {"export", 7}, {"start", 8},  {"elem", 9}, {"datacount", 12}, {"code", 10},  {"data", 11},
};

/// A place for custom sections: before section_rows[i] is 2i, after it 2i + 1. The name section that identifiers give
/// stands between what comes after the data section and what comes last.
using Placement = std::uint32_t;
inline constexpr Placement placement_after_data = 2 * std::size(section_rows) - 1;
inline constexpr Placement placement_last = placement_after_data + 1;

struct CustomAnnotation {
    std::string name;
    std::string contents;
    Placement placement = placement_last;
};

/// What a @custom annotation says; nothing where it is malformed and options do not ask for an error.
Result<std::optional<CustomAnnotation>> parse_custom_annotation(const Parser& parser, const Annotation& annotation);

} // namespace trellis::wasm
