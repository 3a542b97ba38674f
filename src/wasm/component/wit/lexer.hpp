// Text to tokens: the whole file is cut up once. Comments are dropped but for documentation, which is kept with the
// token it stands in front of. Linear time, no recursion.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/WIT.md#lexical-structure
#pragma once

#include "wasm/component/wit/source.hpp"

namespace trellis::wasm::component::wit {

enum class TokenKind : std::uint8_t {
    symbol, ///< one of = , : ; ( ) { } < > * / . @ _ or ->
    keyword,
    identifier,          ///< kebab-case
    explicit_identifier, ///< the same behind a %
    integer,
    version, ///< digits, a dot and more: a semantic version, to be checked
    string,  ///< quotes included
    end,
};

struct Token {
    TokenKind kind;
    std::uint32_t offset;
    std::uint32_t size;
    std::uint32_t documents; ///< how many pieces of documentation stand before this token in the file
};

struct TokenList {
    std::string_view text;
    std::vector<Token> tokens; ///< the last is `end`
    std::vector<std::string_view> documents;

    [[nodiscard]] std::string_view text_of(const Token& token) const { return text.substr(token.offset, token.size); }
    /// What the comments in front of a token say, a line each, without the comments' own characters.
    [[nodiscard]] std::string documentation(std::size_t token) const;
};

Result<TokenList> tokenize(const Sources& sources, std::uint32_t file);

/// Words that are no identifiers unless a % stands before them.
bool is_keyword(std::string_view word);
/// Whether this is a label of the component model: fragments of letters and digits, each all lower or all upper case.
bool is_label(std::string_view word);

} // namespace trellis::wasm::component::wit
