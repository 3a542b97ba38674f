#include "wasm/component/encoding/component_encoder.hpp"

#include "wasm/component/encoding/embed.hpp"
#include "wasm/component/encoding/imported_space.hpp"
#include "wasm/component/encoding/interface_shell.hpp"
#include "wasm/component/encoding/live_types.hpp"
#include "wasm/component/encoding/module_plan.hpp"
#include "wasm/component/encoding/root_types.hpp"
#include "wasm/component/encoding/shim_modules.hpp"

#include <algorithm>
#include <set>

namespace trellis::wasm::component::encoding {
namespace {

class ComponentEncoder {
public:
    ComponentEncoder(const Module& module, const wit::Model& model, const wit::World& world, StringEncoding strings,
                     const CoreAbi& abi, const ModulePlan& plan)
        : module_(module), model_(model), world_(world), strings_(strings), abi_(abi), plan_(plan), live_(model),
          types_(model, world, writer_)
    {
    }

    std::vector<std::uint8_t> run()
    {
        find_live_types();
        for (const auto& item : world_.imports)
            import(item);
        make_shims();
        define_resources();
        instantiate_main();
        fill_shims();
        for (const auto& item : world_.exports)
            export_item(item);
        return std::move(writer_).finish();
    }

private:
    void find_live_types();
    void find_live_types_of_export(wit::InterfaceId interface);
    [[nodiscard]] bool is_exported(wit::InterfaceId interface) const;
    void import(const wit::WorldItem& item);
    void import_interface(const wit::WorldItem& item, wit::InterfaceId interface);
    void import_function(const wit::WorldItem& item, const wit::Function& function);
    void make_shims();
    void define_resources();
    void instantiate_main();
    void fill_shims();
    CoreFuncIndex core_import(const CoreImport& import);
    CoreFuncIndex lower(const Lowering& lowering, const Needs& needs);
    CoreFuncIndex builtin(const BuiltinUse& use, const Needs& needs);
    TypeEncoder& types_of(const ItemRef& where);
    void add_types(const BuiltinUse& use, CanonBuiltin& canon);
    CoreFuncIndex main_function(const std::string& name);
    CoreItem main_item(ExternKind kind, const std::string& name);
    WrittenOptions options(const Needs& needs, const std::string& realloc, StringEncoding strings);
    void export_item(const wit::WorldItem& item);
    void export_interface(const wit::WorldItem& item, wit::InterfaceId interface);
    ComponentFuncIndex lift(const Lift& lift, TypeEncoder& types);
    void define_resources(const wit::WorldItem& item, wit::InterfaceId interface);
    std::optional<CoreFuncIndex> shim_of(wit::TypeId resource);
    ExternName name_of(const wit::WorldItem& item);

