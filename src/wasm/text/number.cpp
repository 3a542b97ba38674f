#include "wasm/text/number.hpp"

#include "base/format.hpp"
#include "wasm/text/characters.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

namespace trellis::wasm {

namespace {

/// Reads a word from the left.
class Scanner {
public:
    explicit Scanner(std::string_view word) : rest_(word) {}

    [[nodiscard]] bool done() const { return rest_.empty(); }

    bool take(std::string_view prefix)
    {
        const bool found = rest_.starts_with(prefix);
        if (found)
            rest_.remove_prefix(prefix.size());
        return found;
    }

    bool take_sign() { return take("+") || take("-"); }

    /// Digits with single underscores between them.
    bool take_digits(bool hex)
    {
        std::size_t length = 0;
        const auto is_digit_at = [&](std::size_t i) {
            return i < rest_.size() && (hex ? hex_value(rest_[i]) >= 0 : is_digit(rest_[i]));
        };
        while (is_digit_at(length) || (length > 0 && rest_.substr(length, 1) == "_" && is_digit_at(length + 1)))
            ++length;
        rest_.remove_prefix(length);
        return length > 0;
    }

private:
    std::string_view rest_;
};

NumberForm classify_digits(Scanner scan, bool is_signed)
{
    const bool hex = scan.take("0x");
    if (!scan.take_digits(hex))
        return NumberForm::none;
    if (scan.done())
        return is_signed ? NumberForm::integer : NumberForm::natural;
    if (scan.take("."))
        scan.take_digits(hex);
    if (hex ? scan.take("p") || scan.take("P") : scan.take("e") || scan.take("E")) {
        scan.take_sign();
        if (!scan.take_digits(false))
            return NumberForm::none;
    }
    return scan.done() ? NumberForm::floating : NumberForm::none;
}

/// A word without its sign and underscores.
struct Plain {
    bool negative = false;
    std::string digits;
};

Plain strip(std::string_view word)
{
    Plain plain;
    plain.negative = word.starts_with('-');
    if (plain.negative || word.starts_with('+'))
        word.remove_prefix(1);
    plain.digits.reserve(word.size());
    std::ranges::copy_if(word, std::back_inserter(plain.digits), [](char c) { return c != '_'; });
    return plain;
}

template <class Float>
struct FloatFormat;

template <>
struct FloatFormat<float> {
    using Bits = std::uint32_t;
    static constexpr int mantissa_bits = 23;
};

template <>
struct FloatFormat<double> {
    using Bits = std::uint64_t;
    static constexpr int mantissa_bits = 52;
};

template <class Float>
using BitsOf = typename FloatFormat<Float>::Bits;

/// digits 0x... of a hexadecimal float: mantissa * 2^exponent, `sticky` when something was cut off below.
struct HexFloat {
    std::uint64_t mantissa = 0;
    std::int64_t exponent = 0;
    bool sticky = false;
};

HexFloat read_hex_float(std::string_view digits)
{
    HexFloat value;
    const auto exponent_at = std::min(digits.find_first_of("pP"), digits.size());
    bool behind_point = false;
    for (const char c : digits.substr(2, exponent_at - 2)) {
        if (c == '.') {
            behind_point = true;
            continue;
        }
        if (value.mantissa >> 60 == 0) {
            value.mantissa = value.mantissa * 16 + static_cast<std::uint64_t>(hex_value(c));
            value.exponent -= behind_point ? 4 : 0;
        } else {
            value.sticky = value.sticky || c != '0';
            value.exponent += behind_point ? 0 : 4;
        }
    }
    if (exponent_at < digits.size()) {
        auto text = digits.substr(exponent_at + 1);
        const bool negative = text.starts_with('-');
        text.remove_prefix(negative || text.starts_with('+') ? 1 : 0);
        // Saturated far outside what any text of 4 GiB could balance with digits.
        const auto magnitude = static_cast<std::int64_t>(
            std::min<std::uint64_t>(parse_natural(text).value_or(std::uint64_t{1} << 60), std::uint64_t{1} << 60));
        value.exponent += negative ? -magnitude : magnitude;
    }
    return value;
}

/// Shifts right, and tells in `sticky` whether ones fell out behind the first of them, in `half` that first one.
template <class Float>
std::optional<BitsOf<Float>> round_hex_float(HexFloat value)
{
    constexpr int mantissa_bits = FloatFormat<Float>::mantissa_bits;
    constexpr int min_exponent = std::numeric_limits<Float>::min_exponent - 1; // of the smallest normal
    constexpr int max_exponent = std::numeric_limits<Float>::max_exponent - 1;
    if (value.mantissa == 0)
        return BitsOf<Float>{0};
    const int lead = 63 - std::countl_zero(value.mantissa);
    auto exponent = value.exponent + lead; // value = 1.xxx * 2^exponent
    if (exponent > max_exponent)
        return std::nullopt;
    if (exponent < min_exponent - mantissa_bits - 1)
        return BitsOf<Float>{0};
    const bool subnormal = exponent < min_exponent;
    // How many bits the mantissa keeps, the leading one included.
    const int kept = mantissa_bits + 1 - (subnormal ? static_cast<int>(min_exponent - exponent) : 0);
    const int cut = lead + 1 - kept;
    std::uint64_t mantissa = 0;
    if (cut <= 0) {
        mantissa = value.mantissa << -cut;
    } else {
        mantissa = cut > 63 ? 0 : value.mantissa >> cut;
        const auto fallen = cut > 63 ? value.mantissa : value.mantissa & ((std::uint64_t{1} << cut) - 1);
        const auto half = std::uint64_t{1} << (cut - 1);
        const bool up = fallen > half || (fallen == half && (value.sticky || (mantissa & 1) != 0));
        mantissa += up ? 1 : 0;
    }
    // A mantissa that overflows into the next exponent does the right thing in this addition.
    const auto biased = subnormal ? std::int64_t{0} : exponent - min_exponent;
    const auto bits = (static_cast<std::uint64_t>(biased) << mantissa_bits) + mantissa;
    const auto infinity = static_cast<std::uint64_t>(max_exponent - min_exponent + 2) << mantissa_bits;
    if (bits >= infinity)
        return std::nullopt;
    return static_cast<BitsOf<Float>>(bits);
}

template <class Float>
std::optional<BitsOf<Float>> parse_decimal(std::string_view digits)
{
    Float value{};
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (result.ec == std::errc{})
        return std::bit_cast<BitsOf<Float>>(value);
    if (result.ec != std::errc::result_out_of_range)
        return std::nullopt;
    // Too large, or so small that it rounds to zero: the sign of the decimal exponent of the first digit tells.
    const auto exponent_at = std::min(digits.find_first_of("eE"), digits.size());
    const auto mantissa = digits.substr(0, exponent_at);
    const auto point = std::min(mantissa.find('.'), mantissa.size());
    const auto first = mantissa.find_first_of("123456789");
    auto magnitude = first == std::string_view::npos
                         ? std::int64_t{0}
                         : static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
    if (exponent_at < digits.size()) {
        auto text = digits.substr(exponent_at + 1);
        const bool negative = text.starts_with('-');
        text.remove_prefix(negative || text.starts_with('+') ? 1 : 0);
        const auto exponent = static_cast<std::int64_t>(
            std::min<std::uint64_t>(parse_natural(text).value_or(std::uint64_t{1} << 60), std::uint64_t{1} << 60));
        magnitude += negative ? -exponent : exponent;
    }
    return magnitude > 0 ? std::nullopt : std::optional(BitsOf<Float>{0});
}

template <class Float>
std::optional<BitsOf<Float>> parse_special(std::string_view digits)
{
    using Bits = BitsOf<Float>;
    constexpr int mantissa_bits = FloatFormat<Float>::mantissa_bits;
    const auto infinity = std::bit_cast<Bits>(std::numeric_limits<Float>::infinity());
    if (digits == "inf")
        return infinity;
    if (digits == "nan")
        return static_cast<Bits>(infinity | (Bits{1} << (mantissa_bits - 1)));
    const auto payload = digits.starts_with("nan:") ? parse_natural(digits.substr(4)) : std::nullopt;
    if (!payload || *payload == 0 || *payload >> mantissa_bits != 0)
        return std::nullopt;
    return static_cast<Bits>(infinity | *payload);
}

template <class Float>
std::optional<BitsOf<Float>> parse_float(std::string_view word)
{
    if (classify_number(word) == NumberForm::none)
        return std::nullopt;
    const auto plain = strip(word);
    std::optional<BitsOf<Float>> bits;
    if (plain.digits.starts_with("0x"))
        bits = round_hex_float<Float>(read_hex_float(plain.digits));
    else if (is_digit(plain.digits[0]))
        bits = parse_decimal<Float>(plain.digits);
    else
        bits = parse_special<Float>(plain.digits);
    if (bits && plain.negative)
        *bits |= BitsOf<Float>{1} << (sizeof(Float) * 8 - 1);
    return bits;
}

template <class Float>
std::string print_float(BitsOf<Float> bits)
{
    using Bits = BitsOf<Float>;
    constexpr int mantissa_bits = FloatFormat<Float>::mantissa_bits;
    const auto infinity = std::bit_cast<Bits>(std::numeric_limits<Float>::infinity());
    const auto magnitude = static_cast<Bits>(bits & (static_cast<Bits>(~Bits{0}) >> 1));
    std::string text = magnitude == bits ? "" : "-";
    if (magnitude < infinity) {
        std::array<char, 64> buffer{};
        const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::bit_cast<Float>(magnitude));
        return text.append(buffer.data(), end.ptr);
    }
    if (magnitude == infinity)
        return text + "inf";
    const auto payload = static_cast<Bits>(magnitude - infinity);
    return payload == Bits{1} << (mantissa_bits - 1) ? text + "nan" : text + format("nan:{:#x}", payload);
}

} // namespace

