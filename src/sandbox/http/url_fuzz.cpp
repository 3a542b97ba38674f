// Texts of the fuzzer's choice as URLs. What is taken means one thing: written down again it is read as the same, and
// its parts are fit for the wire and for the resolver.
#include "base/check.hpp"
#include "net/ip_address.hpp"
#include "sandbox/http/url.hpp"

#include <algorithm>

using namespace trellis;
using namespace trellis::sandbox;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto url = parse_url({reinterpret_cast<const char*>(data), size});
    if (!url)
        return 0;
    const auto& host = url->origin.host;
    TRELLIS_CHECK(!host.empty() && url->origin.port != 0 && url->target.starts_with('/'));
    TRELLIS_CHECK(std::ranges::all_of(url->target, [](char c) { return c > ' ' && c < 0x7f && c != '#'; }));
    const auto address = net::IpAddress::parse(host);
    if (address)
        TRELLIS_CHECK(address->text() == host);
    else
        TRELLIS_CHECK(
            std::ranges::none_of(host, [](char c) { return (c >= 'A' && c <= 'Z') || c <= ' ' || c == ':'; }));
    const auto again = parse_url(url->origin.text() + url->target);
    // Encoding makes a target longer, perhaps too long to be read again.
    if (again) {
        TRELLIS_CHECK(again->origin == url->origin);
        TRELLIS_CHECK(again->target == url->target);
    } else {
        TRELLIS_CHECK(url->target.size() > 16 * 1000);
    }
    return 0;
}
