// What the build makes of the C sources and WIT beside this. Constant.
#pragma once

#include <cstdint>
#include <span>

namespace trellis::sandbox::wasi_adapter {

extern const std::span<const std::uint8_t> module;                 ///< exits with success or failure
extern const std::span<const std::uint8_t> module_with_exit_codes; ///< the same, but for that
extern const std::span<const std::uint8_t> wit;                    ///< the worlds `command` and `reactor`

} // namespace trellis::sandbox::wasi_adapter
