#include "wasm/component/bindgen/c_names.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <array>

namespace trellis::wasm::component::bindgen {
namespace {

/// Keywords of C and C++, alternative operators, standard macros that look like names, and two names that functions
/// give their own pointers to results. Sorted.
constexpr auto taken_words = std::to_array<std::string_view>({
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "atomic_cancel",
    "atomic_commit",
    "atomic_noexcept",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "err",
    "errno",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "reflexpr",
    "register",
    "reinterpret_cast",
    "requires",
    "restrict",
    "ret",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "stderr",
    "stdin",
    "stdout",
    "struct",
    "switch",
    "synchronized",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
});

constexpr bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

constexpr char small(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr char capital(char c)
{
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

/// Anything but letters and digits parts words.
template <class Letter>
std::string joined(std::string_view name, Letter letter)
{
    std::string text;
    for (const char c : name) {
        if (is_letter_or_digit(c))
            text.push_back(letter(c));
        else if (!text.empty() && text.back() != '_')
            text.push_back('_');
    }
    if (text.ends_with('_'))
        text.pop_back();
    return text;
}

} // namespace

std::string snake_case(std::string_view name)
{
    return joined(name, small);
}

std::string capital_case(std::string_view name)
{
    return joined(name, capital);
}

std::string c_identifier(std::string_view name)
{
    auto text = snake_case(name);
    if (std::ranges::binary_search(taken_words, text))
        text.push_back('_');
    return text;
}

std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out.push_back('\\');
        out.push_back(c);
    }
    return out;
}

std::string UniqueNames::take(std::string name)
{
    while (!taken_.insert(name).second)
        name.push_back('_');
    return name;
}

std::string LocalNames::make(std::string_view stem)
{
    auto& count = counts_[std::string(stem)];
    std::string name;
    do {
        ++count;
        name = count == 1 ? std::string(stem) : format("{}{}", stem, count);
    } while (!taken_.insert(name).second);
    return name;
}

} // namespace trellis::wasm::component::bindgen
