// Resolves a world: its own items, then those of the worlds it includes, then what all of them need.
#pragma once

#include "wasm/component/wit/resolution.hpp"

namespace trellis::wasm::component::wit {

Result<> resolve_world(Resolution& resolution, const Node& node, WorldId id);

/// The body of an interface, into an interface that is in the model already.
Result<> resolve_interface(Resolution& resolution, const InterfaceBody& body, std::uint32_t scope, InterfaceId id);

} // namespace trellis::wasm::component::wit
