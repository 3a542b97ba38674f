#include "wasm/text/identifiers.hpp"

#include "base/format.hpp"
#include "wasm/text/characters.hpp"

#include <algorithm>
#include <unordered_set>

namespace trellis::wasm {

namespace {

/// "$name", or "$\"any name\"".
std::string identifier(std::string_view name)
{
    return std::ranges::all_of(name, is_identifier_character) ? format("${}", name) : "$" + quote(name);
}

} // namespace

std::string quote(std::string_view bytes)
{
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "\"";
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
            text.push_back(c);
        } else {
            text.push_back('\\');
            text.push_back(digits[byte >> 4]);
            text.push_back(digits[byte & 15]);
        }
    }
    text.push_back('"');
    return text;
}

Identifiers::Identifiers(const NameMap& names, std::size_t count)
{
    std::unordered_set<std::string_view> taken;
    std::vector<std::pair<std::uint32_t, std::string_view>> repeated;
    for (const auto& [index, name] : names) {
        if (index >= count)
            break; // they ascend
        if (!name.empty() && taken.insert(name).second)
            entries_[index] = {identifier(name), {}};
        else
            repeated.emplace_back(index, name);
    }
    // The number is the index, so that two of them never meet; only a real name can be in the way.
    for (const auto& [index, name] : repeated) {
        auto unique = format("{}#{}", name, index);
        while (taken.contains(unique))
            unique += '#';
        entries_[index] = {identifier(unique), format(" (@name {})", quote(name))};
    }
}

std::string Identifiers::reference(std::uint32_t index) const
{
    const auto found = entries_.find(index);
    return found == entries_.end() ? format("{}", index) : found->second.id;
}

std::string Identifiers::binding(std::uint32_t index) const
{
    const auto found = entries_.find(index);
    return found == entries_.end() ? "" : format(" {}{}", found->second.id, found->second.annotation);
}

} // namespace trellis::wasm
