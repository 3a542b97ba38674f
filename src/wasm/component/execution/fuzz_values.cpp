#include "wasm/component/execution/fuzz_values.hpp"

#include "wasm/component/execution/copies.hpp"

namespace trellis::wasm::component {
namespace {

constexpr char32_t interesting_characters[] = {0,       'a',      0x7f,   0x80,   0xe9,   0xff,   0x100,
                                               0x7ff,   0x800,    0xd7ff, 0xe000, 0x20ac, 0xffff, 0x10000,
                                               0x1f600, 0x10ffff, 'z',    'q',    0xa0,   'b'};

char32_t random_character(FuzzInput& input)
{
    if (!input.one_in(8))
        return input.any_of<char32_t>(interesting_characters);
    const auto code = static_cast<char32_t>(input.number(3) % 0x110000);
    return code >= 0xd800 && code <= 0xdfff ? U'?' : code;
}

void append_utf8(std::string& text, char32_t code)
{
    const std::uint32_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    constexpr std::uint8_t leads[] = {0, 0xc0, 0xe0, 0xf0};
    text.push_back(static_cast<char>(leads[more] | code >> 6 * more));
    for (std::uint32_t i = more; i-- > 0;)
        text.push_back(static_cast<char>(0x80 | (code >> 6 * i & 0x3f)));
}

/// Of one range of characters often: what the encodings differ in.
std::string random_text(FuzzInput& input)
{
    std::string text;
    const std::uint32_t most = input.below(4);
    constexpr char32_t bounds[] = {0x80, 0x100, 0x10000, 0x110000};
    const std::uint32_t count = input.below(input.one_in(16) ? 200 : 9);
    for (std::uint32_t i = 0; i < count; ++i)
        if (const char32_t code = random_character(input); code < bounds[most])
            append_utf8(text, code);
    return text;
}

std::uint64_t random_number(FuzzInput& input, std::uint32_t bytes)
{
    constexpr std::uint64_t interesting[] = {
        0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x7fff'ffff, 0x8000'0000, 0x7ff0'0000'0000'0001, ~std::uint64_t(0)};
    const std::uint64_t number = input.one_in(3) ? input.number(bytes) : input.any_of<std::uint64_t>(interesting);
    return bytes == 8 ? number : number & ((std::uint64_t(1) << bytes * 8) - 1);
}

Members plain_members(std::uint32_t count)
{
    return Members(count);
}

} // namespace

const std::array<RandomTypes::Row, 2> RandomTypes::leaves = {{
    {4, &RandomTypes::primitive_type},
    {2, &RandomTypes::string},
}};

const std::array<RandomTypes::Row, 13> RandomTypes::rows = {{
    {4, &RandomTypes::primitive_type},
    {4, &RandomTypes::string},
    {4, &RandomTypes::list},
    {1, &RandomTypes::fixed_list},
    {1, &RandomTypes::map},
    {2, &RandomTypes::option},
    {2, &RandomTypes::result},
    {4, &RandomTypes::record},
    {4, &RandomTypes::variant},
    {2, &RandomTypes::labels},
    {3, &RandomTypes::handle},
    {1, &RandomTypes::copy_end},
    {1, &RandomTypes::primitive_type},
}};

TypeViews RandomTypes::any(std::uint32_t depth, bool may_borrow)
{
    return depth == 0 ? of_row(leaves, depth, may_borrow) : of_row(rows, depth - 1, may_borrow);
}

TypeViews RandomTypes::of_row(std::span<const Row> list, std::uint32_t depth, bool may_borrow)
{
    std::uint32_t total = 0;
    for (const Row& row : list)
        total += row.weight;
    std::uint32_t which = input_.below(total);
    for (const Row& row : list) {
        if (which < row.weight)
            return (this->*row.maker)(depth, may_borrow);
        which -= row.weight;
    }
    return {};
}

TypeViews RandomTypes::same(ValueType type)
{
    const ValueTypeId id = arena_.intern(std::move(type));
    return {id, id, id};
}

TypeViews RandomTypes::around(ValueKind kind, const TypeViews& element, const TypeViews& other, std::uint32_t length)
{
    const auto view = [&](ValueTypeId TypeViews::* which) {
        return arena_.intern(
            ValueType{.kind = kind, .element = element.*which, .other = other.*which, .length = length});
    };
    return {view(&TypeViews::declared), view(&TypeViews::given), view(&TypeViews::taken)};
}

TypeViews RandomTypes::of_members(ValueKind kind, std::span<const TypeViews> members)
{
    const auto view = [&](ValueTypeId TypeViews::* which) {
        auto list = std::make_shared<Members>();
        for (const TypeViews& one : members)
            list->push_back({.name = {}, .type = one.*which});
        return arena_.intern(ValueType{.kind = kind, .members = std::move(list)});
    };
    return {view(&TypeViews::declared), view(&TypeViews::given), view(&TypeViews::taken)};
}

TypeViews RandomTypes::primitive_type(std::uint32_t, bool)
{
    const ValueTypeId id = primitive(static_cast<ValueKind>(input_.below(primitive_kinds)));
    return {id, id, id};
}

TypeViews RandomTypes::string(std::uint32_t, bool)
{
    const ValueTypeId id = primitive(ValueKind::string);
    return {id, id, id};
}

TypeViews RandomTypes::list(std::uint32_t depth, bool may_borrow)
{
    return around(ValueKind::list, any(depth, may_borrow));
}

TypeViews RandomTypes::fixed_list(std::uint32_t depth, bool may_borrow)
{
    return around(ValueKind::fixed_list, any(depth, may_borrow), {}, 1 + input_.below(5));
}

TypeViews RandomTypes::map(std::uint32_t depth, bool may_borrow)
{
    const TypeViews key = any(0, false);
    return around(ValueKind::map, key, any(depth, may_borrow));
}

TypeViews RandomTypes::option(std::uint32_t depth, bool may_borrow)
{
    return around(ValueKind::option, any(depth, may_borrow));
}

/// A payload, or none.
TypeViews RandomTypes::maybe(std::uint32_t depth, bool may_borrow)
{
    return input_.one_in(4) ? TypeViews() : any(depth, may_borrow);
}

TypeViews RandomTypes::result(std::uint32_t depth, bool may_borrow)
{
    const TypeViews ok = maybe(depth, may_borrow);
    return around(ValueKind::result, ok, maybe(depth, may_borrow));
}

TypeViews RandomTypes::record(std::uint32_t depth, bool may_borrow)
{
    std::vector<TypeViews> members(1 + input_.below(input_.one_in(8) ? 20 : 5));
    for (TypeViews& one : members)
        one = any(depth, may_borrow);
    return of_members(input_.one_in(2) ? ValueKind::tuple : ValueKind::record, members);
}

/// Sometimes of more cases than a byte can tell.
TypeViews RandomTypes::variant(std::uint32_t depth, bool may_borrow)
{
    std::vector<TypeViews> members(1 + input_.below(6));
    for (TypeViews& one : members)
        one = maybe(depth, may_borrow);
    if (input_.one_in(16))
        members.resize(257 + input_.below(4));
    return of_members(ValueKind::variant, members);
}

TypeViews RandomTypes::labels(std::uint32_t, bool)
{
    const bool is_enum = input_.one_in(2);
    const std::uint32_t count = 1 + (is_enum ? input_.below(300) : input_.below(32));
    return same(ValueType{.kind = is_enum ? ValueKind::enum_ : ValueKind::flags,
                          .members = std::make_shared<Members>(plain_members(count))});
}

TypeViews RandomTypes::handle(std::uint32_t, bool may_borrow)
{
    const ResourceId which = std::array{resources_.of_giver, resources_.of_taker, resources_.of_host}[input_.below(3)];
    const ValueTypeId own = arena_.intern(ValueType{.kind = ValueKind::own, .resource = which});
    if (!may_borrow || input_.one_in(2))
        return {own, own, own};
    const ValueTypeId borrow = arena_.intern(ValueType{.kind = ValueKind::borrow, .resource = which});
    return {borrow, own, which == resources_.of_taker ? primitive(ValueKind::u32) : borrow};
}

TypeViews RandomTypes::copy_end(std::uint32_t depth, bool)
{
    return around(input_.one_in(2) ? ValueKind::stream : ValueKind::future, maybe(std::min(depth, 1u), false));
}

namespace {

class RandomValues {
public:
    RandomValues(FuzzInput& input, const TypeArena& arena) : input_(input), arena_(arena) {}

