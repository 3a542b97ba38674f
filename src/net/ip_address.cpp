#include "net/ip_address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <span>

namespace trellis::net {

namespace {

constexpr IpAddress::Bytes mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct Range {
    IpAddress::Bytes start; ///< of IPv4: the first four
    unsigned bits;
};

/// What the registry calls not globally reachable, and what is no place for a request (multicast, old relays).
constexpr std::array inside_v4 = {
    Range{{0}, 8},             // this network
    Range{{10}, 8},            // private
    Range{{100, 64}, 10},      // shared by customers of one provider
    Range{{127}, 8},           // loopback
    Range{{169, 254}, 16},     // link-local, with the metadata service of clouds
    Range{{172, 16}, 12},      // private
    Range{{192, 0, 0}, 24},    // protocol assignments
    Range{{192, 0, 2}, 24},    // documentation
    Range{{192, 88, 99}, 24},  // 6to4 relays, deprecated
    Range{{192, 168}, 16},     // private
    Range{{198, 18}, 15},      // benchmarks
    Range{{198, 51, 100}, 24}, // documentation
    Range{{203, 0, 113}, 24},  // documentation
    Range{{224}, 4},           // multicast
    Range{{240}, 4},           // reserved, and limited broadcast
};

/// Within 2000::/3, outside of which nothing is global unicast.
constexpr std::array inside_v6 = {
    Range{{0x20, 0x01, 0x00}, 23},       // protocol assignments, with Teredo and ORCHID
    Range{{0x20, 0x01, 0x0d, 0xb8}, 32}, // documentation
    Range{{0x3f, 0xff}, 20},             // documentation
};
constexpr Range global_unicast = {{0x20}, 3};

/// Addresses that wrap one of IPv4, behind so many bytes.
struct Wrapping {
    Range range;
    std::size_t offset;
};
constexpr std::array wrappings = {
    Wrapping{{mapped_prefix, 96}, 12},
    Wrapping{{{0x00, 0x64, 0xff, 0x9b}, 96}, 12}, // NAT64, https://www.rfc-editor.org/rfc/rfc6052
    Wrapping{{{0x20, 0x02}, 16}, 2},              // 6to4, https://www.rfc-editor.org/rfc/rfc3056
};

bool is_in(std::span<const std::uint8_t> bytes, const Range& range)
{
    const std::size_t whole = range.bits / 8;
    const auto rest = static_cast<std::uint8_t>(0xff00U >> (range.bits % 8));
    return std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(whole), range.start.begin()) &&
           (range.bits % 8 == 0 || (bytes[whole] & rest) == range.start[whole]);
}

template <std::size_t size>
bool is_in_one(std::span<const std::uint8_t> bytes, const std::array<Range, size>& ranges)
{
    return std::ranges::any_of(ranges, [&](const Range& range) { return is_in(bytes, range); });
}

} // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text)
{
    char terminated[INET6_ADDRSTRLEN];
    if (text.size() >= sizeof terminated || text.find('\0') != std::string_view::npos)
        return std::nullopt;
    terminated[text.copy(terminated, text.size())] = 0;
    Bytes bytes = mapped_prefix;
    if (::inet_pton(AF_INET, terminated, bytes.data() + 12) == 1 ||
        ::inet_pton(AF_INET6, terminated, bytes.data()) == 1)
        return IpAddress(bytes);
    return std::nullopt;
}

bool IpAddress::is_v4() const
{
    return is_in(bytes_, {mapped_prefix, 96});
}

std::string IpAddress::text() const
{
    char text[INET6_ADDRSTRLEN];
    if (is_v4())
        return ::inet_ntop(AF_INET, bytes_.data() + 12, text, sizeof text);
    return ::inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
}

bool IpAddress::is_loopback() const
{
    constexpr Bytes loopback_v6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return bytes_ == loopback_v6 || (is_v4() && bytes_[12] == 127);
}

bool IpAddress::is_unspecified() const
{
    return bytes_ == Bytes{} || bytes_ == mapped_prefix;
}

bool IpAddress::is_of_many() const
{
    constexpr Range multicast_v6 = {{0xff}, 8};
    constexpr std::array of_many_v4 = {Range{{224}, 4}, Range{{255, 255, 255, 255}, 32}};
    return is_v4() ? is_in_one(std::span(bytes_).subspan(12), of_many_v4) : is_in(bytes_, multicast_v6);
}

bool IpAddress::is_public() const
{
    for (const auto& [range, offset] : wrappings)
        if (is_in(bytes_, range))
            return !is_in_one(std::span(bytes_).subspan(offset, 4), inside_v4);
    return is_in(bytes_, global_unicast) && !is_in_one(bytes_, inside_v6);
}

namespace {

/// Whether all bits from `bits` on are 0.
bool ends_in_zeros(const IpAddress::Bytes& bytes, unsigned bits)
{
    for (unsigned bit = bits; bit < 128; ++bit)
        if (bytes[bit / 8] & (0x80U >> (bit % 8)))
            return false;
    return true;
}

} // namespace

std::optional<IpRange> IpRange::parse(std::string_view text)
{
    const auto slash = text.find('/');
    const auto start = IpAddress::parse(text.substr(0, slash));
    if (!start || (start->is_v4() && text.find(':') != std::string_view::npos))
        return std::nullopt;
    if (slash == std::string_view::npos)
        return IpRange(*start);
    const auto length = text.substr(slash + 1);
    const unsigned before = start->is_v4() ? 96 : 0;
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
    if (error != std::errc() || end != length.data() + length.size() || bits > 128 - before ||
        !ends_in_zeros(start->bytes(), before + bits))
        return std::nullopt;
    return IpRange(*start, before + bits);
}

bool IpRange::contains(const IpAddress& address) const
{
    return address.is_v4() == start_.is_v4() && is_in(address.bytes(), {start_.bytes(), bits_});
}

std::string IpRange::text() const
{
    if (bits_ == 128)
        return start_.text();
    return start_.text() + '/' + std::to_string(bits_ - (start_.is_v4() ? 96 : 0));
}

} // namespace trellis::net
