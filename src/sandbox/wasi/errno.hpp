// The one place where the system's errors become WASI's.
#pragma once

#include "sandbox/system.hpp"
#include "sandbox/wasi/types.hpp"

namespace trellis::sandbox::preview1 {

/// `io` for errors that WASI has no word for.
Errno errno_of(SystemError error);

} // namespace trellis::sandbox::preview1
