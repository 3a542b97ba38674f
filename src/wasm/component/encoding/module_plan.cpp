#include "wasm/component/encoding/module_plan.hpp"

#include "base/format.hpp"
#include "wasm/component/encoding/export_plan.hpp"
#include "wasm/component/encoding/import_matching.hpp"
#include "wasm/component/encoding/live_functions.hpp"
#include "wasm/component/encoding/memory_modules.hpp"
#include "wasm/component/encoding/unique_imports.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace trellis::wasm::component::encoding {
namespace {

/// What a module may export besides functions of its world.
struct Helper {
    std::string_view name;
    ExternKind kind;
    std::string PartPlan::* place;
};
/// Of several for one place, the first counts.
constexpr std::array helpers = {
    Helper{"cm32p2_memory", ExternKind::memory, &PartPlan::memory},
    Helper{"memory", ExternKind::memory, &PartPlan::memory},
    Helper{"cabi_import_realloc", ExternKind::func, &PartPlan::import_realloc},
    Helper{"cabi_export_realloc", ExternKind::func, &PartPlan::export_realloc},
    Helper{"cm32p2_realloc", ExternKind::func, &PartPlan::import_realloc},
    Helper{"cm32p2_realloc", ExternKind::func, &PartPlan::export_realloc},
    Helper{"cabi_realloc", ExternKind::func, &PartPlan::import_realloc},
    Helper{"cabi_realloc", ExternKind::func, &PartPlan::export_realloc},
    Helper{"canonical_abi_realloc", ExternKind::func, &PartPlan::import_realloc},
    Helper{"canonical_abi_realloc", ExternKind::func, &PartPlan::export_realloc},
    Helper{"cm32p2_initialize", ExternKind::func, &PartPlan::initialize},
    Helper{"_initialize", ExternKind::func, &PartPlan::initialize},
    Helper{"__indirect_function_table", ExternKind::table, &PartPlan::table},
};

void find_helpers(const ModuleExports& exports, PartPlan& plan)
{
    for (const auto& helper : helpers)
        if (exports.has(helper.name, helper.kind) && (plan.*helper.place).empty())
            plan.*helper.place = helper.name;
}

/// The imports of one of the modules.
class ImportPlanner {
public:
    ImportPlanner(std::span<const CorePart> parts, std::span<const ModuleExports> exports, ImportMatching& matching,
                  ComponentPlan& plan)
        : parts_(parts), exports_(exports), matching_(matching), plan_(plan)
    {
    }

    Result<> plan(std::size_t part)
    {
        const auto& module = *parts_[part].module;
        auto& live = plan_.parts[part].live;
        live = part == 0 ? std::vector<bool>(module.imported_functions, true) : live_functions(module, roots_of(part));
        std::size_t function = 0;
        for (const auto& import : module.imports) {
            const auto* type = std::get_if<TypeIndex>(&import.type);
            const bool is_used = type == nullptr || live[function++] || import.name == realloc_name; // for its stack
            plan_.parts[part].imports.push_back(TRELLIS_TRY(plan(part, import, is_used)));
        }
        return {};
    }

private:
    Result<CoreImport> plan(std::size_t part, const wasm::Import& import, bool is_used)
    {
        const auto* index = std::get_if<TypeIndex>(&import.type);
        const auto* type = index != nullptr ? function_type(*parts_[part].module, *index) : nullptr;
        CoreImport planned{.module = import.module, .name = import.name, .type = {}, .what = Missing{0}};
        if (type != nullptr)
            planned.type = *type;
        if (part != 0 && (import.module == "__main_module__" || (import.module == "env" && import.name == "memory")))
            return of_main(std::move(planned), static_cast<ExternKind>(import.type.index()), is_used);
        if (part != 0 && import.module == main_memory_name && is_used)
            return of_main_memory(std::move(planned), part);
        if (const auto* memory = std::get_if<MemoryType>(&import.type); memory != nullptr && part == 0) {
            plan_.parts[0].imported_memory = *memory;
            planned.what = OfShim{};
            return planned;
        }
        if (type == nullptr)
            return fail(
                ErrorCode::invalid,
                format("the module imports {} {}, which is no function; a component gives its module functions only",
                       import.module, import.name));
        if (!is_used)
            return planned;
        if (const auto adapter = part == 0 ? find_adapter(import.module) : 0)
            return of_adapter(std::move(planned), adapter);
        auto matched = TRELLIS_TRY(matching_.match(import.module, imported_name(import.name)));
        matched.name = import.name;
        matched.type = *type;
        TRELLIS_TRY(matching_.check(matched));
        return matched;
    }

    /// 0: there is none.
    [[nodiscard]] std::size_t find_adapter(std::string_view name) const
    {
        const auto found = std::ranges::find(parts_.subspan(1), name, &CorePart::name);
        return found == parts_.subspan(1).end() ? 0 : static_cast<std::size_t>(found - parts_.subspan(1).begin()) + 1;
    }

