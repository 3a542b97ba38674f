// Which hosts a module may ask over HTTP. Nothing is allowed that is not listed, and a listed name leads to the public
// internet only: addresses inside have to be listed as such. Immutable; shared by threads.
#pragma once

#include "net/ip_address.hpp"
#include "sandbox/http/url.hpp"

#include <vector>

namespace trellis::sandbox {

class AllowList {
public:
    /// Nothing.
    AllowList() = default;
    /// Entries are "https://example.com" or "http://10.0.0.7:8080": scheme, host and port are compared; there may be no
    /// path. "insecure:allow-all" stands for every host of the public internet. Errors: usage, with the entry.
    static Result<AllowList> parse(const std::vector<std::string>& entries);

    /// Whether nothing is allowed.
    [[nodiscard]] bool is_empty() const { return origins_.empty() && !all_; }
    /// Whether a request may go to that host, as far as its name is concerned.
    [[nodiscard]] bool allows(const Origin& origin) const;
    /// Whether that origin, which is allowed, may lead to this address: one of the public internet; or one that is
    /// listed itself with this scheme and port; or this machine, if "localhost" is listed and asked for.
    [[nodiscard]] bool allows_address(const Origin& origin, const net::IpAddress& address) const;

private:
    [[nodiscard]] bool lists(const Origin& origin) const;

    std::vector<Origin> origins_;
    bool all_ = false;
};

} // namespace trellis::sandbox
