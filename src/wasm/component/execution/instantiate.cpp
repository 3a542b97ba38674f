#include "wasm/component/execution/instantiate.hpp"

#include "base/format.hpp"
#include "wasm/component/execution/builtins.hpp"
#include "wasm/component/execution/import_checks.hpp"

namespace trellis::wasm::component {
namespace {

using Arguments = std::vector<std::pair<std::string_view, ItemValue>>;

template <class T, class Index>
const T& at(const std::vector<T>& space, Index index)
{
    return space[static_cast<std::uint32_t>(index)];
}

/// The type of destructors: func(rep: u32).
const FuncType& destructor_type()
{
    static const FuncType type = [] {
        FuncType made;
        made.flat_params.add(Kind::i32);
        return made;
    }();
    return type;
}

/// What runs while core modules are instantiated.
const FuncType& start_type()
{
    static const FuncType type;
    return type;
}

class NoCaller final : public CallOrigin {
public:
    Trap start(const ComponentFunction&, Task*, Slot*) override { return Trap::none; }
    Trap resolve(const CanonicalSide&, Slot*, std::size_t) override { return Trap::none; }
};

/// Whether it is a built-in that makes threads, or tells which one runs.
bool is_of_threads(const Definition& definition)
{
    const auto* builtin = std::get_if<CanonBuiltin>(&definition.what);
    return builtin && row_of(builtin->builtin).name.starts_with("thread.");
}

/// One component on its way to an instance.
class Instantiation {
public:
    Instantiation(ComponentInstance& instance, ImportSource* source, const Arguments& arguments)
        : instance_(instance), store_(instance.store), source_(source), arguments_(arguments)
    {
        instance_.has_thread_builtins = std::ranges::any_of(instance.component->definitions, is_of_threads);
    }

    Result<> run()
    {
        const auto& definitions = instance_.component->definitions;
        for (std::uint32_t i = 0; i < definitions.size(); ++i) {
            position_ = i;
            TRELLIS_TRY(std::visit([&](const auto& what) -> Result<> { return define(what); }, definitions[i].what));
        }
        return {};
    }

    /// Until something is made of what was imported.
    Result<> run_imports()
    {
        const auto& definitions = instance_.component->definitions;
        for (position_ = 0; position_ < definitions.size() && !makes_something(definitions[position_]); ++position_)
            TRELLIS_TRY(
                std::visit([&](const auto& what) -> Result<> { return define(what); }, definitions[position_].what));
        return {};
    }

private:
    static bool makes_something(const Definition& definition)
    {
        const auto* alias = std::get_if<Alias>(&definition.what);
        return !(std::holds_alternative<Import>(definition.what) ||
                 std::holds_alternative<TypeDefinition>(definition.what) ||
                 std::holds_alternative<CoreTypeDefinition>(definition.what) ||
                 std::holds_alternative<CoreModuleDefinition>(definition.what) ||
                 std::holds_alternative<NestedComponent>(definition.what) ||
                 (alias && !std::holds_alternative<AliasCoreExport>(*alias)));
    }
    Result<> define(const CoreModuleDefinition& definition)
    {
        instance_.core_modules.push_back(definition.module);
        return {};
    }
    Result<> define(const CoreTypeDefinition&) { return {}; }
    Result<> define(const NestedComponent& definition)
    {
        instance_.components.push_back({definition.component, &instance_});
        return {};
    }
    Result<> define(const TypeDefinition& definition)
    {
        TypeValue value;
        if (const auto* resource = std::get_if<written::ResourceType>(&definition.written))
            value.resource = define_resource(*resource);
        instance_.types.push_back(value);
        return {};
    }
    Result<> define(const CoreInstantiate& definition);
    Result<> define(const CoreBag& bag);
    Result<> define(const Instantiate& definition);
    Result<> define(const Bag& bag);
    Result<> define(const Alias& alias)
    {
        return std::visit([&](const auto& one) -> Result<> { return define(one); }, alias);
    }
    Result<> define(const AliasExport& alias);
    Result<> define(const AliasCoreExport& alias);
    Result<> define(const AliasOuter& alias);
    Result<> define(const CanonLift& lift);
    Result<> define(const CanonLower& lower)
    {
        instance_.core_functions.push_back(make_lowered(instance_, lower));
        return {};
    }
    Result<> define(const CanonBuiltin& builtin)
    {
        instance_.core_functions.push_back(make_builtin(instance_, builtin));
        return {};
    }
    Result<> define(const Import& import);
    Result<> define(const Export& definition)
    {
        const ItemValue item = value_of(definition.item);
        note_ascribed_resources();
        instance_.exports.exports.emplace_back(definition.name.name, item);
        add(item);
        return {};
    }

