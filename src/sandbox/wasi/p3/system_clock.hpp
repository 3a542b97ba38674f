// Moments as wasi:clocks/system-clock has them, and as the system has them. Values.
#pragma once

#include "wasm/component/execution/host_types.hpp"

#include <ctime>

namespace trellis::sandbox::preview3 {

struct SystemInstant {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;

    static constexpr std::tuple fields{wasm::component::Field{"seconds", &SystemInstant::seconds},
                                       wasm::component::Field{"nanoseconds", &SystemInstant::nanoseconds}};
};

inline SystemInstant system_instant(const timespec& time)
{
    return {time.tv_sec, static_cast<std::uint32_t>(time.tv_nsec)};
}

} // namespace trellis::sandbox::preview3
