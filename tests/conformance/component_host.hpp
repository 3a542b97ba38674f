// What the suites of components expect of their host: functions and resources by name, as README.md in the suites'
// folder lists them. One per store.
#pragma once

#include "wasm/component/execution/instantiate.hpp"

namespace trellis::conformance {

/// State of the host's functions.
struct ComponentHost {
    std::uint32_t drops = 0;
    std::uint32_t last_drop = 0;
};

/// Adds everything the host offers.
void add_component_host(wasm::component::HostImports& imports, ComponentHost& host,
                        wasm::component::ComponentStore& store, const std::shared_ptr<wasm::TypeRegistry>& registry);

} // namespace trellis::conformance
