#include "wasm/text/module_parser.hpp"

#include <limits>

namespace trellis::wasm {

Result<SharedBytes> parse_text(std::string_view text, const TextOptions& options)
{
    if (text.size() >= std::numeric_limits<std::uint32_t>::max())
        return fail(ErrorCode::limit, "text of 4 GiB or more");
    return ModuleParser(text, options).parse();
}

} // namespace trellis::wasm
