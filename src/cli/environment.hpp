// --env: variables that a guest gets.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace trellis::cli {

/// "NAME=VALUE", or "NAME" to pass a variable on from here. Errors: usage.
Result<std::pair<std::string, std::string>> environment_entry(std::string_view text);

} // namespace trellis::cli
