#include "wasm/component/encoding/export_plan.hpp"

#include "base/format.hpp"

#include <array>

namespace trellis::wasm::component::encoding {
namespace {

/// One of the ways to spell a function that is exported, and how it is called then.
struct Way {
    const std::string& core_name;
    Crossing crossing;
    const std::string& post_return;
    const std::string& callback;
};

class ExportPlanner {
public:
    ExportPlanner(std::span<const ModuleExports> modules, const wit::Model& model, wit::WorldId world,
                  const CoreAbi& abi, ComponentPlan& plan)
        : modules_(modules), model_(model), world_name_(model.full_name(world)), abi_(abi), plan_(plan)
    {
    }

    Result<> plan(const wit::WorldItem& item)
    {
        if (const auto* function = std::get_if<wit::Function>(&item.item))
            return lift(item, *function);
        const auto* interface = std::get_if<wit::InterfaceId>(&item.item);
        if (interface == nullptr)
            return {};
        for (const auto& function : model_[*interface].functions)
            TRELLIS_TRY(lift(item, function));
        for (const auto type : model_[*interface].types)
            if (std::holds_alternative<wit::Resource>(model_[type].kind))
                destructor(item, type);
        return {};
    }

private:
    Result<> lift(const wit::WorldItem& item, const wit::Function& function)
    {
        const bool is_own = std::holds_alternative<wit::Function>(item.item);
        const auto& function_name = is_own ? item.name : function.name;
        const auto names = export_names(is_own ? "" : model_.name_of(item), function_name);
        const auto standard = standard_export_names(is_own ? "" : standard_name(model_, item), function_name);
        const std::string none;
        const std::array ways = {
            Way{names.plain, Crossing::lift, names.post_return, none},
            Way{standard.plain, Crossing::lift, standard.post_return, none},
            Way{names.with_callback, Crossing::lift_callback, none, names.callback},
            Way{names.stackful, Crossing::lift_stackful, none, none},
        };
        for (std::size_t part = 0; part < modules_.size(); ++part)
            for (const auto& way : ways)
                if (modules_[part].function(way.core_name) != nullptr)
                    return lift(part, way, item, function);
        return fail(ErrorCode::invalid,
                    format("the module does not export {}, which world {} asks for; a linker drops what is not used: "
                           "export it (--export or the attribute export_name)",
                           names.plain, world_name_));
    }

    Result<> lift(std::size_t part, const Way& way, const wit::WorldItem& item, const wit::Function& function)
    {
        const auto& exports = modules_[part];
        TRELLIS_TRY(check_type(way.core_name, abi_.type_of(function, way.crossing), *exports.function(way.core_name),
                               world_name_));
        if (!way.callback.empty() && exports.function(way.callback) == nullptr)
            return fail(ErrorCode::invalid, format("the module exports {} without {}", way.core_name, way.callback));
        const bool has_post_return = exports.function(way.post_return) != nullptr;
        plan_.lifts.push_back({part, &item, &function, way.crossing, way.core_name,
                               has_post_return ? way.post_return : std::string(), way.callback});
        return {};
    }

    void destructor(const wit::WorldItem& item, wit::TypeId type)
    {
        const auto name = format("{}#[dtor]{}", model_.name_of(item), model_[type].name);
        const auto standard = standard_export_names(standard_name(model_, item), model_[type].name).plain + "_dtor";
        for (std::size_t part = 0; part < modules_.size(); ++part)
            for (const auto& one : {name, standard})
                if (modules_[part].function(one) != nullptr)
                    plan_.destructors.push_back({part, type, one});
    }

    std::span<const ModuleExports> modules_;
    const wit::Model& model_;
    std::string world_name_;
    const CoreAbi& abi_;
    ComponentPlan& plan_;
};

} // namespace

Result<> check_type(std::string_view name, const wasm::FuncType& wanted, const wasm::FuncType& found,
                    std::string_view world)
{
    if (wanted == found)
        return {};
    return fail(ErrorCode::invalid,
                format("the core function {} has the type {}, and world {} makes it {}; generate the bindings anew",
                       name, text_of(found), world, text_of(wanted)));
}

Result<> plan_exports(std::span<const ModuleExports> modules, const wit::Model& model, wit::WorldId world,
                      const CoreAbi& abi, ComponentPlan& plan)
{
    ExportPlanner planner(modules, model, world, abi, plan);
    for (const auto& item : model[world].exports)
        TRELLIS_TRY(planner.plan(item));
    return {};
}

} // namespace trellis::wasm::component::encoding
