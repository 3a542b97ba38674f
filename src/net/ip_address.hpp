// Addresses of the internet protocol, and which of them lie inside: on this machine, in the networks around it, or in
// no network at all. A guest that may ask some host must not come to lie in front of them because of what a name
// resolves to. Values; any thread.
// https://www.iana.org/assignments/iana-ipv4-special-registry and
// https://www.iana.org/assignments/iana-ipv6-special-registry
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trellis::net {

/// IPv4 addresses in their mapped form (::ffff:a.b.c.d), so that there is one form of each.
class IpAddress {
public:
    using Bytes = std::array<std::uint8_t, 16>;
    explicit IpAddress(const Bytes& bytes) : bytes_(bytes) {}
    /// "192.0.2.1" (four decimal numbers, nothing else) or "2001:db8::1"; no brackets, no zone.
    static std::optional<IpAddress> parse(std::string_view text);

    [[nodiscard]] const Bytes& bytes() const { return bytes_; }
    [[nodiscard]] bool is_v4() const;
    /// The usual text, which parse() reads; a mapped address as IPv4.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool is_loopback() const;
    /// 0.0.0.0 or ::
    [[nodiscard]] bool is_unspecified() const;
    /// Of many at once: multicast, or limited broadcast.
    [[nodiscard]] bool is_of_many() const;
    /// Whether it is, as far as anyone can tell by looking at it, an address of the public internet; and where it only
    /// wraps another one (NAT64, 6to4), whether that is.
    [[nodiscard]] bool is_public() const;

    bool operator==(const IpAddress&) const = default;

private:
    Bytes bytes_;
};

/// All addresses that begin with the same bits; those of IPv4 and of IPv6 are never in one range.
class IpRange {
public:
    explicit IpRange(const IpAddress& only) : start_(only), bits_(128) {}
    /// "10.0.0.0/8", "fd00::/8", or one address. Absent also where bits are set behind the prefix, and for IPv4
    /// addresses in IPv6 notation.
    static std::optional<IpRange> parse(std::string_view text);

    [[nodiscard]] bool contains(const IpAddress& address) const;
    [[nodiscard]] std::string text() const;
    bool operator==(const IpRange&) const = default;

private:
    IpRange(const IpAddress& start, unsigned bits) : start_(start), bits_(bits) {}

    IpAddress start_;
    unsigned bits_; ///< of the mapped form
};

} // namespace trellis::net
