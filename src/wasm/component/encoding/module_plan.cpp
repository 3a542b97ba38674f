#include "wasm/component/encoding/module_plan.hpp"

#include "base/format.hpp"
#include "wasm/component/encoding/import_matching.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace trellis::wasm::component::encoding {
namespace {

std::string text_of(const std::vector<ValType>& types)
{
    std::string text;
    for (const auto type : types)
        text.append(text.empty() ? "" : " ").append(to_string(type));
    return format("[{}]", text);
}

std::string text_of(const wasm::FuncType& type)
{
    return format("{} -> {}", text_of(type.params), text_of(type.results));
}

/// What a module may export besides functions of its world.
struct Helper {
    std::string_view name;
    ExternKind kind;
    std::string ModulePlan::* place;
};
/// Of several for one place, the first counts.
constexpr std::array helpers = {
    Helper{"cm32p2_memory", ExternKind::memory, &ModulePlan::memory},
    Helper{"memory", ExternKind::memory, &ModulePlan::memory},
    Helper{"cabi_import_realloc", ExternKind::func, &ModulePlan::import_realloc},
    Helper{"cabi_export_realloc", ExternKind::func, &ModulePlan::export_realloc},
    Helper{"cm32p2_realloc", ExternKind::func, &ModulePlan::import_realloc},
    Helper{"cm32p2_realloc", ExternKind::func, &ModulePlan::export_realloc},
    Helper{"cabi_realloc", ExternKind::func, &ModulePlan::import_realloc},
    Helper{"cabi_realloc", ExternKind::func, &ModulePlan::export_realloc},
    Helper{"canonical_abi_realloc", ExternKind::func, &ModulePlan::import_realloc},
    Helper{"canonical_abi_realloc", ExternKind::func, &ModulePlan::export_realloc},
    Helper{"cm32p2_initialize", ExternKind::func, &ModulePlan::initialize},
    Helper{"_initialize", ExternKind::func, &ModulePlan::initialize},
    Helper{"__indirect_function_table", ExternKind::table, &ModulePlan::table},
};

class Planner {
public:
    Planner(const Module& module, const wit::Model& model, wit::WorldId world, const CoreAbi& abi,
            const PlanOptions& options)
        : module_(module), model_(model), world_(model[world]), world_name_(model.full_name(world)), abi_(abi),
          matching_(model, world, abi, options)
    {
        for (const auto& item : module.exports)
            exports_.emplace(item.name, &item);
    }

    Result<ModulePlan> run()
    {
        for (const auto& import : module_.imports)
            TRELLIS_TRY(plan_import(import));
        for (const auto& item : world_.exports)
            TRELLIS_TRY(plan_export(item));
        for (const auto& helper : helpers)
            if (has(helper.name, helper.kind) && (plan_.*helper.place).empty())
                plan_.*helper.place = helper.name;
        TRELLIS_TRY(check_needs());
        return std::move(plan_);
    }

private:
    Result<> plan_import(const wasm::Import& import);
    Result<> plan_export(const wit::WorldItem& item);
    Result<> plan_lift(const wit::WorldItem& item, const wit::Function& function);
    void plan_destructors(const wit::WorldItem& item, wit::InterfaceId interface);
    Result<> check_needs() const;
    Result<> check_needs(std::string_view what, const Needs& needs, const std::string& realloc) const;
    Result<> check_type(std::string_view name, const wasm::FuncType& wanted, const wasm::FuncType& found) const;
    [[nodiscard]] const wasm::FuncType* function_type(TypeIndex index) const;
    [[nodiscard]] const wasm::FuncType* exported_function(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name, ExternKind kind) const;

