#include "cli/environment.hpp"

#include "base/format.hpp"
#include "cli/values.hpp"

#include <cstdlib>

namespace trellis::cli {

Result<std::pair<std::string, std::string>> environment_entry(std::string_view text)
{
    const auto [name, value] = split(text, "=");
    if (name.empty())
        return fail(ErrorCode::usage, format("--env {}: write NAME=VALUE, or NAME to pass a variable on", text));
    if (value)
        return std::pair(std::string(name), std::string(*value));
    const char* inherited = std::getenv(std::string(name).c_str());
    if (!inherited)
        return fail(ErrorCode::usage, format("--env {}: there is no such variable here; write {}=VALUE", text, name));
    return std::pair(std::string(name), std::string(inherited));
}

} // namespace trellis::cli
