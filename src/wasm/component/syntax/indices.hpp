// The index spaces of a component, a distinct type each, and the items that definitions name. Core spaces hold what
// core modules define, the others what components define. Plain values.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#index-spaces
#pragma once

#include <cstdint>
#include <variant>

namespace trellis::wasm::component {

enum class CoreTypeIndex : std::uint32_t {};
enum class CoreModuleIndex : std::uint32_t {};
enum class CoreInstanceIndex : std::uint32_t {};
enum class CoreFuncIndex : std::uint32_t {};
enum class CoreTableIndex : std::uint32_t {};
enum class CoreMemoryIndex : std::uint32_t {};
enum class CoreGlobalIndex : std::uint32_t {};
enum class CoreTagIndex : std::uint32_t {};

enum class ComponentTypeIndex : std::uint32_t {};
enum class ComponentFuncIndex : std::uint32_t {};
enum class ComponentInstanceIndex : std::uint32_t {};
enum class ComponentIndex : std::uint32_t {};

/// What a core instance exports, in the order of wasm::ExternKind.
using CoreItem = std::variant<CoreFuncIndex, CoreTableIndex, CoreMemoryIndex, CoreGlobalIndex, CoreTagIndex>;

/// What is imported, exported and given to components.
using Item =
    std::variant<CoreModuleIndex, ComponentFuncIndex, ComponentTypeIndex, ComponentIndex, ComponentInstanceIndex>;

/// What an outer alias names.
using OuterItem = std::variant<CoreModuleIndex, CoreTypeIndex, ComponentTypeIndex, ComponentIndex>;

/// In the order of Item.
enum class ItemKind : std::uint8_t { module, func, type, component, instance };

constexpr ItemKind kind_of(const Item& item)
{
    return static_cast<ItemKind>(item.index());
}

} // namespace trellis::wasm::component