    const Module& module_;
    const wit::Model& model_;
    const wit::World& world_;
    StringEncoding strings_;
    const CoreAbi& abi_;
    const ModulePlan& plan_;
    ComponentWriter writer_;
    LiveTypes live_; ///< of imports
    RootTypes types_;
    std::set<std::pair<const wit::WorldItem*, std::string_view>> used_; ///< imported functions; of the world: by name
    std::map<std::string_view, ComponentFuncIndex> functions_;          ///< the world's own
    std::vector<wasm::FuncType> shims_;                                 ///< of deferred imports, then of destructors
    CoreInstanceIndex shim_{}, main_{};
    std::map<std::string, CoreItem> main_items_;
    std::size_t next_lift_ = 0;
    std::string item_name_, implemented_name_;
};

bool ComponentEncoder::is_exported(wit::InterfaceId interface) const
{
    return std::ranges::any_of(world_.exports, [&](const wit::WorldItem& item) {
        const auto* id = std::get_if<wit::InterfaceId>(&item.item);
        return id != nullptr && *id == interface && !model_.implemented_by(item);
    });
}

/// What an exported interface needs of interfaces that are not exported, too.
void ComponentEncoder::find_live_types_of_export(wit::InterfaceId interface)
{
    LiveTypes live(model_);
    live.add(model_[interface]);
    live.spread();
    for (const auto type : live.list()) {
        const auto* owner = std::get_if<wit::InterfaceId>(&model_[type].owner);
        if (owner != nullptr && *owner != interface && !is_exported(*owner))
            live_.add(type);
    }
}

void ComponentEncoder::find_live_types()
{
    for (const auto& item : world_.imports)
        if (const auto* type = std::get_if<wit::TypeId>(&item.item))
            live_.add(*type);
    for (const auto& item : world_.exports) {
        if (const auto* function = std::get_if<wit::Function>(&item.item))
            live_.add(*function);
        if (const auto* interface = std::get_if<wit::InterfaceId>(&item.item))
            find_live_types_of_export(*interface);
    }
    for (const auto& import : plan_.imports) {
        if (const auto* lowering = std::get_if<Lowering>(&import.what)) {
            live_.add(*lowering->function);
            used_.emplace(lowering->item, lowering->function->name);
        } else if (const auto& use = std::get<BuiltinUse>(import.what); use.type && !use.where.is_export) {
            live_.add(*use.type);
        }
    }
    live_.spread();
}

ExternName ComponentEncoder::name_of(const wit::WorldItem& item)
{
    item_name_ = model_.name_of(item);
    auto name = extern_name(item_name_, item.notes);
    if (const auto implemented = model_.implemented_by(item)) {
        implemented_name_ = model_.full_name(*implemented);
        name.implements = implemented_name_;
    }
    return name;
}

void ComponentEncoder::import(const wit::WorldItem& item)
{
    if (const auto* interface = std::get_if<wit::InterfaceId>(&item.item))
        return import_interface(item, *interface);
    if (const auto* type = std::get_if<wit::TypeId>(&item.item)) {
        static_cast<void>(types_.world().type(*type));
        return;
    }
    import_function(item, std::get<wit::Function>(item.item));
}

void ComponentEncoder::import_interface(const wit::WorldItem& item, wit::InterfaceId interface)
{
    ImportedSpace space(model_, interface, types_);
    TypeEncoder types(model_, space);
    for (const auto type : model_[interface].types)
        if (live_.has(type))
            static_cast<void>(types.type(type));
    for (const auto& function : model_[interface].functions) {
        if (!used_.contains({&item, function.name}))
            continue;
        const auto type = types.function(function);
        space.inner.export_function(extern_name(function.name, function.notes), type);
    }
    if (space.inner.empty())
        return;
    const auto type = writer_.add(written::InstanceType{std::move(space.inner).take()});
    const auto instance = writer_.add(Import{name_of(item), written::InstanceOfType{type}});
    types_.imported(item, std::get<ComponentInstanceIndex>(instance));
}

void ComponentEncoder::import_function(const wit::WorldItem& item, const wit::Function& function)
{
    if (!used_.contains({nullptr, function.name}))
        return;
    const auto type = types_.world().function(function);
    const auto index = writer_.add(Import{extern_name(item.name, function.notes), written::FuncOfType{type}});
    functions_.emplace(function.name, std::get<ComponentFuncIndex>(index));
}

void ComponentEncoder::make_shims()
{
    for (const auto& import : plan_.imports)
        if (import.is_deferred())
            shims_.push_back(import.type);
    for (std::size_t i = 0; i < plan_.destructors.size(); ++i)
        shims_.push_back({{i32}, {}});
    if (!shims_.empty())
        shim_ = writer_.add(CoreInstantiate{writer_.module(shim_module(shims_)), {}});
}

std::optional<CoreFuncIndex> ComponentEncoder::shim_of(wit::TypeId resource)
{
    const auto found = std::ranges::find(plan_.destructors, resource, &Destructor::resource);
    if (found == plan_.destructors.end())
        return std::nullopt;
    const auto first = shims_.size() - plan_.destructors.size();
    const auto name = std::to_string(first + static_cast<std::size_t>(found - plan_.destructors.begin()));
    return std::get<CoreFuncIndex>(writer_.add(AliasCoreExport{ExternKind::func, shim_, name}));
}

void ComponentEncoder::define_resources(const wit::WorldItem& item, wit::InterfaceId interface)
{
    for (const auto type : model_[interface].types) {
        if (!std::holds_alternative<wit::Resource>(model_[type].kind))
            continue;
        const auto destructor = shim_of(type);
        types_.bind_resource(item, type, writer_.add(written::ResourceType{i32, destructor}));
    }
}

void ComponentEncoder::define_resources()
{
    for (const auto& item : world_.exports)
        if (const auto* interface = std::get_if<wit::InterfaceId>(&item.item))
            define_resources(item, *interface);
}

void ComponentEncoder::instantiate_main()
{
    std::map<std::string_view, CoreBag> bags;
    std::size_t shim = 0;
    for (const auto& import : plan_.imports) {
        const auto name = std::to_string(shim);
        const auto index = import.is_deferred()
                               ? std::get<CoreFuncIndex>(writer_.add(AliasCoreExport{ExternKind::func, shim_, name}))
                               : core_import(import);
        shim += import.is_deferred();
        bags[import.module].exports.push_back({import.name, index});
    }
    const auto module = writer_.module(without_worlds(module_));
    CoreInstantiate main{module, {}};
    for (const auto& [name, bag] : bags)
        main.arguments.push_back({name, writer_.add(bag)});
    main_ = writer_.add(main);
}

void ComponentEncoder::fill_shims()
{
    if (shims_.empty() && plan_.initialize.empty())
        return;
    CoreBag bag;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < shims_.size(); ++i)
        names.push_back(std::to_string(i));
    for (const auto& import : plan_.imports)
        if (import.is_deferred())
            bag.exports.push_back({names[bag.exports.size()], core_import(import)});
    for (const auto& destructor : plan_.destructors)
        bag.exports.push_back({names[bag.exports.size()], main_function(destructor.core_name)});
    if (!shims_.empty())
        bag.exports.push_back({shim_table, writer_.add(AliasCoreExport{ExternKind::table, shim_, shim_table})});
    if (!plan_.initialize.empty())
        bag.exports.push_back({fill_start, main_function(plan_.initialize)});
    const auto module = writer_.module(fill_module(shims_, !plan_.initialize.empty()));
    writer_.add(CoreInstantiate{module, {{"", writer_.add(bag)}}});
}

CoreItem ComponentEncoder::main_item(ExternKind kind, const std::string& name)
{
    const auto found = main_items_.find(name);
    if (found != main_items_.end())
        return found->second;
    return main_items_.emplace(name, writer_.add(AliasCoreExport{kind, main_, name})).first->second;
}

CoreFuncIndex ComponentEncoder::main_function(const std::string& name)
{
    return std::get<CoreFuncIndex>(main_item(ExternKind::func, name));
}

WrittenOptions ComponentEncoder::options(const Needs& needs, const std::string& realloc, StringEncoding strings)
{
    using Kind = WrittenOption::Kind;
    WrittenOptions list;
    if (needs.memory)
        list.push_back({Kind::memory, number(std::get<CoreMemoryIndex>(main_item(ExternKind::memory, plan_.memory)))});
    if (needs.realloc)
        list.push_back({Kind::realloc, number(main_function(realloc))});
    if (needs.strings)
        list.push_back({static_cast<Kind>(strings)});
    if (needs.async)
        list.push_back({Kind::async});
    return list;
}

CoreFuncIndex ComponentEncoder::core_import(const CoreImport& import)
{
    if (const auto* lowering = std::get_if<Lowering>(&import.what))
        return lower(*lowering, import.needs);
    return builtin(std::get<BuiltinUse>(import.what), import.needs);
}

CoreFuncIndex ComponentEncoder::lower(const Lowering& lowering, const Needs& needs)
{
    const auto& name = lowering.function->name;
    const auto function = lowering.item == nullptr
                              ? functions_.at(name)
                              : std::get<ComponentFuncIndex>(
                                    writer_.add(AliasExport{ItemKind::func, types_.import_of(*lowering.item), name}));
    CanonLower canon{.function = function, .written_options = options(needs, plan_.import_realloc, strings_)};
    return writer_.add(canon);
}

TypeEncoder& ComponentEncoder::types_of(const ItemRef& where)
{
    if (where.item == nullptr)
        return types_.world();
    return where.is_export ? types_.of_export(*where.item) : types_.of_import(*where.item);
}

void ComponentEncoder::add_types(const BuiltinUse& use, CanonBuiltin& canon)
{
    if (use.type)
        canon.written_type = types_of(use.where).type(*use.type);
    if (use.empty_kind)
        canon.written_type = types_of(use.where).empty(*use.empty_kind);
    if (use.function != nullptr)
        canon.written_result = types_of(use.where).value_type(use.function->result);
}

CoreFuncIndex ComponentEncoder::builtin(const BuiltinUse& use, const Needs& needs)
{
    const bool has_strings = row_of(use.spelled.builtin).immediates == BuiltinImmediates::options;
    CanonBuiltin canon{};
    canon.builtin = use.spelled.builtin;
    canon.is_async = use.spelled.is_async;
    canon.is_cancellable = use.spelled.is_cancellable;
    canon.context_type = use.context_type;
    canon.context_slot = use.context_slot;
    add_types(use, canon);
    canon.written_options = options(needs, plan_.import_realloc, has_strings ? use.strings : strings_);
    if (needs.memory)
        canon.options.memory = std::get<CoreMemoryIndex>(main_item(ExternKind::memory, plan_.memory));
    if (canon.builtin == Builtin::thread_new_indirect) {
        SubType start{};
        start.composite = wasm::FuncType{{i32}, {}};
        canon.function_type = writer_.add(CoreTypeDefinition{written::CoreTypeGroup{start}});
        canon.table = std::get<CoreTableIndex>(main_item(ExternKind::table, plan_.table));
    }
    return writer_.add(canon);
}

void ComponentEncoder::export_item(const wit::WorldItem& item)
{
    if (const auto* interface = std::get_if<wit::InterfaceId>(&item.item))
        return export_interface(item, *interface);
    const auto* function = std::get_if<wit::Function>(&item.item);
    if (function == nullptr)
        return;
    const auto lifted = lift(plan_.lifts[next_lift_++], types_.world());
    writer_.add(Export{extern_name(item.name, function->notes), lifted, std::nullopt});
}

ComponentFuncIndex ComponentEncoder::lift(const Lift& lift, TypeEncoder& types)
{
    const auto type = types.function(*lift.function);
    const auto function = main_function(lift.core_name);
    auto list = options(abi_.needs_of(*lift.function, lift.crossing), plan_.export_realloc, strings_);
    if (!lift.post_return.empty())
        list.push_back({WrittenOption::Kind::post_return, number(main_function(lift.post_return))});
    if (!lift.callback.empty())
        list.push_back({WrittenOption::Kind::callback, number(main_function(lift.callback))});
    CanonLift canon{.function = function, .written_options = std::move(list), .written_type = type};
    return writer_.add(canon);
}

void ComponentEncoder::export_interface(const wit::WorldItem& item, wit::InterfaceId interface)
{
    auto& types = types_.of_export_again(item);
    const auto shell = interface_shell(model_, interface);
    Instantiate instantiate{};
    std::vector<std::string> names;
    names.reserve(shell.types.size() + model_[interface].functions.size());
    for (const auto type : shell.types)
        instantiate.arguments.push_back({names.emplace_back("t" + std::to_string(names.size())), types.type(type)});
    for (std::size_t i = 0; i < model_[interface].functions.size(); ++i)
        instantiate.arguments.push_back(
            {names.emplace_back("f" + std::to_string(i)), lift(plan_.lifts[next_lift_++], types)});
    instantiate.component = writer_.component(shell.binary);
    const auto instance = writer_.add(instantiate);
    const auto exported = writer_.add(Export{name_of(item), instance, std::nullopt});
    types_.exported(item, std::get<ComponentInstanceIndex>(exported));
}

} // namespace

Result<std::vector<std::uint8_t>> encode_component(const Module& module, const wit::Model& model, wit::WorldId world,
                                                   StringEncoding strings)
{
    const CoreAbi abi(model);
    const auto plan = TRELLIS_TRY(plan_module(module, model, world, abi));
    return ComponentEncoder(module, model, model[world], strings, abi, plan).run();
}

} // namespace trellis::wasm::component::encoding
