// Writes the definitions of a component's sections, one at a time: what binary/definition_reader reads. Never fails.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
#pragma once

#include "wasm/binary/writer.hpp"
#include "wasm/component/syntax/component.hpp"

namespace trellis::wasm::component::encoding {

/// The section that definitions like these stand in. Modules and nested components are sections of their own.
enum class SectionId : std::uint8_t {
    custom = 0,
    core_module = 1,
    core_instance = 2,
    core_type = 3,
    component = 4,
    instance = 5,
    alias = 6,
    type = 7,
    canon = 8,
    import = 10,
    export_ = 11,
};

void write_definition(Writer& writer, const CoreInstantiate& it);
void write_definition(Writer& writer, const CoreBag& it);
void write_definition(Writer& writer, const CoreTypeDefinition& it);
void write_definition(Writer& writer, const Instantiate& it);
void write_definition(Writer& writer, const Bag& it);
void write_definition(Writer& writer, const Alias& it);
void write_definition(Writer& writer, const TypeDefinition& it);
void write_definition(Writer& writer, const CanonLift& it);
void write_definition(Writer& writer, const CanonLower& it);
void write_definition(Writer& writer, const CanonBuiltin& it);
void write_definition(Writer& writer, const Import& it);
void write_definition(Writer& writer, const Export& it);

} // namespace trellis::wasm::component::encoding
