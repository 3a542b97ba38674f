// Moments as wasi:clocks/wall-clock and wasi:filesystem have them. Values.
#pragma once

#include "wasm/component/execution/host_functions.hpp"

#include <ctime>

namespace trellis::sandbox::preview2 {

struct Datetime {
    std::uint64_t seconds = 0; ///< since 1970
    std::uint32_t nanoseconds = 0;

    static constexpr auto fields = std::tuple{wasm::component::Field{"seconds", &Datetime::seconds},
                                              wasm::component::Field{"nanoseconds", &Datetime::nanoseconds}};
};

/// Moments before 1970 are not to be told.
inline Datetime datetime_of(const timespec& time)
{
    if (time.tv_sec < 0)
        return {};
    return {static_cast<std::uint64_t>(time.tv_sec), static_cast<std::uint32_t>(time.tv_nsec)};
}

} // namespace trellis::sandbox::preview2
