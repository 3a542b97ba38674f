// The rules of validation, one function each, over one root component and everything nested in it. What they share: the
// arena of types, the registry of core types, and where in the binary the definition is that is looked at. One thread.
#pragma once

#include "wasm/component/validation/matching.hpp"
#include "wasm/component/validation/scope.hpp"
#include "wasm/component/validation/validator.hpp"

namespace trellis::wasm::component {

class Context {
public:
    Context(SharedBytes binary, TypeRegistry& registry)
        : arena(std::make_shared<TypeArena>(std::move(binary))), registry(registry)
    {
    }

    std::shared_ptr<TypeArena> arena;
    TypeRegistry& registry;
    BodiesOf bodies = {};
    NamedIds named;
    std::uint32_t offset = 0; ///< of the definition being looked at

    [[nodiscard]] Matcher matcher() { return {*arena, named}; }
    [[nodiscard]] Substitution substitution() { return {*arena, named}; }
    [[nodiscard]] std::unexpected<Error> error(std::string message, ErrorCode code = ErrorCode::invalid) const
    {
        return fail(code, std::move(message), offset);
    }
    /// The result, with the offset where it has none.
    template <class T>
    Result<T> placed(Result<T> result) const
    {
        if (!result && !result.error().offset)
            result.error().offset = offset;
        return result;
    }

    // components
    Result<> check(Component& component, Scope* parent);

    // type_rules
    Result<AnyType> resolve(Scope& scope, const written::Type& type);
    Result<ValueTypeId> resolve(Scope& scope, const written::ValueType& type);
    Result<ValueTypeId> resolve(Scope& scope, const std::optional<written::ValueType>& type);
    Result<FuncTypeId> resolve(Scope& scope, const written::FuncType& type);
    Result<ValueTypeId> resolve(Scope& scope, const written::DefinedType& type);
    Result<AnyType> resolve(Scope& scope, const written::ComponentType& type);
    Result<AnyType> resolve(Scope& scope, const written::InstanceType& type);
    Result<ResourceType> define_resource(Scope& scope, const written::ResourceType& type);

    // core_rules
    Result<CoreType> resolve(Scope& scope, const written::CoreTypeGroup& group, std::vector<CoreType>& out);
    Result<ModuleTypeId> resolve(Scope& scope, const written::ModuleType& type);
    [[nodiscard]] Result<> check_aliased(const CoreType& type) const;
    Result<> add_core_type(Scope& scope, const written::CoreType& type);
    Result<ModuleTypeId> type_of(std::shared_ptr<const Module> module);
    Result<> check_declared_module(Module& module);
    Result<> instantiate(Scope& scope, const CoreInstantiate& definition);
    Result<> add_bag(Scope& scope, const CoreBag& bag);
    Result<> add_alias(Scope& scope, const AliasCoreExport& alias);
    Result<CoreExternType> item_at(const Scope& scope, const CoreItem& item);

    // extern_rules
    Result<ExternType> resolve(Scope& scope, Side& side, std::string_view name, const written::ExternType& type);
    Result<ExternType> import(Scope& scope, const ExternName& name, const written::ExternType& type);
    Result<ExternType> declare_export(Scope& scope, const ExternName& name, const written::ExternType& type);
    Result<ExternType> export_(Scope& scope, const Export& definition);
    Result<> add(Scope& scope, const ExternType& type);
    Result<ExternType> type_of(const Scope& scope, const Item& item);

    // definition_rules
    Result<> instantiate(Scope& scope, const Instantiate& definition);
    Result<> add_bag(Scope& scope, const Bag& bag);
    Result<> add_alias(Scope& scope, const Alias& alias);
    Result<> add_alias(Scope& scope, const AliasExport& alias);
    Result<> add_alias(Scope& scope, const AliasOuter& alias);

    // canonical_rules
    Result<> check(Scope& scope, CanonLift& lift);
    Result<> check(Scope& scope, CanonLower& lower);
    Result<> check(Scope& scope, CanonBuiltin& builtin);

