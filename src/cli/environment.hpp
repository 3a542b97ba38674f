// --env and --env-file: variables that a guest gets.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trellis::cli {

/// "NAME=VALUE", or "NAME" to pass a variable on from here. Errors: usage.
Result<std::pair<std::string, std::string>> environment_entry(std::string_view text);

/// A line each: NAME=VALUE or NAME, VALUE perhaps in quotes (', " or `), then taken as it stands between them. Empty
/// lines and what stands behind # (at the beginning of a line or behind a space) mean nothing. `origin`: the file's
/// name, for messages. Errors: usage, naming the line.
Result<std::vector<std::pair<std::string, std::string>>> environment_file(std::string_view text,
                                                                          std::string_view origin);

} // namespace trellis::cli
