// Writes a component, definition by definition: each call appends one and gives the index it gets in its space.
// Neighbours of one kind share a section. Names are copied at once. Never fails.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
#pragma once

#include "wasm/component/encoding/definition_writer.hpp"

#include <array>

namespace trellis::wasm::component::encoding {

class ComponentWriter {
public:
    ComponentWriter();

    CoreModuleIndex module(Bytes binary);
    ComponentIndex component(Bytes binary);
    CoreInstanceIndex add(const CoreInstantiate& it);
    CoreInstanceIndex add(const CoreBag& it);
    CoreTypeIndex add(const CoreTypeDefinition& it);
    ComponentInstanceIndex add(const Instantiate& it);
    ComponentInstanceIndex add(const Bag& it);
    ComponentTypeIndex add(const written::Type& type);
    ComponentFuncIndex add(const CanonLift& it);
    CoreFuncIndex add(const CanonLower& it);
    CoreFuncIndex add(const CanonBuiltin& it);
    Item add(const AliasExport& it);
    CoreItem add(const AliasCoreExport& it);
    OuterItem add(const AliasOuter& it);
    Item add(const Import& it);
    Item add(const Export& it);
    void custom_section(std::string_view name, Bytes contents);

    /// The binary; nothing can be added any more.
    std::vector<std::uint8_t> finish() &&;

private:
    template <class It>
    void write(SectionId section, const It& it);
    template <class Index>
    Index next();
    template <class Variant>
    Variant next_like(std::size_t alternative);
    void end_section();

    Writer all_;
    Writer section_; ///< the definitions of the section that is open
    SectionId open_ = SectionId::custom;
    std::uint32_t in_section_ = 0;
    std::array<std::uint32_t, 16> next_{}; ///< by index space
};

/// The same component, written anew: what was decoded, its custom sections left out.
std::vector<std::uint8_t> write_component(const Component& component);

} // namespace trellis::wasm::component::encoding
