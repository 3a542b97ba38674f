#include "base/format.hpp"
#include "wasm/component/wit/parser.hpp"
#include "wasm/component/wit/token_cursor.hpp"

#include <array>
#include <charconv>

namespace trellis::wasm::component::wit {

namespace {

Result<> one_argument(TokenCursor& cursor, TypeSyntax& type, unsigned nesting);
Result<> optional_argument(TokenCursor& cursor, TypeSyntax& type, unsigned nesting);
Result<> list_arguments(TokenCursor& cursor, TypeSyntax& type, unsigned nesting);
Result<> result_arguments(TokenCursor& cursor, TypeSyntax& type, unsigned nesting);
Result<> tuple_arguments(TokenCursor& cursor, TypeSyntax& type, unsigned nesting);
Result<> map_arguments(TokenCursor& cursor, TypeSyntax& type, unsigned nesting);
Result<> handle_argument(TokenCursor& cursor, TypeSyntax& type, unsigned nesting);

struct TypeWord {
    std::string_view word;
    TypeShape shape;
    Result<> (*arguments)(TokenCursor& cursor, TypeSyntax& type, unsigned nesting);
};

/// The type constructors; what is no row here is a primitive or a name.
constexpr std::array type_words = {
    TypeWord{"list", TypeShape::list, list_arguments},        TypeWord{"option", TypeShape::option, one_argument},
    TypeWord{"result", TypeShape::result, result_arguments},  TypeWord{"tuple", TypeShape::tuple, tuple_arguments},
    TypeWord{"map", TypeShape::map, map_arguments},           TypeWord{"future", TypeShape::future, optional_argument},
    TypeWord{"stream", TypeShape::stream, optional_argument}, TypeWord{"own", TypeShape::own, handle_argument},
    TypeWord{"borrow", TypeShape::borrow, handle_argument},
};

Result<> argument(TokenCursor& cursor, TypeSyntax& type, unsigned nesting)
{
    type.arguments.push_back(TRELLIS_TRY(parse_type(cursor, nesting + 1)));
    return {};
}

Result<> one_argument(TokenCursor& cursor, TypeSyntax& type, unsigned nesting)
{
    TRELLIS_TRY(cursor.expect("<"));
    TRELLIS_TRY(argument(cursor, type, nesting));
    return cursor.expect(">");
}

Result<> optional_argument(TokenCursor& cursor, TypeSyntax& type, unsigned nesting)
{
    return cursor.is("<") ? one_argument(cursor, type, nesting) : Result<>{};
}

Result<> list_arguments(TokenCursor& cursor, TypeSyntax& type, unsigned nesting)
{
    TRELLIS_TRY(cursor.expect("<"));
    TRELLIS_TRY(argument(cursor, type, nesting));
    if (cursor.eat(",")) {
        const auto place = cursor.place();
        const auto digits = TRELLIS_TRY(cursor.take(TokenKind::integer, "the number of elements"));
        std::uint32_t length = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), length);
        if (read.ec != std::errc() || digits[0] == '0')
            return cursor.error(place, format("a list's length is from 1 to 4294967295, not {}", digits));
        type.length = length;
    }
    return cursor.expect(">");
}

Result<> result_arguments(TokenCursor& cursor, TypeSyntax& type, unsigned nesting)
{
    if (!cursor.eat("<"))
        return {};
    const auto place = cursor.place();
    if (cursor.eat("_")) {
        type.arguments.push_back({.shape = TypeShape::absent, .place = place});
        TRELLIS_TRY(cursor.expect(","));
        TRELLIS_TRY(argument(cursor, type, nesting));
    } else {
        TRELLIS_TRY(argument(cursor, type, nesting));
        if (cursor.eat(","))
            TRELLIS_TRY(argument(cursor, type, nesting));
    }
    return cursor.expect(">");
}

Result<> tuple_arguments(TokenCursor& cursor, TypeSyntax& type, unsigned nesting)
{
    TRELLIS_TRY(cursor.expect("<"));
    do
        TRELLIS_TRY(argument(cursor, type, nesting));
    while (cursor.eat(",") && !cursor.is(">"));
    return cursor.expect(">");
}

Result<> map_arguments(TokenCursor& cursor, TypeSyntax& type, unsigned nesting)
{
    TRELLIS_TRY(cursor.expect("<"));
    const auto place = cursor.place();
    TRELLIS_TRY(argument(cursor, type, nesting));
    const auto& key = type.arguments[0];
    if (key.shape != TypeShape::primitive || key.primitive == Primitive::f32 || key.primitive == Primitive::f64)
        return cursor.error(place, "the key of a map has to be an integer type, bool, char or string");
    TRELLIS_TRY(cursor.expect(","));
    TRELLIS_TRY(argument(cursor, type, nesting));
    return cursor.expect(">");
}

Result<> handle_argument(TokenCursor& cursor, TypeSyntax& type, unsigned)
{
    TRELLIS_TRY(cursor.expect("<"));
    const auto name = TRELLIS_TRY(cursor.name());
    type.name = name.text;
    type.place = name.place;
    return cursor.expect(">");
}

Result<TypeSyntax> parse_keyword_type(TokenCursor& cursor, unsigned nesting)
{
    TypeSyntax type = {.shape = TypeShape::primitive, .place = cursor.place()};
    const auto word = cursor.text(cursor.peek());
    for (const auto& row : type_words) {
        if (row.word != word)
            continue;
        cursor.skip();
        type.shape = row.shape;
        TRELLIS_TRY(row.arguments(cursor, type, nesting));
        return type;
    }
    const auto primitive = primitive_of(word);
    if (!primitive)
        return cursor.expected("a type");
    cursor.skip();
    type.primitive = *primitive;
    return type;
}

} // namespace

Result<TypeSyntax> parse_type(TokenCursor& cursor, unsigned nesting)
{
    if (nesting >= max_type_nesting)
        return cursor.error(cursor.place(),
                            format("types are nested more than {} deep; give an inner one a name", max_type_nesting));
    if (cursor.peek().kind == TokenKind::keyword)
        return parse_keyword_type(cursor, nesting);
    if (!cursor.is_name())
        return cursor.expected("a type");
    const auto name = TRELLIS_TRY(cursor.name());
    return TypeSyntax{.shape = TypeShape::named, .place = name.place, .name = name.text};
}

} // namespace trellis::wasm::component::wit
