#include "sandbox/randomness.hpp"

#include "base/result.hpp"

#include <algorithm>
#include <sys/random.h>

namespace trellis::sandbox {

Outcome<> fill_with_randomness(std::span<std::byte> bytes, Wait& wait)
{
    constexpr std::size_t slice_bytes = std::size_t(64) << 10;
    while (!bytes.empty()) {
        const auto count =
            uninterrupted([&] { return ::getrandom(bytes.data(), std::min(bytes.size(), slice_bytes), 0); });
        if (count == -1)
            return last_failure();
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        TRELLIS_TRY(wait.poll_interruption());
    }
    return {};
}

} // namespace trellis::sandbox
