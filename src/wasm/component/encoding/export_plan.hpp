// Which exports of the core modules are the functions that a world exports, and the destructors of its resources.
#pragma once

#include "wasm/component/encoding/module_exports.hpp"
#include "wasm/component/encoding/module_plan.hpp"

namespace trellis::wasm::component::encoding {

/// Fills in lifts and destructors. Errors: invalid.
Result<> plan_exports(std::span<const ModuleExports> modules, const wit::Model& model, wit::WorldId world,
                      const CoreAbi& abi, ComponentPlan& plan);

/// Whether a core function is what the world makes it. `name`: for the message. Errors: invalid.
Result<> check_type(std::string_view name, const wasm::FuncType& wanted, const wasm::FuncType& found,
                    std::string_view world);

} // namespace trellis::wasm::component::encoding
