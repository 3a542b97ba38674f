#include "wasm/component/wit/source.hpp"

#include "base/format.hpp"

#include <algorithm>

namespace trellis::wasm::component::wit {

std::uint32_t Sources::add(const SourceFile& file)
{
    files_.push_back(&file);
    return static_cast<std::uint32_t>(files_.size() - 1);
}

std::unexpected<Error> Sources::error(ErrorCode code, Place place, std::string_view message) const
{
    const auto& source = file(place.file);
    const auto before = std::string_view(source.text).substr(0, place.offset);
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto line_start = before.rfind('\n') + 1; // npos + 1 is 0
    return fail(code, format("{}:{}:{}: {}", source.path, line, before.size() - line_start + 1, message));
}

} // namespace trellis::wasm::component::wit
