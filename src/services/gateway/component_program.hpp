// Components as programs of the server: wasi:http of 0.2 and 0.3, programs of streams from a request's body to the
// answer's, and programs of wasi:cli, which are asked as WAGI says.
#pragma once

#include "services/gateway/guest_program.hpp"
#include "wasm/component/syntax/component.hpp"

namespace trellis::gateway {

/// Errors: unlinkable (it exports nothing that a request could be given to, or imports what nobody offers).
Result<std::shared_ptr<const GuestProgram>> link_component(std::shared_ptr<const wasm::component::Component> component,
                                                           const std::shared_ptr<wasm::TypeRegistry>& registry);

} // namespace trellis::gateway
