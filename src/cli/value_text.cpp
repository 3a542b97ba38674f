#include "cli/value_text.hpp"

#include "base/format.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace trellis::cli {
namespace {

using namespace wasm;

std::unexpected<Error> not_a(ValType type, std::string_view word)
{
    return fail(ErrorCode::usage, format("\"{}\" is not an argument of type {}", word, to_string(type)));
}

/// The bits of an integer of `bits` bits, written signed or unsigned, decimal or 0x.
std::optional<std::uint64_t> integer_of(std::string_view word, unsigned bits)
{
    const bool negative = word.starts_with('-');
    if (negative || word.starts_with('+'))
        word.remove_prefix(1);
    const int base = word.starts_with("0x") || word.starts_with("0X") ? 16 : 10;
    if (base == 16)
        word.remove_prefix(2);
    std::uint64_t magnitude = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), magnitude, base);
    if (error != std::errc() || end != word.data() + word.size())
        return std::nullopt;
    const std::uint64_t half = std::uint64_t(1) << (bits - 1);
    const std::uint64_t largest = negative ? half : half - 1 + half;
    if (magnitude > largest)
        return std::nullopt;
    const auto value = negative ? 0 - magnitude : magnitude;
    return bits == 32 ? value & 0xffff'ffff : value;
}

Result<Value> integer_value(ValType type, std::string_view word, unsigned bits)
{
    const auto value = integer_of(word, bits);
    return value ? Result<Value>(Value{type, {Slot{.u64 = *value}}}) : not_a(type, word);
}

/// strtof and strtod: correctly rounded, hexadecimal floats, "nan" and "inf" included.
template <class Float>
Result<Value> float_value(ValType type, std::string_view word, Float (*parse)(const char*, char**))
{
    const std::string text(word);
    char* end = nullptr;
    const Float number = parse(text.c_str(), &end);
    if (text.empty() || end != text.c_str() + text.size())
        return not_a(type, word);
    Value value{type, {}};
    std::memcpy(&value.slots[0], &number, sizeof number);
    return value;
}

Result<Value> vector_value(std::string_view word)
{
    auto digits = word;
    if (!digits.starts_with("0x") || digits.size() < 3 || digits.size() > 34)
        return not_a(v128, word);
    digits.remove_prefix(2);
    Value value{v128, {}};
    const auto split = digits.size() - std::min<std::size_t>(digits.size(), 16);
    for (const auto [part, slot] : {std::pair{digits.substr(split), 0}, std::pair{digits.substr(0, split), 1}}) {
        auto& to = value.slots[static_cast<std::size_t>(slot)].u64;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), to, 16);
        if (!part.empty() && (error != std::errc() || end != part.data() + part.size()))
            return not_a(v128, word);
    }
    return value;
}

/// The shortest text that reads back as the same number.
template <class Float>
std::string show_float(Float number)
{
    if (std::isnan(number))
        return std::signbit(number) ? "-nan" : "nan";
    char text[64];
    const auto [end, error] = std::to_chars(text, text + sizeof text, number);
    return {text, end};
}

std::string show_list(const std::vector<ValType>& types)
{
    std::string text;
    for (const auto type : types)
        text += (text.empty() ? "" : ", ") + to_string(type);
    return text;
}

} // namespace

Result<Value> parse_value(ValType type, std::string_view word)
{
    switch (type.kind()) {
    case Kind::i32:
        return integer_value(type, word, 32);
    case Kind::i64:
        return integer_value(type, word, 64);
    case Kind::f32:
        return float_value(type, word, std::strtof);
    case Kind::f64:
        return float_value(type, word, std::strtod);
    case Kind::v128:
        return vector_value(word);
    default:
        break;
    }
    if (type.is_ref() && type.nullable() && word == "null")
        return Value::of_ref(type, null_ref);
    return fail(ErrorCode::usage, format("only null can be given for an argument of type {}", to_string(type)));
}

std::string show_value(const Value& value)
{
    const auto& slot = value.slots[0];
    switch (value.type.kind()) {
    case Kind::i32:
        return format("{}", slot.i32);
    case Kind::i64:
        return format("{}", slot.i64);
    case Kind::f32:
        return show_float(slot.f32);
    case Kind::f64:
        return show_float(slot.f64);
    case Kind::v128:
        return format("0x{:016x}{:016x}", value.slots[1].u64, slot.u64);
    default:
        return slot.ref == null_ref ? "null" : "ref";
    }
}

std::string show_type(const FuncType& type)
{
    const auto results = show_list(type.results);
    return format("({}) -> {}", show_list(type.params), type.results.size() == 1 ? results : format("({})", results));
}

} // namespace trellis::cli
