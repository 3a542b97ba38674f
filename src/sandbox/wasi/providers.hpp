// Who would provide what a component imports, in words for people. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace trellis::sandbox {

/// A sentence about the import of that name: that Trellis provides it and what grants it, or how it gets there.
std::string provider_of(std::string_view name);

} // namespace trellis::sandbox
