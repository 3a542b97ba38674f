// Whatever modules.toml holds: it is refused with its place, or what it says can be relied on.
#include "base/check.hpp"
#include "services/gateway/configuration.hpp"

#include <algorithm>
#include <cstddef>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const auto parsed = trellis::gateway::parse_configuration({reinterpret_cast<const char*>(data), size}, "f/m.toml");
    if (!parsed) {
        TRELLIS_CHECK(parsed.error().message.starts_with("f/m.toml:"));
        return 0;
    }
    TRELLIS_CHECK(!parsed->modules.empty());
    for (const auto& one : parsed->modules) {
        TRELLIS_CHECK(one.route.starts_with('/') && !one.module.empty() && !one.entrypoint.empty());
        TRELLIS_CHECK(!one.route.contains('\0') && !one.module.contains('\0') && one.line != 0);
        TRELLIS_CHECK(one.limits.memory_bytes != 0 && one.limits.concurrency != 0 && one.limits.timeout.count() > 0);
        for (const auto& volume : one.volumes)
            TRELLIS_CHECK(!volume.guest.empty() && !volume.host.contains('\0'));
        for (const auto& [name, value] : one.environment)
            TRELLIS_CHECK(!name.empty() && !name.contains('=') && !value.contains('\0'));
    }
    return 0;
}
