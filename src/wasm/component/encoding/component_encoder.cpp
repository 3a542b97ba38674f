#include "wasm/component/encoding/component_encoder.hpp"

#include "wasm/binary/decoder.hpp"
#include "wasm/component/encoding/adapter.hpp"
#include "wasm/component/encoding/embed.hpp"
#include "wasm/component/encoding/instance_space.hpp"
#include "wasm/component/encoding/interface_shell.hpp"
#include "wasm/component/encoding/live_types.hpp"
#include "wasm/component/encoding/memory_modules.hpp"
#include "wasm/component/encoding/root_types.hpp"
#include "wasm/component/encoding/shim_modules.hpp"
#include "wasm/component/encoding/unique_imports.hpp"

#include <algorithm>
#include <deque>
#include <set>

namespace trellis::wasm::component::encoding {
namespace {

class ComponentEncoder {
public:
    ComponentEncoder(std::span<const CorePart> parts, std::vector<std::vector<std::uint8_t>> binaries,
                     const wit::Model& model, const wit::World& world, const CoreAbi& abi, const ComponentPlan& plan)
        : parts_(parts), binaries_(std::move(binaries)), model_(model), world_(world), abi_(abi), plan_(plan),
          live_(model), types_(model, world, writer_)
    {
    }

    std::vector<std::uint8_t> run()
    {
        find_live_types();
        for (const auto& item : world_.imports)
            import(item);
        make_shims();
        define_resources();
        for (std::size_t part = 0; part < parts_.size(); ++part)
            instantiate(part);
        fill_shims();
        for (const auto& item : world_.exports)
            export_item(item);
        return std::move(writer_).finish();
    }

private:
    void find_live_types();
    void find_live_types(const CoreImport& import);
    void find_live_types_of_export(wit::InterfaceId interface);
    void import(const wit::WorldItem& item);
    void import_interface(const wit::WorldItem& item, wit::InterfaceId interface);
    void import_function(const wit::WorldItem& item, const wit::Function& function);
    void make_shims();
    [[nodiscard]] std::vector<Stub> all_stubs() const;
    void define_resources();
    void instantiate(std::size_t part);
    CoreItem given(std::size_t part, const CoreImport& import);
    CoreItem malloc_item();
    CoreItem main_memory_item(std::size_t part, std::string_view name);
    CoreItem shim_memory_item();
    void fill_shims();
    CoreItem core_import(std::size_t part, const CoreImport& import);
    CoreFuncIndex lower(std::size_t part, const Lowering& lowering, const Needs& needs);
    CoreFuncIndex builtin(std::size_t part, const BuiltinUse& use, const Needs& needs);
    TypeEncoder& types_of(const ItemRef& where);
    void add_types(const BuiltinUse& use, CanonBuiltin& canon);
    CoreFuncIndex function(std::size_t part, const std::string& name);
    CoreItem item(std::size_t part, ExternKind kind, const std::string& name);
    CoreMemoryIndex memory(std::size_t part);
    WrittenOptions options(std::size_t part, const Needs& needs, const std::string& realloc, StringEncoding strings);
    void export_item(const wit::WorldItem& item);
    void export_interface(const wit::WorldItem& item, wit::InterfaceId interface);
    ComponentFuncIndex lift(const Lift& lift, TypeEncoder& types);
    void define_resources(const wit::WorldItem& item, wit::InterfaceId interface);
    std::optional<CoreFuncIndex> shim_of(wit::TypeId resource);
    CoreItem function_of(CoreInstanceIndex instance, std::string_view name);
    ExternName name_of(const wit::WorldItem& item);

