// Text formatting: format("{} of {}", a, b). The library behind it (fmt) is compiled into one file, format.cpp.
#pragma once

#include <fmt/core.h>

namespace trellis {

using fmt::format;

} // namespace trellis