    Result<CoreImport> of_adapter(CoreImport import, std::size_t part) const
    {
        const auto* type = exports_[part].function(imported_name(import.name));
        if (type == nullptr || *type != import.type)
            return fail(ErrorCode::invalid, format("the module imports {} {} {}, which the adapter of this name does "
                                                   "not export",
                                                   import.module, import.name, text_of(import.type)));
        import.what = OfAdapter{part};
        return import;
    }

    Result<CoreImport> of_main(CoreImport import, ExternKind kind, bool is_used) const
    {
        const auto name = kind == ExternKind::memory ? plan_.main().memory : std::string(imported_name(import.name));
        if (kind == ExternKind::memory && plan_.main().imported_memory)
            import.what = OfShim{};
        else if (exports_[0].find(name, kind) != nullptr)
            import.what = OfMain{kind, name};
        else if (name == realloc_name && exports_[0].function(malloc_name) != nullptr)
            import.what = OfMainMalloc{};
        else if (is_used && name == realloc_name)
            return fail(ErrorCode::invalid, "the adapter needs memory of the module's: let it export cabi_realloc, or "
                                            "malloc (-Wl,--export=malloc)");
        else if (is_used)
            return fail(ErrorCode::invalid, format("the adapter needs {}, which the module does not export", name));
        return import;
    }

    Result<CoreImport> of_main_memory(CoreImport import, std::size_t part) const
    {
        if (!plan_.has_own_memory(part))
            return fail(ErrorCode::invalid, "the adapter reaches for the module's memory, and has none of its own");
        if (!plan_.has_memory(0))
            return fail(ErrorCode::invalid, "the adapter needs the module's memory; it has to export it as memory");
        import.what = OfMainMemory{};
        return import;
    }

    /// What of an adapter is called from outside.
    [[nodiscard]] std::set<std::string_view> roots_of(std::size_t part) const
    {
        std::set<std::string_view> roots = {plan_.parts[part].import_realloc, plan_.parts[part].export_realloc,
                                            plan_.parts[part].initialize};
        for (const auto& import : plan_.main().imports)
            if (const auto* of = std::get_if<OfAdapter>(&import.what); of != nullptr && of->part == part)
                roots.insert(imported_name(import.name));
        for (const auto& lift : plan_.lifts)
            if (lift.part == part)
                roots.insert({lift.core_name, lift.post_return, lift.callback});
        for (const auto& destructor : plan_.destructors)
            if (destructor.part == part)
                roots.insert(destructor.core_name);
        return roots;
    }

    std::span<const CorePart> parts_;
    std::span<const ModuleExports> exports_;
    ImportMatching& matching_;
    ComponentPlan& plan_;
};

Result<> check_needs(std::string_view what, const Needs& needs, bool has_memory, const std::string& realloc)
{
    if (needs.memory && !has_memory)
        return fail(
            ErrorCode::invalid,
            format("{} passes values in memory, and the module exports none; it has to be called memory", what));
    if (needs.realloc && realloc.empty())
        return fail(ErrorCode::invalid,
                    format("{} hands strings or lists to the module, which has to export cabi_realloc for that", what));
    return {};
}

Result<> check_needs(const ComponentPlan& plan, const CoreAbi& abi)
{
    for (std::size_t i = 0; i < plan.parts.size(); ++i) {
        const auto& part = plan.parts[i];
        for (const auto& import : part.imports) {
            const auto name = format("{} {}", import.module, import.name);
            TRELLIS_TRY(check_needs(name, import.needs, plan.has_memory(i), part.import_realloc));
            if (import.needs_table && part.table.empty())
                return fail(ErrorCode::invalid,
                            format("{} needs the module's table: export __indirect_function_table", import.name));
        }
    }
    for (const auto& lift : plan.lifts)
        TRELLIS_TRY(check_needs(lift.core_name, abi.needs_of(*lift.function, lift.crossing), plan.has_memory(lift.part),
                                plan.parts[lift.part].export_realloc));
    return {};
}

} // namespace

Result<ComponentPlan> plan_component(std::span<const CorePart> parts, const wit::Model& model, wit::WorldId world,
                                     const CoreAbi& abi, const PlanOptions& options)
{
    std::vector<ModuleExports> exports;
    ComponentPlan plan;
    for (const auto& part : parts)
        find_helpers(exports.emplace_back(*part.module), plan.parts.emplace_back());
    ImportMatching matching(model, world, abi, options);
    ImportPlanner imports(parts, exports, matching, plan);
    TRELLIS_TRY(imports.plan(0));
    TRELLIS_TRY(plan_exports(exports, model, world, abi, plan));
    for (std::size_t part = 1; part < parts.size(); ++part)
        TRELLIS_TRY(imports.plan(part)); // what is used of an adapter is known by now
    TRELLIS_TRY(check_needs(plan, abi));
    return plan;
}

} // namespace trellis::wasm::component::encoding
