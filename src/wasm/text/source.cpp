#include "wasm/text/source.hpp"

#include "base/format.hpp"

#include <algorithm>

namespace trellis::wasm {

std::unexpected<Error> TextSource::error(std::uint32_t offset, std::string message) const
{
    const auto before = text.substr(0, offset);
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto line_start = before.rfind('\n') + 1; // npos + 1 is 0
    return fail(ErrorCode::malformed, format("{} at {}:{}", message, line, offset - line_start + 1), offset);
}

} // namespace trellis::wasm
