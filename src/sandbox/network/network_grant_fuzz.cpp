// Texts of the fuzzer's choice as entries of a grant. What is taken means one thing: written down again it is read as
// the same, and it never allows port 0 or an address that its text does not name.
#include "base/check.hpp"
#include "sandbox/network/network_grant.hpp"

using namespace trellis;
using namespace trellis::sandbox;

namespace {

void check(const Endpoint& endpoint, const Result<Endpoint>& again)
{
    TRELLIS_CHECK(again.has_value());
    TRELLIS_CHECK(again->text() == endpoint.text());
    TRELLIS_CHECK(again->host.index() == endpoint.host.index());
    TRELLIS_CHECK(endpoint.ports.first <= endpoint.ports.last);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto remote = parse_remote_endpoint(text)) {
        check(*remote, parse_remote_endpoint(remote->text()));
        TRELLIS_CHECK(remote->ports.first >= 1);
        if (!std::holds_alternative<NamePattern>(remote->host))
            TRELLIS_CHECK(parse_local_endpoint(text).has_value());
    }
    if (const auto local = parse_local_endpoint(text)) {
        check(*local, parse_local_endpoint(local->text()));
        TRELLIS_CHECK(!local->looks_up("example.com"));
    }
    if (const auto pattern = NamePattern::parse(text)) {
        TRELLIS_CHECK(NamePattern::parse(pattern->text())->text() == pattern->text());
        TRELLIS_CHECK(!pattern->matches(""));
    }
    return 0;
}
