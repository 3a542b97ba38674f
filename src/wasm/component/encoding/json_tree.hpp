// JSON as far as the notes of a WIT package need it: objects and texts. Other values are read over. Nesting is bounded.
// https://www.rfc-editor.org/rfc/rfc8259
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace trellis::wasm::component::encoding {

struct JsonTree {
    std::optional<std::string> text; ///< or else it is an object
    std::map<std::string, JsonTree, std::less<>> members = {};

    /// A text that is not empty, or something like that inside.
    [[nodiscard]] bool has_content() const;
    [[nodiscard]] const JsonTree* find(std::string_view name) const;
};

/// Nothing where it is no JSON, or nested too deep.
std::optional<JsonTree> read_json(std::string_view text);
/// Members without content are left out.
std::string write_json(const JsonTree& tree);

} // namespace trellis::wasm::component::encoding
