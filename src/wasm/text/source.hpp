// The text being parsed, and errors that point into it. A plain view; the text must outlive it.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace trellis::wasm {

struct TextSource {
    std::string_view text;

    /// Malformed: "message at 3:14", with the offset. Line and column count from 1; a column is a byte.
    [[nodiscard]] std::unexpected<Error> error(std::uint32_t offset, std::string message) const;
};

} // namespace trellis::wasm
