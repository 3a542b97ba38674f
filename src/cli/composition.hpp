// A component and those it needs, as files, made one: for `trellis compose` and for what `trellis run` links.
#pragma once

#include "wasm/component/encoding/compose.hpp"

namespace trellis::cli {

/// Errors: those of reading files and of encoding::compose; messages name the files.
Result<std::vector<std::uint8_t>> compose(std::string_view root, std::span<const std::string_view> dependencies);

} // namespace trellis::cli
