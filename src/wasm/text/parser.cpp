#include "wasm/text/parser.hpp"

#include "base/format.hpp"
#include "wasm/text/characters.hpp"
#include "wasm/text/keyword.hpp"
#include "wasm/text/number.hpp"

#include <algorithm>
#include <limits>

namespace trellis::wasm {

bool Parser::take(TokenKind kind)
{
    const bool found = at(kind);
    position_ += found ? 1 : 0;
    return found;
}

bool Parser::take_keyword(std::string_view word)
{
    const bool found = at_keyword(word);
    position_ += found ? 1 : 0;
    return found;
}

bool Parser::take_field(std::string_view word)
{
    const bool found = at_field(word);
    position_ += found ? 2 : 0;
    return found;
}

Result<> Parser::expect(TokenKind kind)
{
    if (!take(kind))
        return unexpected();
    return {};
}

Result<> Parser::expect_keyword(std::string_view word)
{
    if (!take_keyword(word))
        return unexpected();
    return {};
}

std::unexpected<Error> Parser::unexpected() const
{
    const auto& token = peek();
    if (token.kind == TokenKind::bad)
        return std::unexpected(*list_.error);
    if (token.kind == TokenKind::end)
        return error("unexpected token: end of text");
    const auto word = text(token);
    const bool prefixed = word.starts_with("offset=") || word.starts_with("align=");
    const bool unknown = token.kind == TokenKind::reserved ||
                         (token.kind == TokenKind::keyword && !is_keyword(word) &&
                          !(prefixed && classify_number(word.substr(word.find('=') + 1)) == NumberForm::natural));
    return error(format("{} {}", unknown ? "unknown operator" : "unexpected token", word.substr(0, 100)));
}

Result<std::uint64_t> Parser::parse_u64()
{
    if (!at(TokenKind::natural))
        return unexpected();
    const auto value = parse_natural(peek_text());
    if (!value)
        return error("i64 constant out of range");
    advance();
    return *value;
}

Result<std::uint32_t> Parser::parse_u32()
{
    if (!at(TokenKind::natural))
        return unexpected();
    const auto value = parse_natural(peek_text());
    if (!value || *value > std::numeric_limits<std::uint32_t>::max())
        return error("i32 constant out of range");
    advance();
    return static_cast<std::uint32_t>(*value);
}

Result<std::uint8_t> Parser::parse_u8()
{
    if (!at(TokenKind::natural))
        return unexpected();
    const auto value = parse_natural(peek_text());
    if (!value || *value > std::numeric_limits<std::uint8_t>::max())
        return error("i8 constant out of range");
    advance();
    return static_cast<std::uint8_t>(*value);
}

Result<std::string> Parser::parse_string()
{
    if (!at(TokenKind::string))
        return unexpected();
    auto value = unescape(peek_text());
    advance();
    return value;
}

Result<std::string_view> Parser::parse_name()
{
    const auto offset = peek().offset;
    auto value = TRELLIS_TRY(parse_string());
    if (!is_utf8(value))
        return error_at(offset, "malformed UTF-8 encoding");
    return keep(std::move(value));
}

Result<std::string> Parser::parse_strings()
{
    std::string all;
    while (at(TokenKind::string))
        all += TRELLIS_TRY(parse_string());
    return all;
}

std::string_view Parser::id_of(const Token& token)
{
    const auto name = text(token).substr(1);
    return name.starts_with('"') ? keep(unescape(name)) : name;
}

Result<Binding> Parser::parse_binding()
{
    Binding binding{.id = {}, .name = {}, .offset = peek().offset};
    if (at(TokenKind::identifier)) {
        binding.id = id_of(peek());
        advance();
    }
    if (const auto* annotation = take_annotation(AnnotationKind::name))
        binding.name = TRELLIS_TRY(parse_name_annotation(*annotation));
    return binding;
}

Result<std::optional<std::string_view>> Parser::parse_name_annotation(const Annotation& annotation)
{
    const auto all = items(annotation);
    const bool check = options_.check_annotations;
    if (all.empty() || all[0].kind != TokenKind::string) {
        if (check)
            return error_at(annotation.offset, "@name annotation: string expected");
        return std::nullopt;
    }
    auto name = unescape(text(all[0]));
    if (check && all.size() > 1)
        return error_at(all[1].offset, "@name annotation: unexpected token");
    if (check && !is_utf8(name))
        return error_at(all[0].offset, "@name annotation: malformed UTF-8 encoding");
    if (all.size() > 1 || !is_utf8(name))
        return std::nullopt;
    return std::optional(keep(std::move(name)));
}

Result<std::uint32_t> Parser::bind(IndexSpace& space, const Binding& binding)
{
    if (binding.id.empty())
        return space.add();
    const auto index = space.add(binding.id);
    if (!index)
        return error_at(binding.offset, format("duplicate {} ${}", space.what(), binding.id));
    return *index;
}

Result<std::uint32_t> Parser::parse_index(const IndexSpace& space)
{
    if (at(TokenKind::natural))
        return parse_u32();
    if (!at(TokenKind::identifier))
        return unexpected();
    const auto id = id_of(peek());
    const auto index = space.find(id);
    if (!index)
        return error(format("unknown {} ${}", space.what(), id));
    advance();
    return *index;
}

void Parser::note_name(NameMap& map, std::uint32_t index, const Binding& binding)
{
    if (binding.name || !binding.id.empty())
        map.emplace_back(index, binding.name.value_or(binding.id));
}

const Annotation* Parser::take_annotation(AnnotationKind kind)
{
    auto& all = list_.annotations;
    if (all.empty())
        return nullptr;
    auto found = std::ranges::lower_bound(all, position_, {}, &Annotation::position);
    for (; found != all.end() && found->position == position_; ++found) {
        if (found->kind != kind || found->used)
            continue;
        found->used = true;
        return &*found;
    }
    return nullptr;
}

} // namespace trellis::wasm
