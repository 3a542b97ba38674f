#include "wasm/component/wit/token_cursor.hpp"

#include "base/format.hpp"

#include <algorithm>

namespace trellis::wasm::component::wit {

bool TokenCursor::is(std::string_view symbol_or_keyword, std::size_t ahead) const
{
    const auto& token = peek(ahead);
    return (token.kind == TokenKind::symbol || token.kind == TokenKind::keyword) && text(token) == symbol_or_keyword;
}

bool TokenCursor::is_name(std::size_t ahead) const
{
    const auto kind = peek(ahead).kind;
    return kind == TokenKind::identifier || kind == TokenKind::explicit_identifier;
}

bool TokenCursor::touches_next(std::size_t ahead) const
{
    return peek(ahead).offset + peek(ahead).size == peek(ahead + 1).offset;
}

bool TokenCursor::eat(std::string_view symbol_or_keyword)
{
    const bool found = is(symbol_or_keyword);
    if (found)
        skip();
    return found;
}

Result<> TokenCursor::expect(std::string_view symbol_or_keyword)
{
    if (!eat(symbol_or_keyword))
        return expected(format("`{}`", symbol_or_keyword));
    return {};
}

Result<Name> TokenCursor::name()
{
    if (!is_name()) {
        if (peek().kind == TokenKind::keyword)
            return expected(format("a name (write %{} to use the keyword as one)", text(peek())));
        return expected("a name");
    }
    Name result = {text(peek()), place()};
    result.text.remove_prefix(result.text.starts_with('%') ? 1 : 0);
    skip();
    return result;
}

Result<std::string_view> TokenCursor::take(TokenKind kind, std::string_view what)
{
    if (peek().kind != kind)
        return expected(what);
    const auto result = text(peek());
    skip();
    return result;
}

Result<Version> TokenCursor::version()
{
    const auto at = place();
    const auto written = TRELLIS_TRY(take(TokenKind::version, "a version like 1.0.0"));
    auto version = Version::parse(written);
    if (!version)
        return error(at, format("`{}` is not a semantic version like 1.0.0 or 1.0.0-rc.1", written));
    return std::move(*version);
}

std::unexpected<Error> TokenCursor::error(Place place, std::string_view message) const
{
    return sources_.error(ErrorCode::malformed, place, message);
}

std::unexpected<Error> TokenCursor::expected(std::string_view what) const
{
    constexpr std::size_t most = 40;
    const auto found = text(peek());
    if (at_end())
        return error(place(), format("expected {}, found the end of the file", what));
    return error(place(),
                 format("expected {}, found `{}{}`", what, found.substr(0, most), found.size() > most ? "..." : ""));
}

} // namespace trellis::wasm::component::wit