NumberForm classify_number(std::string_view word)
{
    Scanner scan(word);
    const bool is_signed = scan.take_sign();
    if (scan.take("inf"))
        return scan.done() ? NumberForm::floating : NumberForm::none;
    if (scan.take("nan"))
        return scan.done() || (scan.take(":0x") && scan.take_digits(true) && scan.done()) ? NumberForm::floating
                                                                                          : NumberForm::none;
    return classify_digits(scan, is_signed);
}

std::optional<std::uint64_t> parse_natural(std::string_view word)
{
    const bool hex = word.starts_with("0x");
    if (hex)
        word.remove_prefix(2);
    const std::uint64_t base = hex ? 16 : 10;
    std::uint64_t value = 0;
    bool any = false;
    for (const char c : word) {
        if (c == '_')
            continue;
        const int digit = hex_value(c);
        if (digit < 0 || static_cast<std::uint64_t>(digit) >= base)
            return std::nullopt;
        if (__builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, static_cast<std::uint64_t>(digit), &value))
            return std::nullopt;
        any = true;
    }
    return any ? std::optional(value) : std::nullopt;
}

std::optional<std::uint64_t> parse_integer(std::string_view word, unsigned bits)
{
    const bool negative = word.starts_with('-');
    if (negative || word.starts_with('+'))
        word.remove_prefix(1);
    const auto magnitude = parse_natural(word);
    const auto mask = ~std::uint64_t{0} >> (64 - bits);
    const auto largest = negative ? (mask >> 1) + 1 : mask;
    if (!magnitude || *magnitude > largest)
        return std::nullopt;
    return (negative ? 0 - *magnitude : *magnitude) & mask;
}

std::optional<std::uint32_t> parse_f32(std::string_view word)
{
    return parse_float<float>(word);
}

std::optional<std::uint64_t> parse_f64(std::string_view word)
{
    return parse_float<double>(word);
}

std::string print_f32(std::uint32_t bits)
{
    return print_float<float>(bits);
}

std::string print_f64(std::uint64_t bits)
{
    return print_float<double>(bits);
}

} // namespace trellis::wasm
