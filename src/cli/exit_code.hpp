// What the program's exit code says. A guest's own code is passed through; everything else is one of these rows.
#pragma once

#include "base/result.hpp"
#include "wasm/execution/trap.hpp"

#include <span>
#include <string_view>

namespace trellis::cli {

struct ExitCodeRow {
    int code;
    std::string_view meaning;
};

std::span<const ExitCodeRow> exit_code_rows();

/// The only place that turns failures into exit codes. `trap` is looked at for ErrorCode::trap.
int exit_code_of(ErrorCode code, wasm::Trap trap = wasm::Trap::none);

} // namespace trellis::cli