    std::span<const CorePart> parts_;
    std::vector<std::vector<std::uint8_t>> binaries_; ///< of the parts
    const wit::Model& model_;
    const wit::World& world_;
    const CoreAbi& abi_;
    const ComponentPlan& plan_;
    ComponentWriter writer_;
    LiveTypes live_;                      ///< of imports
    std::set<wit::InterfaceId> exported_; ///< under their own names
    RootTypes types_;
    std::set<std::pair<const wit::WorldItem*, std::string_view>> used_; ///< imported functions; of the world: by name
    std::map<std::string_view, ComponentFuncIndex> functions_;          ///< the world's own
    std::vector<wasm::FuncType> shims_;                                 ///< of deferred imports, then of destructors
    std::map<const void*, std::string> shim_of_;                        ///< the name of an import's or destructor's
    CoreInstanceIndex shim_{};
    std::optional<CoreItem> shim_memory_;
    std::vector<CoreInstanceIndex> instances_; ///< of the parts
    std::optional<CoreModuleIndex> copier_;
    std::map<std::pair<std::size_t, bool>, CoreInstanceIndex> copiers_; ///< by part and direction
    std::map<std::pair<std::size_t, std::string>, CoreItem> items_;
    std::size_t next_lift_ = 0;
    std::string item_name_, implemented_name_;
};

/// What an exported interface needs of interfaces that are not exported, too.
void ComponentEncoder::find_live_types_of_export(wit::InterfaceId interface)
{
    LiveTypes live(model_);
    live.add(model_[interface]);
    live.spread();
    for (const auto type : live.list()) {
        const auto* owner = std::get_if<wit::InterfaceId>(&model_[type].owner);
        if (owner != nullptr && *owner != interface && !exported_.contains(*owner))
            live_.add(type);
    }
}

void ComponentEncoder::find_live_types(const CoreImport& import)
{
    if (const auto* lowering = std::get_if<Lowering>(&import.what)) {
        live_.add(*lowering->function);
        used_.emplace(lowering->item, lowering->function->name);
    } else if (const auto* use = std::get_if<BuiltinUse>(&import.what)) {
        if (use->type && !use->where.is_export)
            live_.add(*use->type);
    }
}

void ComponentEncoder::find_live_types()
{
    for (const auto& item : world_.imports)
        if (const auto* type = std::get_if<wit::TypeId>(&item.item))
            live_.add(*type);
    for (const auto& item : world_.exports)
        if (const auto* interface = std::get_if<wit::InterfaceId>(&item.item);
            interface != nullptr && !model_.implemented_by(item))
            exported_.insert(*interface);
    for (const auto& item : world_.exports) {
        if (const auto* function = std::get_if<wit::Function>(&item.item))
            live_.add(*function);
        if (const auto* interface = std::get_if<wit::InterfaceId>(&item.item))
            find_live_types_of_export(*interface);
    }
    for (const auto& part : plan_.parts)
        for (const auto& import : part.imports)
            find_live_types(import);
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
    InstanceSpace space(model_, interface, types_.world());
    TypeEncoder types(model_, space);
    for (const auto type : model_[interface].types)
        if (live_.has(type))
            static_cast<void>(types.type(type));
    for (const auto& function : model_[interface].functions) {
        if (!used_.contains({&item, function.name}))
            continue;
        const auto type = types.function(function);
        space.declarators.export_function(extern_name(function.name, function.notes), type);
    }
    if (space.declarators.empty())
        return;
    const auto type = writer_.add(written::InstanceType{std::move(space.declarators).take()});
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
    const auto add = [&](const void* what, const wasm::FuncType& type) {
        shim_of_.emplace(what, std::to_string(shims_.size()));
        shims_.push_back(type);
    };
    for (const auto& part : plan_.parts)
        for (const auto& import : part.imports)
            if (import.is_deferred())
                add(&import, import.type);
    for (const auto& destructor : plan_.destructors)
        add(&destructor, {{i32}, {}});
    const auto& memory = plan_.main().imported_memory;
    const auto stubs = all_stubs();
    if (!shims_.empty() || memory || !stubs.empty())
        shim_ = writer_.add(CoreInstantiate{writer_.module(shim_module(shims_, memory, stubs)), {}});
}

std::vector<Stub> ComponentEncoder::all_stubs() const
{
    std::vector<Stub> stubs;
    for (const auto& part : plan_.parts)
        for (const auto& import : part.imports)
            if (const auto* missing = std::get_if<Missing>(&import.what))
                stubs.push_back({stub_name(import.type, missing->result), &import.type, missing->result});
    return stubs;
}

std::optional<CoreFuncIndex> ComponentEncoder::shim_of(wit::TypeId resource)
{
    const auto found = std::ranges::find(plan_.destructors, resource, &Destructor::resource);
    if (found == plan_.destructors.end())
        return std::nullopt;
    return std::get<CoreFuncIndex>(function_of(shim_, shim_of_.at(&*found)));
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

/// What an import gets when the module is instantiated.
CoreItem ComponentEncoder::given(std::size_t part, const CoreImport& import)
{
    if (import.is_deferred())
        return function_of(shim_, shim_of_.at(&import));
    return core_import(part, import);
}

void ComponentEncoder::instantiate(std::size_t part)
{
    std::map<std::string_view, CoreBag> bags;
    for (const auto& import : plan_.parts[part].imports) {
        const auto item = given(part, import);
        bags[import.module].exports.push_back({import.name, item});
    }
    CoreInstantiate instantiate{writer_.module(binaries_[part]), {}};
    for (const auto& [name, bag] : bags)
        instantiate.arguments.push_back({name, writer_.add(bag)});
    instances_.push_back(writer_.add(instantiate));
}

void ComponentEncoder::fill_shims()
{
    const auto& initialize = plan_.main().initialize;
    if (shims_.empty() && initialize.empty())
        return;
    CoreBag bag;
    for (std::size_t part = 0; part < parts_.size(); ++part)
        for (const auto& import : plan_.parts[part].imports)
            if (import.is_deferred())
                bag.exports.push_back({shim_of_.at(&import), core_import(part, import)});
    for (const auto& destructor : plan_.destructors)
        bag.exports.push_back({shim_of_.at(&destructor), function(destructor.part, destructor.core_name)});
    if (!shims_.empty())
        bag.exports.push_back({shim_table, writer_.add(AliasCoreExport{ExternKind::table, shim_, shim_table})});
    if (!initialize.empty())
        bag.exports.push_back({fill_start, function(0, initialize)});
    const auto module = writer_.module(fill_module(shims_, !initialize.empty()));
    writer_.add(CoreInstantiate{module, {{"", writer_.add(bag)}}});
}

/// What an instance of a part exports.
CoreItem ComponentEncoder::item(std::size_t part, ExternKind kind, const std::string& name)
{
    const auto found = items_.find({part, name});
    if (found != items_.end())
        return found->second;
    const auto index = writer_.add(AliasCoreExport{kind, instances_[part], name});
    return items_.emplace(std::pair(part, name), index).first->second;
}

CoreItem ComponentEncoder::function_of(CoreInstanceIndex instance, std::string_view name)
{
    return writer_.add(AliasCoreExport{ExternKind::func, instance, name});
}

CoreFuncIndex ComponentEncoder::function(std::size_t part, const std::string& name)
{
    return std::get<CoreFuncIndex>(item(part, ExternKind::func, name));
}

CoreMemoryIndex ComponentEncoder::memory(std::size_t part)
{
    if (plan_.has_own_memory(part))
        return std::get<CoreMemoryIndex>(item(part, ExternKind::memory, plan_.parts[part].memory));
    return std::get<CoreMemoryIndex>(plan_.main().imported_memory ? shim_memory_item()
                                                                  : item(0, ExternKind::memory, plan_.main().memory));
}

CoreItem ComponentEncoder::shim_memory_item()
{
    if (!shim_memory_)
        shim_memory_ = writer_.add(AliasCoreExport{ExternKind::memory, shim_, shim_memory});
    return *shim_memory_;
}

/// The main module's malloc, in the shape that adapters want.
CoreItem ComponentEncoder::malloc_item()
{
    const auto bag = writer_.add(CoreBag{{{malloc_name, function(0, std::string(malloc_name))}}});
    const auto instance = writer_.add(CoreInstantiate{writer_.module(malloc_module()), {{"", bag}}});
    return function_of(instance, realloc_name);
}

/// A function between the two memories, of one instance for each direction.
CoreItem ComponentEncoder::main_memory_item(std::size_t part, std::string_view name)
{
    const bool writes = name == main_memory_write;
    const auto [found, is_new] = copiers_.try_emplace({part, writes});
    if (is_new) {
        const CoreBag bag = {{{"from", memory(writes ? part : 0)}, {"to", memory(writes ? 0 : part)}}};
        copier_ = copier_ ? copier_ : writer_.module(copier_module());
        found->second = writer_.add(CoreInstantiate{*copier_, {{"", writer_.add(bag)}}});
    }
    return function_of(found->second, name == "pages" ? "pages" : "copy");
}

WrittenOptions ComponentEncoder::options(std::size_t part, const Needs& needs, const std::string& realloc,
                                         StringEncoding strings)
{
    using Kind = WrittenOption::Kind;
    WrittenOptions list;
    if (needs.memory)
        list.push_back({Kind::memory, number(memory(part))});
    if (needs.realloc)
        list.push_back({Kind::realloc, number(function(part, realloc))});
    if (needs.strings)
        list.push_back({static_cast<Kind>(strings)});
    if (needs.async)
        list.push_back({Kind::async});
    return list;
}

CoreItem ComponentEncoder::core_import(std::size_t part, const CoreImport& import)
{
    return std::visit(wit::Overloaded{
                          [&](const Lowering& it) -> CoreItem { return lower(part, it, import.needs); },
                          [&](const BuiltinUse& it) -> CoreItem { return builtin(part, it, import.needs); },
                          [&](const Missing& it) { return function_of(shim_, stub_name(import.type, it.result)); },
                          [&](const OfAdapter& it) {
                              return item(it.part, ExternKind::func, std::string(imported_name(import.name)));
                          },
                          [&](const OfMain& it) { return item(0, it.kind, it.name); },
                          [&](const OfMainMalloc&) { return malloc_item(); },
                          [&](const OfMainMemory&) { return main_memory_item(part, imported_name(import.name)); },
                          [&](const OfShim&) { return shim_memory_item(); },
                      },
                      import.what);
}

CoreFuncIndex ComponentEncoder::lower(std::size_t part, const Lowering& lowering, const Needs& needs)
{
    const auto& name = lowering.function->name;
    const auto function = lowering.item == nullptr
                              ? functions_.at(name)
                              : std::get<ComponentFuncIndex>(
                                    writer_.add(AliasExport{ItemKind::func, types_.import_of(*lowering.item), name}));
    CanonLower canon{.function = function,
                     .written_options = options(part, needs, plan_.parts[part].import_realloc, parts_[part].strings)};
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

CoreFuncIndex ComponentEncoder::builtin(std::size_t part, const BuiltinUse& use, const Needs& needs)
{
    const bool has_strings = row_of(use.spelled.builtin).immediates == BuiltinImmediates::options;
    CanonBuiltin canon{};
    canon.builtin = use.spelled.builtin;
    canon.is_async = use.spelled.is_async;
    canon.is_cancellable = use.spelled.is_cancellable;
    canon.context_type = use.context_type;
    canon.context_slot = use.context_slot;
    add_types(use, canon);
    canon.written_options =
        options(part, needs, plan_.parts[part].import_realloc, has_strings ? use.strings : parts_[part].strings);
    if (needs.memory)
        canon.options.memory = memory(part);
    if (canon.builtin == Builtin::thread_new_indirect) {
        SubType start{};
        start.composite = wasm::FuncType{{i32}, {}};
        canon.function_type = writer_.add(CoreTypeDefinition{written::CoreTypeGroup{start}});
        canon.table = std::get<CoreTableIndex>(item(part, ExternKind::table, plan_.parts[part].table));
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
    const auto& part = plan_.parts[lift.part];
    const auto core_function = function(lift.part, lift.core_name);
    auto list = options(lift.part, abi_.needs_of(*lift.function, lift.crossing), part.export_realloc,
                        parts_[lift.part].strings);
    if (!lift.post_return.empty())
        list.push_back({WrittenOption::Kind::post_return, number(function(lift.part, lift.post_return))});
    if (!lift.callback.empty())
        list.push_back({WrittenOption::Kind::callback, number(function(lift.part, lift.callback))});
    CanonLift canon{.function = core_function, .written_options = std::move(list), .written_type = type};
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

Result<std::vector<std::uint8_t>> encode_component(std::span<const CorePart> parts, const wit::Model& model,
                                                   wit::WorldId world, const EncodeOptions& options)
{
    std::vector<CorePart> unique(parts.begin(), parts.end());
    std::deque<Module> renamed;
    for (auto& part : unique)
        if (const auto binary = with_unique_imports(*part.module))
            part.module = &renamed.emplace_back(TRELLIS_TRY(decode_module(SharedBytes::copy_of(*binary))));
    const CoreAbi abi(model);
    const auto plan = TRELLIS_TRY(plan_component(unique, model, world, abi, {.stub_wasi = options.stub_wasi}));
    std::vector<std::vector<std::uint8_t>> binaries = {without_worlds(*unique.front().module)};
    for (std::size_t part = 1; part < unique.size(); ++part)
        binaries.push_back(TRELLIS_TRY(adapter_binary(*unique[part].module, plan.parts[part].live)));
    return ComponentEncoder(unique, std::move(binaries), model, model[world], abi, plan).run();
}

} // namespace trellis::wasm::component::encoding