    /// The element, or "unknown <what> 3: <what> index out of bounds".
    template <class T, class Index>
    Result<T> at(const std::vector<T>& space, Index index, std::string_view what) const;
    /// The type of that index, if it is of this kind; `what` goes into "type index 0 is not a <what>".
    template <class Id>
    Result<Id> type_at(const Scope& scope, ComponentTypeIndex index, std::string_view what) const;

private:
    Result<> check_name(Scope& scope, Side& side, const ExternName& name, const ExternType& type);
    Result<> check_function_of_resource(const Side& side, std::string_view name, const ParsedName& parsed,
                                        const ExternType& type);
    Result<> check_visible(const NamedTypes& names, const ExternType& type, std::string_view what);
    TypeEquals renamed(const AnyType& type);
    Result<InstanceTypeId> opened(Scope& scope, const Side& side, std::string_view name, InstanceTypeId id);
    Result<ExternType> ascribed(Scope& scope, const Export& definition, const ExternType& given);
    Result<> note_exported(Scope& scope, std::string_view name, const ExternType& type);
    Result<> make_visible(Scope& scope, bool by_import, const ExternType& type);
    Result<> finish(Scope& scope, Side& side, const ExternName& name, const ExternType& type);
    void place_resource(Scope& scope, const Side& side, ResourceId id, ResourcePath path);
    Result<ValueTypeId> bounded(ValueTypeId id) const;
    Result<ComponentTypeId> finish(Scope& scope);
    Result<> check_size(const TypeFacts& facts) const;
    Result<> check_definition(Component& component, Scope& scope, Definition& definition);
    Result<> check_limits(const Scope& scope) const;
    Result<CanonicalOptions> options(Scope& scope, const WrittenOptions& written, std::string_view conflicts);
    Result<> need_memory(const CanonicalOptions& options) const;
    Result<> need_realloc(const CanonicalOptions& options) const;
    Result<ValueTypeId> async_type(Scope& scope, const CanonBuiltin& builtin, ValueKind kind);
    Result<> check_options(const Scope& scope, const CanonicalOptions& options);
    Result<> check_options_of(const CanonicalOptions& options, std::string_view of) const;
    Result<> check_option_function(const Scope& scope, CoreFuncIndex index, const wasm::FuncType& wanted,
                                   std::string_view name);
    Result<> check_memory(const Scope& scope, CoreMemoryIndex index);
    Result<> check_resource(const Scope& scope, CanonBuiltin& builtin);
    Result<> check_copy(Scope& scope, CanonBuiltin& builtin, ValueKind kind, bool reads, bool has_options);
    Result<> check_task_return(Scope& scope, CanonBuiltin& builtin);
    Result<> check_context(Scope& scope, CanonBuiltin& builtin);
    Result<> check_new_thread(Scope& scope, CanonBuiltin& builtin);
    void declare(Scope& scope, std::shared_ptr<const CanonicalType>& place, wasm::FuncType type);
};

template <class T, class Index>
Result<T> Context::at(const std::vector<T>& space, Index index, std::string_view what) const
{
    const auto i = static_cast<std::uint32_t>(index);
    if (i >= space.size())
        return error(std::string("unknown ") + std::string(what) + " " + std::to_string(i) + ": " + std::string(what) +
                     " index out of bounds");
    return space[i];
}

template <class Id>
Result<Id> Context::type_at(const Scope& scope, ComponentTypeIndex index, std::string_view what) const
{
    const AnyType type = TRELLIS_TRY(at(scope.spaces.types, index, "type"));
    if (const auto* id = std::get_if<Id>(&type))
        return *id;
    return error("type index " + std::to_string(static_cast<std::uint32_t>(index)) + " is not " +
                 (what.front() == 'i' ? "an " : "a ") + std::string(what));
}

} // namespace trellis::wasm::component
