// The first pass over a module's text: where its fields are, which index each of them gets, and the identifiers they
// bind. Names are visible in the whole module, before their definition too, so nothing can be read before this.
#pragma once

#include "wasm/text/parser.hpp"

namespace trellis::wasm {

enum class FieldKind : std::uint8_t { type, import, func, table, memory, global, tag, export_, start, elem, data };

/// A field of the module: "(func ...)".
struct Field {
    FieldKind kind;
    std::uint32_t position; ///< of its opening parenthesis, in tokens
    std::uint32_t end;      ///< of the token behind its closing one
    std::uint32_t index;    ///< in its index space, where it has one
};

struct FieldList {
    std::vector<Field> fields;
    std::uint32_t end; ///< of the token behind the last field
};

/// Binds every identifier of the module level. Leaves the parser at the end of the text.
Result<FieldList> scan_fields(Parser& parser);

/// The field in which a token stands, or nullptr.
const Field* find_field(const FieldList& list, std::uint32_t position);

} // namespace trellis::wasm
