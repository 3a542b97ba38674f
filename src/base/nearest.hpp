// The word somebody meant: for messages about names that don't exist.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace trellis {

/// The name that is most like `word`, if one is like it at all.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> names);

} // namespace trellis
