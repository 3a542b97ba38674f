// Runs one script of the suites of components, as far as it can be judged without running anything: every component is
// decoded and validated with its core modules; what would execute is knowingly skipped.
#pragma once

#include "conformance/runner.hpp"

namespace trellis::conformance {

ScriptResult run_component_script(const Script& script, const RunOptions& options, const Notes& notes,
                                  const std::shared_ptr<wasm::TypeRegistry>& registry);

} // namespace trellis::conformance