    Value any(ValueTypeId id)
    {
        using enum ValueKind;
        const ValueType& type = arena_[id];
        switch (type.kind) {
        case bool_:
            return {.bits = input_.below(2)};
        case char_:
            return {.bits = random_character(input_)};
        case string:
            return {.text = random_text(input_)};
        case error_context:
            return {.error = std::make_shared<ErrorContext>(random_text(input_))};
        case list:
            return several(input_.below(input_.one_in(16) ? 60 : 4), [&](std::uint32_t) { return type.element; });
        case map:
            return several(input_.below(4) * 2, [&](std::uint32_t i) { return i % 2 ? type.other : type.element; });
        case fixed_list:
            return several(type.length, [&](std::uint32_t) { return type.element; });
        case record:
        case tuple:
            return several(static_cast<std::uint32_t>(type.members->size()),
                           [&](std::uint32_t i) { return (*type.members)[i].type; });
        case variant:
        case enum_:
        case option:
        case result:
            return one_case(type);
        case flags:
            return {.bits = input_.number(4) & ((std::uint64_t(1) << type.members->size()) - 1)};
        case stream:
        case future:
            return {};
        default:
            return {.bits = random_number(input_, type.layout.size)};
        }
    }

private:
    template <class TypeOf>
    Value several(std::uint32_t count, TypeOf type_of)
    {
        Value value;
        for (std::uint32_t i = 0; i < count; ++i)
            value.parts.push_back(any(type_of(i)));
        return value;
    }
    Value one_case(const ValueType& type)
    {
        Value value{.bits = input_.below(cases_of(type))};
        const ValueTypeId payload = payload_of(type, static_cast<std::uint32_t>(value.bits));
        if (payload != no_type)
            value.parts.push_back(any(payload));
        return value;
    }

