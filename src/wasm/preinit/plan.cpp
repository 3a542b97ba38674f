#include "wasm/preinit/plan.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <array>

namespace trellis::wasm {
namespace {

constexpr std::array<std::string_view, 2> usual_names = {"wizer-initialize", "wizer.initialize"};
constexpr std::string_view reactor_name = "_initialize";

const Export* find_function(std::span<const Export> exports, std::string_view name)
{
    const auto found = std::ranges::find(exports, name, &Export::name);
    return found == exports.end() || found->kind != ExternKind::func ? nullptr : &*found;
}

std::string exported_functions(const Module& module)
{
    std::string names;
    for (const auto& one : module.exports)
        if (one.kind == ExternKind::func)
            names += format("{}{}", names.empty() ? "" : ", ", one.name);
    return names.empty() ? "no functions" : names;
}

/// Functions and tags have no state; everything else belongs to somebody else, who may have changed it by the next
/// start.
Result<> check_imports(const Module& module)
{
    constexpr std::array<std::string_view, 5> kinds = {"function", "table", "memory", "global", "tag"};
    for (const auto& import : module.imports) {
        const auto kind = static_cast<ExternKind>(import.type.index());
        if (kind != ExternKind::func && kind != ExternKind::tag)
            return fail(ErrorCode::unsupported,
                        format("can't be pre-initialised: it imports the {} {}.{}, whose contents are not its own",
                               kinds[import.type.index()], import.module, import.name),
                        import.offset);
    }
    return {};
}

Result<const Export*> find_init_function(const Module& module, const std::string& wanted)
{
    if (!wanted.empty()) {
        if (const auto* found = find_function(module.exports, wanted))
            return found;
        return fail(ErrorCode::not_found, format("no exported function {} to initialise with; it exports {}", wanted,
                                                 exported_functions(module)));
    }
    for (const auto name : usual_names)
        if (const auto* found = find_function(module.exports, name))
            return found;
    return fail(ErrorCode::not_found,
                format("nothing to initialise with: it exports neither {} nor {}; name a function with --init-func; it "
                       "exports {}",
                       usual_names[0], usual_names[1], exported_functions(module)));
}

Result<> check_type(const Module& module, const Export& function)
{
    const auto& type = module.type_of(FuncIndex{function.index});
    if (type.params.empty() && type.results.empty())
        return {};
    return fail(ErrorCode::unsupported,
                format("{} can't initialise: it has {} parameters and {} results, and should have none", function.name,
                       type.params.size(), type.results.size()));
}

Result<> check_renames(std::span<const ExportRename> renames)
{
    for (std::size_t i = 0; i < renames.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (renames[i].from == renames[j].from || renames[i].to == renames[j].to)
                return fail(ErrorCode::usage, format("two renames of the same function: {}={} and {}={}", renames[j].to,
                                                     renames[j].from, renames[i].to, renames[i].from));
    return {};
}

/// All renames at once: two names may be exchanged.
Result<> rename_all(std::vector<Export>& exports, std::span<const ExportRename> renames)
{
    for (const auto& one : renames)
        if (!find_function(exports, one.from))
            return fail(ErrorCode::not_found, format("no exported function {} that could become {}", one.from, one.to));
    const auto is_overwritten = [&](const Export& one) {
        return std::ranges::count(renames, one.name, &ExportRename::to) != 0 &&
               std::ranges::count(renames, one.name, &ExportRename::from) == 0;
    };
    std::erase_if(exports, is_overwritten);
    for (auto& one : exports)
        if (const auto found = std::ranges::find(renames, one.name, &ExportRename::from); found != renames.end())
            one.name = found->to;
    return {};
}

void note_what_went(const Module& module, PreinitPlan& plan)
{
    for (const auto& one : module.exports) {
        const auto is_same = [&](const Export& kept) { return kept.kind == one.kind && kept.index == one.index; };
        if (one.kind == ExternKind::func && std::ranges::none_of(plan.exports, is_same))
            plan.no_longer_exported.push_back(FuncIndex{one.index});
    }
}

} // namespace

Result<PreinitPlan> plan_preinit(const Module& module, const PreinitOptions& options)
{
    TRELLIS_TRY(check_imports(module));
    const auto& init_function = *TRELLIS_TRY(find_init_function(module, options.init_function));
    TRELLIS_TRY(check_type(module, init_function));
    PreinitPlan plan{{}, FuncIndex{init_function.index}, std::string(init_function.name), module.exports, {}};
    const auto* reactor = find_function(module.exports, reactor_name);
    if (reactor && reactor->index != init_function.index) {
        TRELLIS_TRY(check_type(module, *reactor));
        plan.initialize = FuncIndex{reactor->index};
    }
    std::erase_if(plan.exports, [&](const Export& one) {
        return one.name == plan.init_name ? !options.keep_init_function : reactor && one.name == reactor_name;
    });
    TRELLIS_TRY(check_renames(options.renames));
    TRELLIS_TRY(rename_all(plan.exports, options.renames));
    note_what_went(module, plan);
    return plan;
}

} // namespace trellis::wasm
