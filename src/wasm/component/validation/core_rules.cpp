// Core types, modules and their instances, as far as components know them.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#instance-definitions
#include "base/format.hpp"
#include "wasm/component/syntax/limits.hpp"
#include "wasm/component/validation/context.hpp"
#include "wasm/validation/validator.hpp"

namespace trellis::wasm::component {
namespace {

/// What copying and interning a type costs in TypeArena::spend's account.
constexpr std::uint64_t steps_per_copy = 64;

bool add_export(CoreExports& exports, std::string_view name, CoreExternType type)
{
    if (!exports.positions.emplace(name, static_cast<std::uint32_t>(exports.list.size())).second)
        return false;
    exports.list.push_back({name, std::move(type)});
    return true;
}

CoreExternType with_types(const Module& module, const wasm::ExternType& type)
{
    const auto function = [&](TypeIndex index) { return module.canonical_types[number(index)]; };
    const auto kind = static_cast<ExternKind>(type.index());
    return std::visit(
        [&](const auto& one) -> CoreExternType {
            using One = std::remove_cvref_t<decltype(one)>;
            if constexpr (std::is_same_v<One, TypeIndex>)
                return {function(one), kind, &module};
            else if constexpr (std::is_same_v<One, TagType>)
                return {function(one.function), kind, &module};
            else
                return {one, kind, &module};
        },
        type);
}

CoreExternType exported(const Module& module, const wasm::Export& item)
{
    switch (item.kind) {
    case ExternKind::func:
        return with_types(module, module.function_types[item.index]);
    case ExternKind::table:
        return with_types(module, module.table_types[item.index]);
    case ExternKind::memory:
        return with_types(module, module.memory_types[item.index]);
    case ExternKind::global:
        return with_types(module, module.global_types[item.index]);
    case ExternKind::tag:
        return with_types(module, module.tag_types[item.index]);
    }
    return {};
}

/// A type that is written in the place of one that can't be named here: a module type.
SubType placeholder()
{
    return {.composite = wasm::FuncType{}};
}

void add_group(Module& module, std::span<const SubType> group, std::uint32_t offset)
{
    module.recursion_groups.push_back(
        {static_cast<TypeIndex>(module.types.size()), static_cast<std::uint32_t>(group.size())});
    module.types.insert(module.types.end(), group.begin(), group.end());
    module.offsets.types.insert(module.offsets.types.end(), group.size(), offset);
}

/// The types that are defined together with the `i`th one, if it is the first of them and all are there.
std::span<const SubType> group_at(const std::vector<CoreType>& known, std::size_t i)
{
    const auto* first = std::get_if<CoreDefinedType>(&known[i]);
    if (!first)
        return {};
    const auto& groups = first->types->recursion_groups;
    const auto found = std::ranges::lower_bound(groups, first->index, {}, &RecursionGroup::first);
    if (found == groups.end() || found->first != first->index || known.size() - i < found->count)
        return {};
    return std::span(first->types->types).subspan(number(found->first), found->count);
}

/// The indices of types that a group speaks of.
std::vector<std::uint32_t> referred(std::span<const SubType> group)
{
    std::vector<std::uint32_t> indices;
    const auto add = [&](ValType value) {
        if (value.is_ref() && value.heap().is_index())
            indices.push_back(number(value.heap().index()));
    };
    for (const SubType& type : group) {
        if (type.supertype)
            indices.push_back(number(*type.supertype));
        if (const auto* function = std::get_if<wasm::FuncType>(&type.composite)) {
            std::ranges::for_each(function->params, add);
            std::ranges::for_each(function->results, add);
        } else if (const auto* structure = std::get_if<StructType>(&type.composite)) {
            for (const FieldType& field : structure->fields)
                add(field.storage);
        } else
            add(std::get<ArrayType>(type.composite).element.storage);
    }
    return indices;
}

/// Whether types stand for themselves, wherever they are written.
bool is_self_contained(std::span<const SubType> group)
{
    return group.size() == 1 && referred(group).empty();
}

/// The group that the type is of.
std::span<const SubType> group_of(const CoreDefinedType& type)
{
    const auto& groups = type.types->recursion_groups;
    const auto behind = std::ranges::upper_bound(groups, type.index, {}, &RecursionGroup::first);
    const RecursionGroup& found = *std::prev(behind);
    return std::span(type.types->types).subspan(number(found.first), found.count);
}

} // namespace

/// Types refer to others by the scope's own indices: so a module that has all of them is made, and the types that the
/// group adds are its last.
Result<CoreType> Context::resolve(Scope& scope, const written::CoreTypeGroup& group, std::vector<CoreType>& out)
{
    auto module = std::make_shared<Module>();
    TRELLIS_TRY(arena->spend(group.size()));
    const bool stands_alone = is_self_contained(group);
    if (!stands_alone) {
        TRELLIS_TRY(placed(arena->spend(steps_per_copy * scope.spaces.core_types.size())));
        for (std::size_t i = 0; i < scope.spaces.core_types.size(); i = module->types.size()) {
            const auto known = group_at(scope.spaces.core_types, i);
            const SubType other = placeholder();
            add_group(*module, known.empty() ? std::span(&other, 1) : known, offset);
        }
    }
    const auto first = static_cast<std::uint32_t>(module->types.size());
    for (const std::uint32_t index : referred(group))
        if (index >= first + group.size())
            return error(format("unknown type {}: type index out of bounds", index));
        else if (index < first && std::holds_alternative<ModuleTypeId>(scope.spaces.core_types[index]))
            return error(format("type index {} is a module type", index));
    add_group(*module, group, offset);
    TRELLIS_TRY(placed(validate_module(*module, registry)));
    for (std::uint32_t i = 0; i < group.size(); ++i)
        out.emplace_back(CoreDefinedType{module, static_cast<TypeIndex>(first + i)});
    return out.empty() ? CoreType() : out.back();
}

Result<> Context::add_core_type(Scope& scope, const written::CoreType& type)
{
    if (scope.spaces.core_types.size() >= limits::types)
        return error("too many types", ErrorCode::limit);
    if (const auto* module = std::get_if<written::ModuleType>(&type)) {
        scope.spaces.core_types.emplace_back(TRELLIS_TRY(resolve(scope, *module)));
        return {};
    }
    std::vector<CoreType> made;
    TRELLIS_TRY(resolve(scope, std::get<written::CoreTypeGroup>(type), made));
    scope.spaces.core_types.insert(scope.spaces.core_types.end(), made.begin(), made.end());
    return {};
}

namespace {

Result<SubType> aliased_type(const Context& context, const Scope& scope, const AliasOuter& alias)
{
    const Scope* around = &scope;
    for (std::uint32_t i = 1; i < alias.scopes && around; ++i)
        around = around->parent;
    if (!around || alias.scopes == 0)
        return context.error(format("invalid outer alias count of {}", alias.scopes));
    const auto type = TRELLIS_TRY(context.at(around->spaces.core_types, std::get<CoreTypeIndex>(alias.item), "type"));
    const auto* defined = std::get_if<CoreDefinedType>(&type);
    if (!defined)
        return context.error("an alias of a module type has no place in a module type");
    TRELLIS_TRY(context.check_aliased(type));
    return defined->types->type(defined->index);
}

} // namespace

/// Indices in a type are those of the scope that it was written in.
Result<> Context::check_aliased(const CoreType& type) const
{
    const auto* defined = std::get_if<CoreDefinedType>(&type);
    if (!defined || is_self_contained(group_of(*defined)))
        return {};
    return error("an outer alias of a core type that refers to others is not supported", ErrorCode::unsupported);
}

/// A declared module type is a module that has types and imports, the declared exports as the last imports: what is
/// wrong with a type is wrong with that module.
Result<ModuleTypeId> Context::resolve(Scope& scope, const written::ModuleType& type)
{
    auto module = std::make_shared<Module>();
    std::vector<const written::CoreExport*> exports;
    const std::uint32_t outer_offset = offset;
    const auto add_import = [&](std::string_view name_of_module, std::string_view name, const wasm::ExternType& what) {
        module->imports.push_back({name_of_module, name, what, offset});
    };
    std::unordered_set<std::string> imported;
    for (const written::ModuleDeclarator& one : type.declarators) {
        offset = one.offset;
        if (const auto* group = std::get_if<written::CoreTypeGroup>(&one.what))
            add_group(*module, *group, offset);
        else if (const auto* alias = std::get_if<AliasOuter>(&one.what)) {
            const SubType aliased = TRELLIS_TRY(aliased_type(*this, scope, *alias));
            add_group(*module, std::span(&aliased, 1), offset);
        } else if (const auto* import = std::get_if<written::CoreImport>(&one.what)) {
            if (!imported.insert(format("{}:{}", import->module, import->name)).second)
                return error(format("duplicate import name `{}:{}`", import->module, import->name));
            add_import(import->module, import->name, import->type);
        } else
            exports.push_back(&std::get<written::CoreExport>(one.what));
    }
    const std::size_t imports = module->imports.size();
    for (const written::CoreExport* one : exports)
        add_import("", one->name, one->type);
    TRELLIS_TRY(check_declared_module(*module));
    offset = outer_offset;

    auto table = std::make_shared<CoreExports>();
    ModuleType made{.module = module, .is_declared = true};
    for (std::size_t i = 0; i < module->imports.size(); ++i) {
        const wasm::Import& one = module->imports[i];
        if (i < imports)
            made.imports.push_back({one.module, one.name, with_types(*module, one.type)});
        else if (!add_export(*table, one.name, with_types(*module, one.type)))
            return error(format("export name `{}` already defined", one.name));
    }
    made.exports = std::move(table);
    return arena->add(std::move(made));
}

/// The index spaces are what a decoder would have made of the imports.
Result<> Context::check_declared_module(Module& module)
{
    for (const wasm::Import& one : module.imports) {
        if (const auto* function = std::get_if<TypeIndex>(&one.type); function)
            module.function_types.push_back(*function), ++module.imported_functions;
        else if (const auto* table = std::get_if<TableType>(&one.type))
            module.table_types.push_back(*table), ++module.imported_tables;
        else if (const auto* memory = std::get_if<MemoryType>(&one.type))
            module.memory_types.push_back(*memory), ++module.imported_memories;
        else if (const auto* global = std::get_if<GlobalType>(&one.type))
            module.global_types.push_back(*global), ++module.imported_globals;
        else
            module.tag_types.push_back(std::get<TagType>(one.type)), ++module.imported_tags;
    }
    return placed(validate_module(module, registry));
}

Result<ModuleTypeId> Context::type_of(std::shared_ptr<const Module> module)
{
    ModuleType made{.module = module};
    std::unordered_set<std::string> seen;
    for (const wasm::Import& one : module->imports) {
        if (!seen.insert(format("{}:{}", one.module, one.name)).second)
            return error(format("duplicate import name `{}:{}`", one.module, one.name));
        made.imports.push_back({one.module, one.name, with_types(*module, one.type)});
    }
    auto exports = std::make_shared<CoreExports>();
    for (const wasm::Export& one : module->exports)
        add_export(*exports, one.name, exported(*module, one));
    made.exports = std::move(exports);
    return arena->add(std::move(made));
}

Result<> Context::instantiate(Scope& scope, const CoreInstantiate& definition)
{
    const auto module = TRELLIS_TRY(at(scope.spaces.core_modules, definition.module, "module"));
    TRELLIS_TRY(placed(arena->spend((*arena)[module].imports.size())));
    std::unordered_map<std::string_view, const CoreExports*> arguments;
    for (const CoreInstantiate::Argument& one : definition.arguments) {
        const auto& given = TRELLIS_TRY(at(scope.spaces.core_instances, one.instance, "core instance"));
        if (!arguments.emplace(one.name, given.get()).second)
            return error(format("duplicate module instantiation argument named `{}`", one.name));
    }
    for (const ModuleType::Import& needed : (*arena)[module].imports) {
        const auto found = arguments.find(needed.module);
        if (found == arguments.end())
            return error(format("missing module instantiation argument named `{}`", needed.module));
        const CoreExternType* given = found->second->find(needed.name);
        if (!given)
            return error(format("module instantiation argument `{}` does not export an item named `{}`", needed.module,
                                needed.name));
        if (auto matched = match(*given, needed.type); !matched)
            return placed(Result<>(
                std::unexpected(within(format("type mismatch for export `{}` of module instantiation argument `{}`",
                                              needed.name, needed.module),
                                       std::move(matched).error()))));
    }
    scope.spaces.core_instances.push_back((*arena)[module].exports);
    return {};
}

Result<CoreExternType> Context::item_at(const Scope& scope, const CoreItem& item)
{
    const IndexSpaces& spaces = scope.spaces;
    switch (static_cast<ExternKind>(item.index())) {
    case ExternKind::func:
        return CoreExternType{TRELLIS_TRY(at(spaces.core_functions, std::get<CoreFuncIndex>(item), "function")),
                              ExternKind::func, nullptr};
    case ExternKind::table:
        return at(spaces.core_tables, std::get<CoreTableIndex>(item), "table");
    case ExternKind::memory:
        return at(spaces.core_memories, std::get<CoreMemoryIndex>(item), "memory");
    case ExternKind::global:
        return at(spaces.core_globals, std::get<CoreGlobalIndex>(item), "global");
    case ExternKind::tag:
        return CoreExternType{TRELLIS_TRY(at(spaces.core_tags, std::get<CoreTagIndex>(item), "tag")), ExternKind::tag,
                              nullptr};
    }
    return CoreExternType{};
}

Result<> Context::add_bag(Scope& scope, const CoreBag& bag)
{
    auto exports = std::make_shared<CoreExports>();
    for (const CoreBag::Export& one : bag.exports)
        if (!add_export(*exports, one.name, TRELLIS_TRY(item_at(scope, one.item))))
            return error(format("export name `{}` already defined", one.name));
    scope.spaces.core_instances.push_back(std::move(exports));
    return {};
}

Result<> Context::add_alias(Scope& scope, const AliasCoreExport& alias)
{
    constexpr std::string_view kinds[] = {"function", "table", "memory", "global", "tag"};
    const auto instance = TRELLIS_TRY(at(scope.spaces.core_instances, alias.instance, "core instance"));
    const CoreExternType* found = instance->find(alias.name);
    const auto index = static_cast<std::uint32_t>(alias.instance);
    if (!found)
        return error(format("core instance {} has no export named `{}`", index, alias.name));
    if (found->kind != alias.kind)
        return error(format("export `{}` for core instance {} is not a {}", alias.name, index,
                            kinds[static_cast<std::size_t>(alias.kind)]));
    IndexSpaces& spaces = scope.spaces;
    using Function = std::shared_ptr<const CanonicalType>;
    switch (alias.kind) {
    case ExternKind::func:
        spaces.core_functions.push_back(std::get<Function>(found->type));
        break;
    case ExternKind::table:
        spaces.core_tables.push_back(*found);
        break;
    case ExternKind::memory:
        spaces.core_memories.push_back(*found);
        break;
    case ExternKind::global:
        spaces.core_globals.push_back(*found);
        break;
    case ExternKind::tag:
        spaces.core_tags.push_back(std::get<Function>(found->type));
        break;
    }
    return {};
}

} // namespace trellis::wasm::component