    FuzzInput& input_;
    const TypeArena& arena_;
};

/// The type of a value's part.
ValueTypeId part_type(const ValueType& type, const Value& value, std::size_t i)
{
    using enum ValueKind;
    switch (type.kind) {
    case list:
    case fixed_list:
        return type.element;
    case map:
        return i % 2 ? type.other : type.element;
    case record:
    case tuple:
        return (*type.members)[i].type;
    default:
        return payload_of(type, static_cast<std::uint32_t>(value.bits));
    }
}

} // namespace

Value random_value(FuzzInput& input, const TypeArena& arena, ValueTypeId type)
{
    return RandomValues(input, arena).any(type);
}

void add_copies(ComponentStore& store, const ComponentInstance& types, ValueTypeId id, Value& value)
{
    const ValueType& type = types.arena()[id];
    if (type.kind == ValueKind::stream || type.kind == ValueKind::future)
        value.copy =
            std::make_shared<SharedCopy>(store, ElementType{&types, type.element}, type.kind == ValueKind::future);
    for (std::size_t i = 0; i < value.parts.size(); ++i)
        add_copies(store, types, part_type(type, value, i), value.parts[i]);
}

bool equal(const TypeArena& arena, ValueTypeId id, const Value& one, const Value& other)
{
    const ValueType& type = arena[id];
    const std::uint32_t bytes = is_plain(type) ? type.layout.size : 8;
    const std::uint64_t mask = bytes == 8 ? ~std::uint64_t(0) : (std::uint64_t(1) << bytes * 8) - 1;
    if ((one.bits & mask) != (other.bits & mask) || one.text != other.text || one.copy != other.copy ||
        one.error != other.error || one.parts.size() != other.parts.size())
        return false;
    for (std::size_t i = 0; i < one.parts.size(); ++i)
        if (!equal(arena, part_type(type, one, i), one.parts[i], other.parts[i]))
            return false;
    return true;
}

} // namespace trellis::wasm::component
