#include "wasm/component/encoding/component_writer.hpp"

#include "wasm/component/encoding/type_writer.hpp"
#include "wasm/component/wit/model.hpp"

namespace trellis::wasm::component::encoding {
namespace {

constexpr std::array<std::uint8_t, 8> preamble = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};

using AnyIndex = std::variant<CoreTypeIndex, CoreModuleIndex, CoreInstanceIndex, CoreFuncIndex, CoreTableIndex,
                              CoreMemoryIndex, CoreGlobalIndex, CoreTagIndex, ComponentTypeIndex, ComponentFuncIndex,
                              ComponentInstanceIndex, ComponentIndex>;

/// Which counter an index space has.
constexpr std::size_t space_of(AnyIndex index)
{
    return index.index();
}

} // namespace

ComponentWriter::ComponentWriter()
{
    all_.raw(preamble);
}

template <class Index>
Index ComponentWriter::next()
{
    return static_cast<Index>(next_[space_of(Index{})]++);
}

/// The next index of the space that an alternative of Item, CoreItem or OuterItem is about.
template <class Variant>
Variant ComponentWriter::next_like(std::size_t alternative)
{
    return [&]<std::size_t... i>(std::index_sequence<i...>) {
        Variant result;
        static_cast<void>(
            ((i == alternative && (result = next<std::variant_alternative_t<i, Variant>>(), true)) || ...));
        return result;
    }(std::make_index_sequence<std::variant_size_v<Variant>>());
}

void ComponentWriter::end_section()
{
    if (in_section_ == 0)
        return;
    Writer contents;
    contents.u32(in_section_);
    contents.raw(section_.bytes());
    all_.section(static_cast<std::uint8_t>(open_), contents.bytes());
    section_.clear();
    in_section_ = 0;
}

template <class It>
void ComponentWriter::write(SectionId section, const It& it)
{
    if (section != open_)
        end_section();
    open_ = section;
    ++in_section_;
    write_definition(section_, it);
}

CoreModuleIndex ComponentWriter::module(Bytes binary)
{
    end_section();
    all_.section(static_cast<std::uint8_t>(SectionId::core_module), binary);
    return next<CoreModuleIndex>();
}

ComponentIndex ComponentWriter::component(Bytes binary)
{
    end_section();
    all_.section(static_cast<std::uint8_t>(SectionId::component), binary);
    return next<ComponentIndex>();
}

CoreInstanceIndex ComponentWriter::add(const CoreInstantiate& it)
{
    write(SectionId::core_instance, it);
    return next<CoreInstanceIndex>();
}

CoreInstanceIndex ComponentWriter::add(const CoreBag& it)
{
    write(SectionId::core_instance, it);
    return next<CoreInstanceIndex>();
}

CoreTypeIndex ComponentWriter::add(const CoreTypeDefinition& it)
{
    write(SectionId::core_type, it);
    const auto first = next<CoreTypeIndex>();
    if (const auto* group = std::get_if<written::CoreTypeGroup>(&it.written))
        next_[space_of(first)] += static_cast<std::uint32_t>(group->size()) - 1;
    return first;
}

ComponentInstanceIndex ComponentWriter::add(const Instantiate& it)
{
    write(SectionId::instance, it);
    return next<ComponentInstanceIndex>();
}

ComponentInstanceIndex ComponentWriter::add(const Bag& it)
{
    write(SectionId::instance, it);
    return next<ComponentInstanceIndex>();
}

ComponentTypeIndex ComponentWriter::add(const written::Type& type)
{
    write(SectionId::type, TypeDefinition{type});
    return next<ComponentTypeIndex>();
}

ComponentFuncIndex ComponentWriter::add(const CanonLift& it)
{
    write(SectionId::canon, it);
    return next<ComponentFuncIndex>();
}

CoreFuncIndex ComponentWriter::add(const CanonLower& it)
{
    write(SectionId::canon, it);
    return next<CoreFuncIndex>();
}

CoreFuncIndex ComponentWriter::add(const CanonBuiltin& it)
{
    write(SectionId::canon, it);
    return next<CoreFuncIndex>();
}

Item ComponentWriter::add(const AliasExport& it)
{
    write(SectionId::alias, Alias(it));
    return next_like<Item>(static_cast<std::size_t>(it.kind));
}

CoreItem ComponentWriter::add(const AliasCoreExport& it)
{
    write(SectionId::alias, Alias(it));
    return next_like<CoreItem>(static_cast<std::size_t>(it.kind));
}

OuterItem ComponentWriter::add(const AliasOuter& it)
{
    write(SectionId::alias, Alias(it));
    return next_like<OuterItem>(it.item.index());
}

Item ComponentWriter::add(const Import& it)
{
    constexpr std::array kinds = {ItemKind::module, ItemKind::func,      ItemKind::type,
                                  ItemKind::type,   ItemKind::component, ItemKind::instance};
    write(SectionId::import, it);
    return next_like<Item>(static_cast<std::size_t>(kinds[it.written_type.index()]));
}

Item ComponentWriter::add(const Export& it)
{
    write(SectionId::export_, it);
    return next_like<Item>(it.item.index());
}

void ComponentWriter::custom_section(std::string_view name, Bytes contents)
{
    end_section();
    all_.custom_section(name, contents);
}

std::vector<std::uint8_t> ComponentWriter::finish() &&
{
    end_section();
    const Bytes bytes = all_.bytes();
    return {bytes.begin(), bytes.end()};
}

std::vector<std::uint8_t> write_component(const Component& component)
{
    ComponentWriter writer;
    const auto binary = component.binary.view();
    for (const auto& definition : component.definitions)
        std::visit(
            wit::Overloaded{
                [&](const CoreModuleDefinition& it) { writer.module(binary.subspan(it.bytes.offset, it.bytes.size)); },
                [&](const NestedComponent& it) { writer.component(write_component(*it.component)); },
                [&](const TypeDefinition& it) { writer.add(it.written); },
                [&](const Alias& it) { std::visit([&](const auto& alias) { writer.add(alias); }, it); },
                [&](const auto& it) { writer.add(it); },
            },
            definition.what);
    return std::move(writer).finish();
}

} // namespace trellis::wasm::component::encoding
