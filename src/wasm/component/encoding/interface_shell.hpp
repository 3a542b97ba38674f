// Exporting an interface: a small component around its lifted functions, which gives their types the names that the
// interface has for them. It imports types and functions, and exports them under their own names.
#pragma once

#include "wasm/component/encoding/component_writer.hpp"
#include "wasm/component/encoding/type_encoder.hpp"

namespace trellis::wasm::component::encoding {

struct InterfaceShell {
    std::vector<std::uint8_t> binary;
    /// What it imports as "t0", "t1" and so on; as "f0", "f1" and so on it imports the interface's functions.
    std::vector<wit::TypeId> types;
};

InterfaceShell interface_shell(const wit::Model& model, wit::InterfaceId interface);

} // namespace trellis::wasm::component::encoding
