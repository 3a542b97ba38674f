// Text to tokens. The whole text is cut up once, so that the parser can look at it twice (all names are visible
// everywhere in a module) and never reads a character again. Annotations the parser knows are kept beside the tokens,
// with the position they stand at; others are checked and dropped. The first lexical error ends the list with a `bad`
// token: it is reported if the parser gets that far. Linear time, no recursion.
// https://webassembly.github.io/spec/core/text/lexical.html
#pragma once

#include "wasm/text/source.hpp"

#include <optional>
#include <vector>

namespace trellis::wasm {

enum class TokenKind : std::uint8_t {
    left,
    right,
    natural,    ///< an unsigned integer
    integer,    ///< with a sign
    floating,   ///< has a point, an exponent, inf or nan
    string,     ///< quotes included
    identifier, ///< `$` included
    keyword,
    reserved, ///< legal characters, no known token
    end,
    bad, ///< see TokenList::error
};

struct Token {
    TokenKind kind;
    std::uint32_t offset;
    std::uint32_t size;
};

enum class AnnotationKind : std::uint8_t { name, custom, branch_hint };

/// An annotation in front of tokens[position].
struct Annotation {
    AnnotationKind kind;
    bool used = false;
    std::uint32_t offset;     ///< in the text
    std::uint32_t position;   ///< index into TokenList::tokens
    std::uint32_t first_item; ///< index into TokenList::items
    std::uint32_t item_count = 0;
};

struct TokenList {
    TextSource source;
    std::vector<Token> tokens; ///< at least two at the end are `end` or `bad`
    std::vector<Token> items;  ///< what stands in the annotations, without their outer parentheses and id
    std::vector<Annotation> annotations;
    std::optional<Error> error;

    [[nodiscard]] std::string_view text(const Token& token) const
    {
        return source.text.substr(token.offset, token.size);
    }
};

/// Errors are in the list. The text must be shorter than 4 GiB.
TokenList tokenize(std::string_view text);

/// The bytes a string token (or the quoted part of an identifier) stands for.
std::string unescape(std::string_view quoted);

} // namespace trellis::wasm