    const Module& module_;
    const wit::Model& model_;
    const wit::World& world_;
    std::string world_name_;
    const CoreAbi& abi_;
    ImportMatching matching_;
    std::map<std::string_view, const wasm::Export*> exports_;
    std::set<std::pair<std::string_view, std::string_view>> seen_;
    ModulePlan plan_;
};

const wasm::FuncType* Planner::function_type(TypeIndex index) const
{
    if (number(index) >= module_.types.size())
        return nullptr;
    return std::get_if<wasm::FuncType>(&module_.type(index).composite);
}

const wasm::FuncType* Planner::exported_function(std::string_view name) const
{
    if (name.empty() || !has(name, ExternKind::func))
        return nullptr;
    const auto index = exports_.at(name)->index;
    return index < module_.function_types.size() ? function_type(module_.function_types[index]) : nullptr;
}

bool Planner::has(std::string_view name, ExternKind kind) const
{
    const auto found = exports_.find(name);
    return found != exports_.end() && found->second->kind == kind;
}

Result<> Planner::check_type(std::string_view name, const wasm::FuncType& wanted, const wasm::FuncType& found) const
{
    if (wanted == found)
        return {};
    return fail(ErrorCode::invalid,
                format("the core function {} has the type {}, and world {} makes it {}; generate the bindings anew",
                       name, text_of(found), world_name_, text_of(wanted)));
}

Result<> Planner::plan_import(const wasm::Import& import)
{
    const auto* index = std::get_if<TypeIndex>(&import.type);
    const auto* type = index != nullptr ? function_type(*index) : nullptr;
    if (type == nullptr)
        return fail(
            ErrorCode::invalid,
            format("the module imports {} {}, which is no function; a component gives its module functions only",
                   import.module, import.name));
    if (!seen_.emplace(import.module, import.name).second)
        return {}; // once is enough, whoever asks
    auto planned = TRELLIS_TRY(matching_.match(import.module, import.name));
    planned.type = *type;
    if (const auto* lowering = std::get_if<Lowering>(&planned.what)) {
        const auto crossing = lowering->is_async ? Crossing::lower_async : Crossing::lower;
        TRELLIS_TRY(check_type(format("{} {}", import.module, import.name), abi_.type_of(*lowering->function, crossing),
                               *type));
    }
    plan_.imports.push_back(std::move(planned));
    return {};
}

Result<> Planner::plan_export(const wit::WorldItem& item)
{
    if (const auto* function = std::get_if<wit::Function>(&item.item))
        return plan_lift(item, *function);
    const auto* interface = std::get_if<wit::InterfaceId>(&item.item);
    if (interface == nullptr)
        return {};
    for (const auto& function : model_[*interface].functions)
        TRELLIS_TRY(plan_lift(item, function));
    plan_destructors(item, *interface);
    return {};
}

Result<> Planner::plan_lift(const wit::WorldItem& item, const wit::Function& function)
{
    const bool is_own = std::holds_alternative<wit::Function>(item.item);
    const auto interface = is_own ? std::string() : model_.name_of(item);
    const auto& function_name = is_own ? item.name : function.name;
    const auto names = export_names(interface, function_name);
    const auto standard = standard_export_names(is_own ? "" : matching_.standard_name(item), function_name);
    struct Way {
        const std::string& core_name;
        Crossing crossing;
        const std::string& post_return;
        const std::string& callback;
    };
    const std::string none;
    const std::array ways = {
        Way{names.plain, Crossing::lift, names.post_return, none},
        Way{standard.plain, Crossing::lift, standard.post_return, none},
        Way{names.with_callback, Crossing::lift_callback, none, names.callback},
        Way{names.stackful, Crossing::lift_stackful, none, none},
    };
    for (const auto& way : ways) {
        const auto* type = exported_function(way.core_name);
        if (type == nullptr)
            continue;
        TRELLIS_TRY(check_type(way.core_name, abi_.type_of(function, way.crossing), *type));
        if (!way.callback.empty() && exported_function(way.callback) == nullptr)
            return fail(ErrorCode::invalid, format("the module exports {} without {}", way.core_name, way.callback));
        plan_.lifts.push_back({&item, &function, way.crossing, way.core_name,
                               exported_function(way.post_return) != nullptr ? way.post_return : none, way.callback});
        return {};
    }
    return fail(ErrorCode::invalid,
                format("the module does not export {}, which world {} asks for; a linker drops what "
                       "is not used: export it (--export or the attribute export_name)",
                       names.plain, world_name_));
}

void Planner::plan_destructors(const wit::WorldItem& item, wit::InterfaceId interface)
{
    for (const auto type : model_[interface].types) {
        if (!std::holds_alternative<wit::Resource>(model_[type].kind))
            continue;
        const auto name = format("{}#[dtor]{}", model_.name_of(item), model_[type].name);
        const auto standard = standard_export_names(matching_.standard_name(item), model_[type].name).plain + "_dtor";
        for (const auto& one : {name, standard})
            if (exported_function(one) != nullptr)
                plan_.destructors.push_back({type, one});
    }
}

Result<> Planner::check_needs(std::string_view what, const Needs& needs, const std::string& realloc) const
{
    if (needs.memory && plan_.memory.empty())
        return fail(ErrorCode::invalid, format("{} passes values in memory, and the module exports none; it has to be "
                                               "called memory",
                                               what));
    if (needs.realloc && realloc.empty())
        return fail(ErrorCode::invalid,
                    format("{} hands strings or lists to the module, which has to export cabi_realloc for that", what));
    return {};
}

Result<> Planner::check_needs() const
{
    for (const auto& import : plan_.imports) {
        TRELLIS_TRY(check_needs(format("{} {}", import.module, import.name), import.needs, plan_.import_realloc));
        if (import.needs_table && plan_.table.empty())
            return fail(ErrorCode::invalid,
                        format("{} needs the module's table: export __indirect_function_table", import.name));
    }
    for (const auto& lift : plan_.lifts)
        TRELLIS_TRY(check_needs(lift.core_name, abi_.needs_of(*lift.function, lift.crossing), plan_.export_realloc));
    return {};
}

} // namespace

Result<ModulePlan> plan_module(const Module& module, const wit::Model& model, wit::WorldId world, const CoreAbi& abi,
                               const PlanOptions& options)
{
    return Planner(module, model, world, abi, options).run();
}

} // namespace trellis::wasm::component::encoding
