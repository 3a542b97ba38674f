// Identifiers for printing one index space. Names need not be unique or even present; identifiers are: a name that is
// taken gets a number behind it and a (@name ...) annotation with what it really is.
#pragma once

#include "wasm/text/name_section.hpp"

#include <string>
#include <unordered_map>

namespace trellis::wasm {

/// Bytes as a string literal, quotes included.
std::string quote(std::string_view bytes);

class Identifiers {
public:
    Identifiers() = default;
    /// For the names of indices below `count`: an identifier must be bound somewhere before it can be used.
    Identifiers(const NameMap& names, std::size_t count);

    /// "$name", or the number.
    [[nodiscard]] std::string reference(std::uint32_t index) const;
    /// " $name", with an annotation where the name is another; "" where the index has no name.
    [[nodiscard]] std::string binding(std::uint32_t index) const;
    [[nodiscard]] bool has(std::uint32_t index) const { return entries_.contains(index); }
    [[nodiscard]] bool empty() const { return entries_.empty(); }

private:
    struct Entry {
        std::string id;
        std::string annotation; ///< empty: the identifier says it all
    };

    std::unordered_map<std::uint32_t, Entry> entries_;
};

} // namespace trellis::wasm
