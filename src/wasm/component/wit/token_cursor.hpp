// Reads the tokens of one file in order, and names what it finds in errors. The parsers of types and of items share it.
#pragma once

#include "wasm/component/wit/lexer.hpp"
#include "wasm/component/wit/syntax.hpp"

namespace trellis::wasm::component::wit {

class TokenCursor {
public:
    TokenCursor(const Sources& sources, std::uint32_t file, TokenList list)
        : sources_(sources), file_(file), list_(std::move(list))
    {
    }

    /// The token `ahead` of the next one; at the end: the end.
    [[nodiscard]] const Token& peek(std::size_t ahead = 0) const
    {
        return list_.tokens[std::min(at_ + ahead, list_.tokens.size() - 1)];
    }
    [[nodiscard]] std::string_view text(const Token& token) const { return list_.text_of(token); }
    /// Whether the next token (or one further on) is this symbol or keyword.
    [[nodiscard]] bool is(std::string_view symbol_or_keyword, std::size_t ahead = 0) const;
    [[nodiscard]] bool is_name(std::size_t ahead = 0) const;
    /// Whether nothing stands between the next two tokens.
    [[nodiscard]] bool touches_next(std::size_t ahead) const;
    [[nodiscard]] bool at_end() const { return peek().kind == TokenKind::end; }
    [[nodiscard]] std::string documentation() const { return list_.documentation(at_); }
    [[nodiscard]] Place place() const { return {file_, peek().offset}; }

    void skip() { at_ += at_end() ? 0 : 1; }
    /// Skips the next token if it is this one.
    bool eat(std::string_view symbol_or_keyword);
    Result<> expect(std::string_view symbol_or_keyword);
    Result<Name> name();
    /// The text of the next token, which has to be of this kind.
    Result<std::string_view> take(TokenKind kind, std::string_view what);
    Result<Version> version();

    [[nodiscard]] std::unexpected<Error> error(Place place, std::string_view message) const;
    /// "expected WHAT, found the next token".
    [[nodiscard]] std::unexpected<Error> expected(std::string_view what) const;

private:
    const Sources& sources_;
    std::uint32_t file_;
    TokenList list_;
    std::size_t at_ = 0;
};

Result<TypeSyntax> parse_type(TokenCursor& cursor, unsigned nesting = 0);

} // namespace trellis::wasm::component::wit