    RuntimeResourceType* define_resource(const written::ResourceType& type);
    void add(const ItemValue& item);
    [[nodiscard]] ItemValue value_of(const Item& item) const;
    [[nodiscard]] Extern core_item(const CoreItem& item) const;
    void note_resource(ResourceId id, RuntimeResourceType* type);
    Result<> note_resources(const InstanceValue& from, std::size_t skipped);
    void note_ascribed_resources();
    Result<Instance*> instantiate_core(const std::shared_ptr<const Module>& module, std::span<const Extern> externs);

    ComponentInstance& instance_;
    ComponentStore& store_;
    ImportSource* source_; ///< of the outermost component
    const Arguments& arguments_;
    std::uint32_t position_ = 0;
};

void Instantiation::note_resource(ResourceId id, RuntimeResourceType* type)
{
    auto& list = instance_.resources;
    list.insert(std::ranges::lower_bound(list, id, {}, [](const auto& one) { return one.first; }), {id, type});
}

RuntimeResourceType* Instantiation::define_resource(const written::ResourceType& type)
{
    RuntimeResourceType* const made = store_.add(RuntimeResourceType{.instance = &instance_});
    if (type.destructor)
        made->destructor = store_.add(ComponentFunction{.type = &destructor_type(),
                                                        .types = &instance_,
                                                        .side = {.instance = &instance_},
                                                        .core = at(instance_.core_functions, *type.destructor)});
    for (const Resource& one : instance_.component->resources)
        if (one.definition == position_ && std::holds_alternative<DefinedResource>(one.origin))
            note_resource(one.id, made);
    return made;
}

/// Resources that come with an instance: at the ends of their paths, of which the first names were followed already.
Result<> Instantiation::note_resources(const InstanceValue& from, std::size_t skipped)
{
    for (const Resource& one : instance_.component->resources) {
        if (one.definition != position_)
            continue;
        const ResourcePath* path = nullptr;
        if (const auto* imported = std::get_if<ImportedResource>(&one.origin))
            path = &imported->path;
        else if (const auto* inside = std::get_if<InstantiatedResource>(&one.origin))
            path = &inside->path;
        if (!path)
            continue;
        const InstanceValue* here = &from;
        RuntimeResourceType* found = nullptr;
        for (std::size_t i = skipped; i < path->size() && here; ++i) {
            const ItemValue* const item = here->find((*path)[i]);
            const auto* type = item ? std::get_if<TypeValue>(item) : nullptr;
            const auto* instance = item ? std::get_if<InstanceValue*>(item) : nullptr;
            found = type ? type->resource : nullptr;
            here = instance ? *instance : nullptr;
        }
        if (!found)
            return fail(ErrorCode::unlinkable, format("expected resource `{}`, which is not there", path->back()));
        note_resource(one.id, found);
    }
    return {};
}

/// Of resources that an export makes abstract.
void Instantiation::note_ascribed_resources()
{
    for (const Resource& one : instance_.component->resources)
        if (const auto* ascribed = std::get_if<AscribedResource>(&one.origin); ascribed && one.definition == position_)
            note_resource(one.id, instance_.resource(ascribed->meant));
}

void Instantiation::add(const ItemValue& item)
{
    std::visit(
        [&](const auto& one) {
            using One = std::remove_cvref_t<decltype(one)>;
            if constexpr (std::is_same_v<One, std::shared_ptr<const Module>>)
                instance_.core_modules.push_back(one);
            else if constexpr (std::is_same_v<One, ComponentFunction*>)
                instance_.functions.push_back(one);
            else if constexpr (std::is_same_v<One, TypeValue>)
                instance_.types.push_back(one);
            else if constexpr (std::is_same_v<One, ComponentValue>)
                instance_.components.push_back(one);
            else
                instance_.instances.push_back(one);
        },
        item);
}

ItemValue Instantiation::value_of(const Item& item) const
{
    return std::visit(
        [&](auto index) -> ItemValue {
            using Index = decltype(index);
            if constexpr (std::is_same_v<Index, CoreModuleIndex>)
                return at(instance_.core_modules, index);
            else if constexpr (std::is_same_v<Index, ComponentFuncIndex>)
                return at(instance_.functions, index);
            else if constexpr (std::is_same_v<Index, ComponentTypeIndex>)
                return at(instance_.types, index);
            else if constexpr (std::is_same_v<Index, ComponentIndex>)
                return at(instance_.components, index);
            else
                return at(instance_.instances, index);
        },
        item);
}

Extern Instantiation::core_item(const CoreItem& item) const
{
    switch (static_cast<ExternKind>(item.index())) {
    case ExternKind::func:
        return at(instance_.core_functions, std::get<CoreFuncIndex>(item));
    case ExternKind::table:
        return at(instance_.core_tables, std::get<CoreTableIndex>(item));
    case ExternKind::memory:
        return at(instance_.core_memories, std::get<CoreMemoryIndex>(item));
    case ExternKind::global:
        return at(instance_.core_globals, std::get<CoreGlobalIndex>(item));
    case ExternKind::tag:
        break;
    }
    return at(instance_.core_tags, std::get<CoreTagIndex>(item));
}

/// Start functions run as a task that is not asynchronous.
Result<Instance*> Instantiation::instantiate_core(const std::shared_ptr<const Module>& module,
                                                  std::span<const Extern> externs)
{
    const ComponentFunction function{.type = &start_type(), .types = &instance_, .side = {.instance = &instance_}};
    NoCaller nobody;
    const auto task = std::make_shared<Task>(function, &nobody);
    task->state = Task::State::started;
    Thread thread(task);
    thread.state = Thread::State::running;
    const auto running = store_.run_as(thread);
    task->add(thread);
    instance_.enter_from(instance_.parent);
    store_.core.host_error.clear();
    auto made = wasm::instantiate(store_.core, module, externs);
    if (!made) {
        Error error = std::move(made).error();
        if (error.code == ErrorCode::trap && !store_.core.host_error.empty())
            error.message = store_.core.host_error;
        return std::unexpected(std::move(error));
    }
    instance_.leave_to(instance_.parent);
    task->state = Task::State::resolved;
    (void)task->remove(thread);
    return made;
}

Result<> Instantiation::define(const CoreInstantiate& definition)
{
    const auto& module = at(instance_.core_modules, definition.module);
    std::vector<Extern> externs;
    for (const auto& import : module->imports) {
        std::optional<Extern> found;
        for (const CoreInstantiate::Argument& one : definition.arguments)
            if (one.name == import.module)
                found = at(instance_.core_instances, one.instance).find(import.name);
        if (!found)
            return fail(ErrorCode::unlinkable,
                        format("module import `{}::{}` not defined", import.module, import.name));
        externs.push_back(*found);
    }
    instance_.core_instances.push_back({TRELLIS_TRY(instantiate_core(module, externs)), {}});
    return {};
}

Result<> Instantiation::define(const CoreBag& bag)
{
    CoreInstanceValue value;
    for (const CoreBag::Export& one : bag.exports)
        value.items.emplace_back(one.name, core_item(one.item));
    instance_.core_instances.push_back(std::move(value));
    return {};
}

Result<ComponentInstance*> instantiate_one(ComponentStore& store, const ComponentValue& component,
                                           ComponentInstance* parent, ImportSource* source, const Arguments& arguments)
{
    ComponentInstance* const made = store.add(std::make_unique<ComponentInstance>(ComponentInstance{
        .store = store, .parent = parent, .component = component.component, .around = component.around}));
    TRELLIS_TRY(Instantiation(*made, source, arguments).run());
    return made;
}

Result<> Instantiation::define(const Instantiate& definition)
{
    Arguments arguments;
    for (const Instantiate::Argument& one : definition.arguments)
        arguments.emplace_back(one.name, value_of(one.item));
    const ComponentValue& component = at(instance_.components, definition.component);
    const auto* const made = TRELLIS_TRY(instantiate_one(store_, component, &instance_, nullptr, arguments));
    InstanceValue* const value = store_.add(InstanceValue(made->exports));
    TRELLIS_TRY(note_resources(*value, 0));
    instance_.instances.push_back(value);
    return {};
}

Result<> Instantiation::define(const Bag& bag)
{
    InstanceValue value;
    for (const Bag::Export& one : bag.exports)
        value.exports.emplace_back(one.name.name, value_of(one.item));
    instance_.instances.push_back(store_.add(std::move(value)));
    return {};
}

Result<> Instantiation::define(const AliasExport& alias)
{
    add(*at(instance_.instances, alias.instance)->find(alias.name));
    return {};
}

Result<> Instantiation::define(const AliasCoreExport& alias)
{
    const Extern item = *at(instance_.core_instances, alias.instance).find(alias.name);
    std::visit(
        [&](auto* one) {
            using One = std::remove_pointer_t<decltype(one)>;
            if constexpr (std::is_same_v<One, Function>)
                instance_.core_functions.push_back(one);
            else if constexpr (std::is_same_v<One, Table>)
                instance_.core_tables.push_back(one);
            else if constexpr (std::is_same_v<One, Memory>)
                instance_.core_memories.push_back(one);
            else if constexpr (std::is_same_v<One, Global>)
                instance_.core_globals.push_back(one);
            else
                instance_.core_tags.push_back(one);
        },
        item);
    return {};
}

Result<> Instantiation::define(const AliasOuter& alias)
{
    const ComponentInstance* around = &instance_;
    for (std::uint32_t i = 0; i < alias.scopes; ++i)
        around = around->around;
    if (const auto* module = std::get_if<CoreModuleIndex>(&alias.item))
        instance_.core_modules.push_back(at(around->core_modules, *module));
    else if (const auto* component = std::get_if<ComponentIndex>(&alias.item))
        instance_.components.push_back(at(around->components, *component));
    else if (const auto* type = std::get_if<ComponentTypeIndex>(&alias.item))
        instance_.types.push_back(at(around->types, *type));
    return {};
}

Result<> Instantiation::define(const CanonLift& lift)
{
    ComponentFunction function{.type = &instance_.arena()[lift.type],
                               .types = &instance_,
                               .side = side_of(instance_, lift.options),
                               .core = at(instance_.core_functions, lift.function)};
    if (lift.options.post_return)
        function.post_return = at(instance_.core_functions, *lift.options.post_return);
    if (lift.options.callback)
        function.callback = at(instance_.core_functions, *lift.options.callback);
    function.is_async_lifted = lift.options.is_async;
    instance_.functions.push_back(store_.add(std::move(function)));
    return {};
}

std::unexpected<Error> advised(Error error, const std::string& advice)
{
    if (!advice.empty())
        error.message += ": " + advice;
    return std::unexpected(std::move(error));
}

Result<> Instantiation::define(const Import& import)
{
    ItemValue item;
    if (source_) {
        auto found = source_->find(store_, instance_, import);
        if (!found)
            return advised(std::move(found).error(), source_->advice(import.name.name));
        item = std::move(*found);
    } else {
        const auto found = std::ranges::find(arguments_, import.name.name, [](const auto& one) { return one.first; });
        item = found->second;
    }
    if (source_)
        TRELLIS_TRY(check_given_kind(instance_, import.type, item));
    InstanceValue whole;
    whole.exports.emplace_back(import.name.name, item);
    TRELLIS_TRY(note_resources(whole, 0));
    if (source_) {
        TRELLIS_TRY(check_given_items(instance_, import.name.name, import.type, item));
    }
    add(item);
    return {};
}

} // namespace

Result<> check_imports(ComponentStore& store, std::shared_ptr<const Component> component, ImportSource& imports)
{
    ComponentInstance* const made = store.add(std::make_unique<ComponentInstance>(
        ComponentInstance{.store = store, .parent = nullptr, .component = std::move(component), .around = nullptr}));
    return Instantiation(*made, &imports, {}).run_imports();
}

Result<ComponentInstance*> instantiate(ComponentStore& store, std::shared_ptr<const Component> component,
                                       ImportSource& imports)
{
    return instantiate_one(store, {std::move(component), nullptr}, nullptr, &imports, {});
}

} // namespace trellis::wasm::component
