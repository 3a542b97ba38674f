#include "wasm/component/encoding/import_matching.hpp"

#include "base/format.hpp"
#include "wasm/component/encoding/export_plan.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace trellis::wasm::component::encoding {
namespace {

constexpr std::string_view wasi_01 = "wasi_snapshot_preview1", wasi_unstable = "wasi_unstable";

std::optional<std::uint32_t> number_of(std::string_view text)
{
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

/// "a:b/c@1.2.3" in two: what is before the @, and the version.
std::pair<std::string_view, std::optional<wit::Version>> split_version(std::string_view name)
{
    const auto at = name.find('@');
    if (at == std::string_view::npos)
        return {name, std::nullopt};
    return {name.substr(0, at), wit::Version::parse(name.substr(at + 1))};
}

/// Where threads have stacks of their own, the linker asks for a stack pointer in the first slot of context.
std::optional<CoreImport> stack_pointer(std::string_view module, std::string_view name)
{
    const bool is_get = name == "__wasm_get_stack_pointer";
    if (module != "env" || (!is_get && name != "__wasm_set_stack_pointer"))
        return std::nullopt;
    BuiltinUse use{.spelled = {.builtin = is_get ? Builtin::context_get : Builtin::context_set}};
    return CoreImport{.module = module, .name = name, .type = {}, .what = use};
}

/// Collects the streams and futures in types, inner ones first: the order that names of imports count them in.
class StreamSearch {
public:
    StreamSearch(const wit::Model& model, const CoreAbi& abi) : model_(model), abi_(abi) {}

    void look_in(const wit::Type& type)
    {
        const auto* id = std::get_if<wit::TypeId>(&type);
        if (id == nullptr || !abi_.has_stream(type))
            return;
        const auto& kind = model_[*id].kind;
        wit::for_each_type(kind, [&](const wit::Type& part) { look_in(part); });
        if (std::holds_alternative<wit::Stream>(kind) || std::holds_alternative<wit::Future>(kind))
            found.push_back(*id);
    }

    std::vector<wit::TypeId> found;

private:
    const wit::Model& model_;
    const CoreAbi& abi_;
};

} // namespace

std::string compatible_name(std::string_view full_name)
{
    const auto [path, version] = split_version(full_name);
    return version ? format("{}@{}", path, version->compatibility()) : std::string(full_name);
}

std::string standard_name(const wit::Model& model, const wit::WorldItem& item)
{
    return compatible_name(model.name_of(item));
}

ImportMatching::ImportMatching(const wit::Model& model, wit::WorldId world, const CoreAbi& abi,
                               const PlanOptions& options)
    : model_(model), world_name_(model.full_name(world)), abi_(abi), options_(options)
{
    add(imports_, model[world].imports);
    add(exports_, model[world].exports);
    for (const auto& item : model[world].imports)
        if (const auto* type = std::get_if<wit::TypeId>(&item.item); type != nullptr && model[*type].is_resource)
            own_resources_.emplace(model[*type].name, *type);
}

void ImportMatching::add(Side& side, const std::vector<wit::WorldItem>& items)
{
    for (const auto& item : items) {
        if (std::holds_alternative<wit::Function>(item.item))
            side.functions.emplace(item.name, &item);
        const auto* interface = std::get_if<wit::InterfaceId>(&item.item);
        if (interface == nullptr)
            continue;
        side.interfaces.emplace(model_.name_of(item), &item);
        side.standard_names.emplace(standard_name(model_, item), &item);
        const auto [found, is_new] = members_.try_emplace(*interface);
        if (!is_new)
            continue;
        for (const auto& function : model_[*interface].functions)
            found->second.functions.emplace(function.name, &function);
        for (const auto type : model_[*interface].types)
            if (model_[type].is_resource)
                found->second.resources.emplace(model_[type].name, type);
    }
}

/// Interfaces of versions that can stand for each other are found, too: those have one name for build targets.
const wit::WorldItem* ImportMatching::find_interface(const ImportModule& module) const
{
    const auto& names = side(module.is_of_export);
    const auto exact = names.interfaces.find(module.interface);
    if (!module.is_standard && exact != names.interfaces.end())
        return exact->second;
    const auto name = module.is_standard ? std::string(module.interface) : compatible_name(module.interface);
    const auto compatible = names.standard_names.find(name);
    return compatible != names.standard_names.end() ? compatible->second : nullptr;
}

const wit::Function* ImportMatching::function_of(const ItemRef& where, std::string_view name) const
{
    if (where.item == nullptr) {
        const auto& functions = side(where.is_export).functions;
        const auto found = functions.find(name);
        return found != functions.end() ? &std::get<wit::Function>(found->second->item) : nullptr;
    }
    const auto& functions = members_.at(std::get<wit::InterfaceId>(where.item->item)).functions;
    const auto found = functions.find(name);
    return found != functions.end() ? found->second : nullptr;
}

std::optional<wit::TypeId> ImportMatching::resource_of(const ItemRef& where, std::string_view name) const
{
    const auto& resources =
        where.item == nullptr ? own_resources_ : members_.at(std::get<wit::InterfaceId>(where.item->item)).resources;
    const auto found = resources.find(name);
    return found != resources.end() ? std::optional(found->second) : std::nullopt;
}

bool ImportMatching::complete_resource(BuiltinUse& use) const
{
    use.type = resource_of(use.where, use.spelled.subject);
    const bool is_drop = use.spelled.builtin == Builtin::resource_drop;
    return use.type && use.spelled.argument.empty() && (is_drop || use.where.is_export);
}

bool ImportMatching::complete_return(BuiltinUse& use, CoreImport& import) const
{
    use.function = function_of(use.where, use.spelled.subject);
    if (use.function == nullptr || !use.where.is_export || !use.spelled.argument.empty())
        return false;
    import.needs = abi_.needs_of(*use.function, Crossing::task_return);
    return true;
}

bool ImportMatching::complete_stream(BuiltinUse& use, CoreImport& import, bool copies, ValueKind kind) const
{
    std::optional<wit::Type> payload;
    if (use.spelled.argument == "unit") {
        use.empty_kind = kind;
    } else {
        const auto* function = function_of(use.where, use.spelled.subject);
        const auto position = number_of(use.spelled.argument);
        if (function == nullptr || !position)
            return false;
        StreamSearch search(model_, abi_);
        for (const auto& parameter : function->parameters)
            search.look_in(parameter.type);
        if (function->result)
            search.look_in(*function->result);
        if (*position >= search.found.size())
            return false;
        use.type = search.found[*position];
        const auto* stream = std::get_if<wit::Stream>(&model_[*use.type].kind);
        const auto* future = std::get_if<wit::Future>(&model_[*use.type].kind);
        if ((stream != nullptr) != (kind == ValueKind::stream))
            return false;
        payload = stream != nullptr ? stream->type : future->type;
    }
    const bool is_read = use.spelled.builtin == Builtin::stream_read || use.spelled.builtin == Builtin::future_read;
    if (copies) {
        import.needs = abi_.needs_of_copy(payload, is_read);
        import.needs.async = use.spelled.is_async;
    }
    return true;
}

/// `[context-get-0]`, `[context-get-i64-0]`
bool ImportMatching::complete_context(BuiltinUse& use)
{
    auto text = use.spelled.argument;
    if (text.starts_with("i64-"))
        use.context_type = i64;
    if (text.starts_with("i64-") || text.starts_with("i32-"))
        text.remove_prefix(4);
    const auto slot = number_of(text);
    use.context_slot = slot.value_or(0);
    return slot.has_value() && use.spelled.subject.empty();
}

/// `[error-context-new-utf8]`
bool ImportMatching::complete_strings(BuiltinUse& use, CoreImport& import)
{
    constexpr std::array<std::string_view, 3> names = {"utf8", "utf16", "latin1+utf16"};
    const auto* found = std::ranges::find(names, use.spelled.argument);
    if (found == names.end())
        return false;
    use.strings = static_cast<StringEncoding>(found - names.begin());
    const bool is_message = use.spelled.builtin == Builtin::error_context_debug_message;
    import.needs = {.memory = true, .realloc = is_message, .strings = true};
    return true;
}

/// `[waitable-set-wait]`, `[waitable-set-poll-i32]`
bool ImportMatching::complete_wait(BuiltinUse& use, CoreImport& import)
{
    import.needs.memory = true;
    return use.spelled.argument.empty() || use.spelled.argument == "i32";
}

bool ImportMatching::complete(BuiltinUse& use, CoreImport& import) const
{
    using enum BuiltinImmediates;
    const auto immediates = row_of(use.spelled.builtin).immediates;
    switch (immediates) {
    case none:
    case BuiltinImmediates::async:
    case cancellable:
        return use.spelled.argument.empty() && use.spelled.subject.empty();
    case resource:
        return complete_resource(use);
    case result_options:
        return complete_return(use, import);
    case context:
        return complete_context(use);
    case stream:
    case stream_async:
    case stream_options:
        return complete_stream(use, import, immediates == stream_options, ValueKind::stream);
    case future:
    case future_async:
    case future_options:
        return complete_stream(use, import, immediates == future_options, ValueKind::future);
    case options:
        return complete_strings(use, import);
    case cancellable_memory:
        return complete_wait(use, import);
    case function_table:
        import.needs_table = true;
        return use.spelled.argument == "v0";
    }
    return false;
}

Result<> ImportMatching::check(const CoreImport& import) const
{
    const auto* lowering = std::get_if<Lowering>(&import.what);
    if (lowering == nullptr)
        return {};
    const auto wanted = abi_.type_of(*lowering->function, lowering->is_async ? Crossing::lower_async : Crossing::lower);
    return check_type(format("{} {}", import.module, import.name), wanted, import.type, world_name_);
}

std::optional<Lowering> ImportMatching::find_function(const ImportModule& module, const wit::WorldItem* interface,
                                                      std::string_view name) const
{
    if (module.is_of_export)
        return std::nullopt;
    const auto wanted = read_function(name, module.is_standard);
    const auto* function = function_of({interface, false}, wanted.name);
    if (function == nullptr)
        return std::nullopt;
    return Lowering{interface, function, wanted.is_async};
}

/// Where no descriptor is open, functions about one say so, and the others that there is nothing of the kind.
Result<CoreImport> ImportMatching::match_wasi(std::string_view module, std::string_view name) const
{
    constexpr std::int32_t badf = 8, nosys = 52;
    if (options_.stub_wasi)
        return CoreImport{
            .module = module, .name = name, .type = {}, .what = Missing{name.starts_with("fd_") ? badf : nosys}};
    return fail(ErrorCode::invalid,
                format("the module imports WASI 0.1 ({} {}), which is no interface of components; Trellis runs such "
                       "modules as they are. Give an adapter (--adapt {}=FILE), or, if it can do without, let these "
                       "functions fail (--stub-wasi)",
                       module, name, module));
}

Result<CoreImport> ImportMatching::match(std::string_view module, std::string_view name) const
{
    if (module == wasi_01 || module == wasi_unstable)
        return match_wasi(module, name);
    if (auto import = stack_pointer(module, name))
        return std::move(*import);
    const auto read = read_import_module(module);
    const auto* interface = read.interface.empty() ? nullptr : find_interface(read);
    if (!read.interface.empty() && interface == nullptr)
        return fail(ErrorCode::invalid,
                    format("the module imports {} {}, and world {} has no interface {} among its {}", module, name,
                           world_name_, read.interface, read.is_of_export ? "exports" : "imports"));
    CoreImport import{.module = module, .name = name, .type = {}, .what = BuiltinUse{}};
    if (const auto function = find_function(read, interface, name)) {
        import.what = *function;
        import.needs = abi_.needs_of(*function->function, function->is_async ? Crossing::lower_async : Crossing::lower);
        return import;
    }
    const auto builtin = read_builtin(name, read.is_standard);
    if (builtin) {
        BuiltinUse use{.spelled = *builtin, .where = {interface, read.is_of_export}};
        if (complete(use, import)) {
            import.what = use;
            return import;
        }
    }
    return fail(ErrorCode::invalid,
                format("the module imports {} {}, which is {} in world {}", module, name,
                       builtin ? "no built-in function that makes sense" : "no function", world_name_));
}

} // namespace trellis::wasm::component::encoding
