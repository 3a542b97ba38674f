// Values of scripts and values of the engine.
#include "base/format.hpp"
#include "conformance/component_values.hpp"
#include "wasm/component/execution/canonical_abi.hpp"
#include "wasm/text/characters.hpp"

#include <algorithm>
#include <charconv>

namespace trellis::conformance {
namespace {

using namespace wasm::component;
using Typed = wasm::component::Value;

std::unexpected<Error> bad(const ComponentValue& value)
{
    return fail(ErrorCode::usage, "not a value of that type: " + show(value));
}

template <class Number>
std::optional<std::uint64_t> bits_of(std::string_view text)
{
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(number));
}

std::optional<std::uint64_t> scalar_bits(ValueKind kind, const std::string& text)
{
    switch (kind) {
    case ValueKind::bool_:
        return text == "true";
    case ValueKind::s8:
    case ValueKind::s16:
    case ValueKind::s32: {
        const auto bits = bits_of<std::int64_t>(text);
        return bits ? std::optional(*bits & 0xffff'ffff) : bits;
    }
    case ValueKind::s64:
        return bits_of<std::int64_t>(text);
    case ValueKind::char_: {
        std::uint32_t code = 0;
        const auto lead = static_cast<unsigned char>(text[0]);
        const std::size_t length = text.size();
        code = length == 1 ? lead : lead & (0x7fu >> length);
        for (std::size_t i = 1; i < length; ++i)
            code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
        return code;
    }
    default: {
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size())
            return std::nullopt;
        return number;
    }
    }
}

std::optional<std::uint64_t> case_of(const ValueType& type, const ComponentValue& value)
{
    if (type.kind == ValueKind::option)
        return value.parts.size();
    if (type.kind == ValueKind::result)
        return value.text == "Ok" ? 0 : 1;
    const auto found = std::ranges::find(*type.members, value.text, &Member::name);
    if (found == type.members->end())
        return std::nullopt;
    return static_cast<std::uint64_t>(found - type.members->begin());
}

std::uint64_t flags_of(const ValueType& type, const ComponentValue& value)
{
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < type.members->size(); ++i)
        if (std::ranges::find(value.names, (*type.members)[i].name) != value.names.end())
            bits |= std::uint64_t(1) << i;
    return bits;
}

ValueTypeId part_type(const ValueType& type, std::size_t i, std::uint64_t bits)
{
    using enum ValueKind;
    switch (type.kind) {
    case list:
    case fixed_list:
        return type.element;
    case map:
        return i % 2 == 0 ? type.element : type.other;
    case record:
    case tuple:
        return (*type.members)[i].type;
    default:
        return payload_of(type, static_cast<std::uint32_t>(bits));
    }
}

bool has_cases(ValueKind kind)
{
    using enum ValueKind;
    return kind == variant || kind == enum_ || kind == option || kind == result;
}

/// Keys and values of a map are tuples in scripts.
std::vector<ComponentValue> flattened(const ValueType& type, const ComponentValue& value)
{
    if (type.kind != ValueKind::map)
        return value.parts;
    std::vector<ComponentValue> parts;
    for (const ComponentValue& entry : value.parts)
        parts.insert(parts.end(), entry.parts.begin(), entry.parts.end());
    return parts;
}

bool is_nan(ValueKind kind, std::uint64_t bits)
{
    return kind == ValueKind::f32 ? (bits & 0x7fff'ffff) > 0x7f80'0000
                                  : (bits & 0x7fff'ffff'ffff'ffff) > 0x7ff0'0000'0000'0000;
}

} // namespace

Result<Typed> value_from(const TypeArena& arena, ValueTypeId id, const ComponentValue& value)
{
    const ValueType& type = arena[id];
    Typed made;
    if (type.kind == ValueKind::string) {
        made.text = value.text;
        return made;
    }
    if (type.kind == ValueKind::flags) {
        made.bits = flags_of(type, value);
        return made;
    }
    if (has_cases(type.kind)) {
        const auto which = case_of(type, value);
        if (!which)
            return bad(value);
        made.bits = *which;
    }
    if (is_primitive(type.kind)) {
        const auto bits = scalar_bits(type.kind, value.text);
        if (!bits)
            return bad(value);
        made.bits = *bits;
        return made;
    }
    const auto parts = flattened(type, value);
    for (std::size_t i = 0; i < parts.size(); ++i)
        made.parts.push_back(TRELLIS_TRY(value_from(arena, part_type(type, i, made.bits), parts[i])));
    return made;
}

std::optional<std::string> compare_value(const TypeArena& arena, ValueTypeId id, const Typed& value,
                                         const ComponentValue& wanted)
{
    const ValueType& type = arena[id];
    const bool is_float = type.kind == ValueKind::f32 || type.kind == ValueKind::f64;
    if (is_float && wanted.text.starts_with("nan"))
        return is_nan(type.kind, value.bits) ? std::nullopt : std::optional("not a NaN: " + show(wanted));
    auto expected = value_from(arena, id, wanted);
    if (!expected)
        return expected.error().message;
    if (is_float && is_nan(type.kind, expected->bits) && is_nan(type.kind, value.bits))
        return std::nullopt;
    const std::uint64_t mask = arena[id].layout.size >= 8 || !is_primitive(type.kind)
                                   ? ~std::uint64_t(0)
                                   : (std::uint64_t(1) << arena[id].layout.size * 8) - 1;
    if ((value.bits & mask) != (expected->bits & mask) || value.text != expected->text ||
        value.parts.size() != expected->parts.size())
        return format("wanted {}, got {} \"{}\" with {} parts", show(wanted), value.bits, value.text,
                      value.parts.size());
    const auto parts = flattened(type, wanted);
    for (std::size_t i = 0; i < parts.size(); ++i)
        if (auto differs = compare_value(arena, part_type(type, i, value.bits), value.parts[i], parts[i]))
            return differs;
    return std::nullopt;
}

} // namespace trellis::conformance
