// Writes types, aliases and names as a component's binary has them: what binary/type_reader reads. Never fails.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md#type-definitions
#pragma once

#include "wasm/binary/writer.hpp"
#include "wasm/component/syntax/written_types.hpp"

namespace trellis::wasm::component::encoding {

void write_type(Writer& writer, const written::Type& type);
void write_core_type(Writer& writer, const written::CoreType& type);
void write_value_type(Writer& writer, const written::ValueType& type);
void write_results(Writer& writer, const std::optional<written::ValueType>& result);
void write_extern_type(Writer& writer, const written::ExternType& type);
void write_extern_name(Writer& writer, const ExternName& name);
void write_item_kind(Writer& writer, ItemKind kind);
void write_core_kind(Writer& writer, ExternKind kind);
void write_alias(Writer& writer, const Alias& alias);

} // namespace trellis::wasm::component::encoding
