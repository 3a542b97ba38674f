// Addresses of the web, read strictly: one text, one meaning, so that what was compared with an allow-list is what is
// connected to. Names are lower-case, IP addresses in one form, ports explicit. Values; any thread.
// https://www.rfc-editor.org/rfc/rfc3986, and https://url.spec.whatwg.org where that is stricter about hosts
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace trellis::sandbox {

/// Whom a request goes to.
struct Origin {
    bool secure = false; ///< https
    std::string host;    ///< "example.com", "192.0.2.1", "2001:db8::1"
    std::uint16_t port = 0;

    bool operator==(const Origin&) const = default;
    /// As the Host field has it: brackets around IPv6, no port where it is the usual one.
    [[nodiscard]] std::string authority() const;
    /// "https://example.com:8443"
    [[nodiscard]] std::string text() const;
};

struct Url {
    Origin origin;
    std::string target; ///< path and query, encoded: "/", "/a%20b?c=d"
};

/// Errors: usage, for everything that is no such URL, and for user names and passwords, which belong into a header.
Result<Url> parse_url(std::string_view text);

} // namespace trellis::sandbox
