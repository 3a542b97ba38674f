// Ctrl-C and --timeout: both stop the guest through the store's interrupt handle, so that it ends with a trap and a
// backtrace. A guest that is stuck in a system call is given a moment, then the process ends. One guest per process.
#pragma once

#include "wasm/execution/store.hpp"

#include <chrono>
#include <optional>

namespace trellis::cli {

/// From now on Ctrl-C, SIGTERM and the deadline stop what runs in the store.
void stop_on_signals(wasm::Store& store, std::optional<std::chrono::microseconds> deadline);

} // namespace trellis::cli
