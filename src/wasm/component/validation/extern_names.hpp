// The names of imports and exports, taken apart, and which of them may stand beside each other in one scope. Views into
// what was given.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#import-and-export-definitions
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <unordered_map>

namespace trellis::wasm::component {

enum class NameForm : std::uint8_t {
    label,       ///< "a-b"
    constructor, ///< "[constructor]r"
    method,      ///< "[method]r.f"
    static_,     ///< "[static]r.f"
    interface,   ///< "ns:package/interface@1.0.0"
    dependency,  ///< "url=<https://...>"; of imports only
};

struct ParsedName {
    NameForm form = NameForm::label;
    std::string_view resource; ///< of constructor, method and static_
};

/// Errors: invalid.
Result<ParsedName> parse_extern_name(std::string_view name, std::uint32_t offset);

/// Letters, digits and single hyphens, each part in one case, the first beginning with a letter.
bool is_kebab_case(std::string_view label);
/// Of a part of a type. `what` is its kind, for the message. Errors: invalid.
Result<> check_label(std::string_view label, std::string_view what, std::uint32_t offset);

/// Names that no bindings generator could confuse with one another.
class NameSet {
public:
    /// `what` is "import", "export" or the like. Errors: invalid.
    Result<> add(std::string_view name, std::string_view what, std::uint32_t offset);

private:
    std::unordered_map<std::string, std::string_view> names_; ///< by what they are reduced to
};

} // namespace trellis::wasm::component
