// Canonical definitions: options, and the types of the core functions they take and make.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md#canonical-definitions
#include "base/format.hpp"
#include "wasm/component/syntax/limits.hpp"
#include "wasm/component/validation/context.hpp"

#include <array>

namespace trellis::wasm::component {
namespace {

using Core = wasm::FuncType;

std::vector<ValType> value_types(const FlatTypes& flat)
{
    std::vector<ValType> types;
    for (const Kind kind : flat.view())
        types.emplace_back(kind);
    return types;
}

std::vector<ValType> params_or_pointer(const FlatTypes& flat, std::size_t limit)
{
    return flat.fits(limit) ? value_types(flat) : std::vector<ValType>{i32};
}

Core lowered(const FuncType& type, bool is_async)
{
    Core core{.params =
                  params_or_pointer(type.flat_params, is_async ? limits::flat_async_params : limits::flat_params)};
    const bool returns_pointer = is_async ? type.result != no_type : !type.flat_result.fits(limits::flat_results);
    if (returns_pointer)
        core.params.push_back(i32);
    if (is_async)
        core.results = {i32};
    else if (!returns_pointer)
        core.results = value_types(type.flat_result);
    return core;
}

Core lifted(const FuncType& type, const CanonicalOptions& options)
{
    Core core{.params = params_or_pointer(type.flat_params, limits::flat_params)};
    if (options.is_async) {
        if (options.callback)
            core.results = {i32};
    } else
        core.results = params_or_pointer(type.flat_result, limits::flat_results);
    return core;
}

std::string text_of(const std::vector<ValType>& types)
{
    std::string text = "[";
    for (const ValType type : types) {
        std::string name = to_string(type);
        name[0] = static_cast<char>(name[0] - 'a' + 'A');
        text += (text.size() > 1 ? ", " : "") + name;
    }
    return text + "]";
}

constexpr std::string_view encoding_names[] = {"utf8", "utf16", "latin1-utf16"};

/// Which options a canonical definition can't have, for messages: "lowerings".
constexpr std::string_view lowerings = "lowerings";

} // namespace

Result<CanonicalOptions> Context::options(Scope& scope, const WrittenOptions& written, std::string_view of)
{
    CanonicalOptions options;
    std::optional<StringEncoding> encoding;
    const auto once = [&](auto& place, auto value, std::string_view name) -> Result<> {
        if (place)
            return error(format("canonical option `{}` is specified more than once", name));
        place = value;
        return {};
    };
    for (const WrittenOption& one : written) {
        using enum WrittenOption::Kind;
        switch (one.kind) {
        case utf8:
        case utf16:
        case latin1_utf16: {
            const auto wanted = static_cast<StringEncoding>(one.kind);
            if (encoding)
                return error(format("canonical encoding option `{}` conflicts with option `{}`",
                                    encoding_names[static_cast<std::size_t>(*encoding)],
                                    encoding_names[static_cast<std::size_t>(wanted)]));
            encoding = wanted;
            break;
        }
        case memory: {
            TRELLIS_TRY(once(options.memory, static_cast<CoreMemoryIndex>(one.index), "memory"));
            TRELLIS_TRY(check_memory(scope, *options.memory));
            break;
        }
        case realloc:
            TRELLIS_TRY(once(options.realloc, static_cast<CoreFuncIndex>(one.index), "realloc"));
            break;
        case post_return:
            TRELLIS_TRY(once(options.post_return, static_cast<CoreFuncIndex>(one.index), "post-return"));
            TRELLIS_TRY(at(scope.spaces.core_functions, *options.post_return, "function"));
            break;
        case async:
            if (options.is_async)
                return error("canonical option `async` is specified more than once");
            options.is_async = true;
            break;
        case callback:
            TRELLIS_TRY(once(options.callback, static_cast<CoreFuncIndex>(one.index), "callback"));
            break;
        }
    }
    options.encoding = encoding.value_or(StringEncoding::utf8);
    TRELLIS_TRY(check_options(scope, options));
    TRELLIS_TRY(check_options_of(options, of));
    return options;
}

Result<> Context::check_options(const Scope& scope, const CanonicalOptions& options)
{
    if (options.realloc)
        TRELLIS_TRY(check_option_function(scope, *options.realloc, {{i32, i32, i32, i32}, {i32}}, "realloc"));
    if (options.realloc && !options.memory)
        return error("canonical option `realloc` requires `memory` to also be specified");
    if (options.callback && !options.is_async)
        return error("cannot specify callback without async");
    if (options.callback)
        TRELLIS_TRY(check_option_function(scope, *options.callback, {{i32, i32, i32}, {i32}}, "callback"));
    if (options.post_return && options.is_async)
        return error("cannot specify post-return function in async");
    return {};
}

/// What only lifts can have.
Result<> Context::check_options_of(const CanonicalOptions& options, std::string_view of) const
{
    if (of == lowerings) {
        for (const auto& [there, name] :
             {std::pair(options.post_return, "post-return"), std::pair(options.callback, "callback")})
            if (there)
                return error(format("canonical option `{}` cannot be specified for lowerings", name));
    } else if (!of.empty()) {
        if (options.post_return)
            return error(format("cannot specify `post-return` option on `{}`", of));
        if (options.callback)
            return error(format("cannot specify `callback` option on `{}`", of));
    }
    return {};
}

Result<> Context::check_option_function(const Scope& scope, CoreFuncIndex index, const wasm::FuncType& wanted,
                                        std::string_view name)
{
    const auto function = TRELLIS_TRY(at(scope.spaces.core_functions, index, "function"));
    if (function->function() == wanted)
        return {};
    return error(format("canonical option `{}` uses a core function with an incorrect signature", name));
}

Result<> Context::check_memory(const Scope& scope, CoreMemoryIndex index)
{
    const auto memory = TRELLIS_TRY(at(scope.spaces.core_memories, index, "memory"));
    const auto& type = std::get<MemoryType>(memory.type);
    if (type.limits.is_64)
        return error("64-bit memories require the `cm64` feature to be enabled", ErrorCode::unsupported);
    if (type.shared)
        return error("canonical ABI memory is not a 32-bit linear memory: mismatch in the shared flag for memories");
    return {};
}

Result<> Context::need_memory(const CanonicalOptions& options) const
{
    return options.memory ? Result<>() : error("canonical option `memory` is required");
}

Result<> Context::need_realloc(const CanonicalOptions& options) const
{
    TRELLIS_TRY(need_memory(options));
    return options.realloc ? Result<>() : error("canonical option `realloc` is required");
}

void Context::declare(Scope& scope, std::shared_ptr<const CanonicalType>& place, wasm::FuncType type)
{
    place = registry.intern(type);
    scope.spaces.core_functions.push_back(place);
}

Result<> Context::check(Scope& scope, CanonLift& lift)
{
    lift.type = arena->canonical(TRELLIS_TRY(type_at<FuncTypeId>(scope, lift.written_type, "function type")));
    const FuncTypeId written = TRELLIS_TRY(type_at<FuncTypeId>(scope, lift.written_type, "function type"));
    lift.signature = TRELLIS_TRY(at(scope.spaces.core_functions, lift.function, "function"));
    const FuncType& type = (*arena)[lift.type];
    lift.options = TRELLIS_TRY(options(scope, lift.written_options, ""));
    if (lift.options.is_async && !type.is_async)
        return error("the `async` canonical option requires an async function type");
    if (!type.flat_params.fits(limits::flat_params) || type.param_facts.has_pointer)
        TRELLIS_TRY(need_realloc(lift.options));
    const bool spills = !type.flat_result.fits(lift.options.is_async ? limits::flat_params : limits::flat_results);
    if (spills || type.result_facts.has_pointer)
        TRELLIS_TRY(need_memory(lift.options));
    const Core wanted = lifted(type, lift.options);
    const Core& core = lift.signature->function();
    if (core.params != wanted.params)
        return error(format("lowered parameter types `{}` do not match parameter types `{}` of core function {}",
                            text_of(wanted.params), text_of(core.params), static_cast<std::uint32_t>(lift.function)));
    if (core.results != wanted.results)
        return error(format("lowered result types `{}` do not match result types `{}` of core function {}",
                            text_of(wanted.results), text_of(core.results), static_cast<std::uint32_t>(lift.function)));
    if (lift.options.post_return)
        TRELLIS_TRY(check_option_function(scope, *lift.options.post_return, {core.results, {}}, "post-return"));
    scope.spaces.functions.push_back(written);
    return {};
}

Result<> Context::check(Scope& scope, CanonLower& lower)
{
    lower.type = arena->canonical(TRELLIS_TRY(at(scope.spaces.functions, lower.function, "function")));
    lower.options = TRELLIS_TRY(options(scope, lower.written_options, lowerings));
    const FuncType& type = (*arena)[lower.type];
    const bool is_async = lower.options.is_async;
    if (is_async && !type.is_async)
        return error("the `async` canonical option requires an async function type");
    const bool spills = !type.flat_params.fits(is_async ? limits::flat_async_params : limits::flat_params) ||
                        (is_async ? type.result != no_type : !type.flat_result.fits(limits::flat_results));
    if (spills || type.param_facts.has_pointer)
        TRELLIS_TRY(need_memory(lower.options));
    if (type.result_facts.has_pointer)
        TRELLIS_TRY(need_realloc(lower.options));
    declare(scope, lower.signature, lowered(type, is_async));
    return {};
}

Result<ValueTypeId> Context::async_type(Scope& scope, const CanonBuiltin& builtin, ValueKind kind)
{
    const auto found = TRELLIS_TRY(at(scope.spaces.types, builtin.written_type, "type"));
    const auto* id = std::get_if<ValueTypeId>(&found);
    if (!id || (*arena)[*id].kind != kind)
        return error(format("`{}` requires a {} type", row_of(builtin.builtin).name, name_of(kind)));
    return arena->canonical(*id);
}

namespace {

/// The core types of built-ins that have one whatever they are made for.
struct Signature {
    Builtin builtin;
    Core type;
};

const std::vector<Signature>& signatures()
{
    using enum Builtin;
    static const std::vector<Signature> table = {
        {resource_new, {{i32}, {i32}}},
        {resource_drop, {{i32}, {}}},
        {resource_rep, {{i32}, {i32}}},
        {task_cancel, {{}, {}}},
        {subtask_cancel, {{i32}, {i32}}},
        {thread_yield, {{}, {i32}}},
        {subtask_drop, {{i32}, {}}},
        {stream_new, {{}, {i64}}},
        {stream_read, {{i32, i32, i32}, {i32}}},
        {stream_write, {{i32, i32, i32}, {i32}}},
        {stream_cancel_read, {{i32}, {i32}}},
        {stream_cancel_write, {{i32}, {i32}}},
        {stream_drop_readable, {{i32}, {}}},
        {stream_drop_writable, {{i32}, {}}},
        {future_new, {{}, {i64}}},
        {future_read, {{i32, i32}, {i32}}},
        {future_write, {{i32, i32}, {i32}}},
        {future_cancel_read, {{i32}, {i32}}},
        {future_cancel_write, {{i32}, {i32}}},
        {future_drop_readable, {{i32}, {}}},
        {future_drop_writable, {{i32}, {}}},
        {error_context_new, {{i32, i32}, {i32}}},
        {error_context_debug_message, {{i32, i32}, {}}},
        {error_context_drop, {{i32}, {}}},
        {waitable_set_new, {{}, {i32}}},
        {waitable_set_wait, {{i32, i32}, {i32}}},
        {waitable_set_poll, {{i32, i32}, {i32}}},
        {waitable_set_drop, {{i32}, {}}},
        {waitable_join, {{i32, i32}, {}}},
        {backpressure_inc, {{}, {}}},
        {backpressure_dec, {{}, {}}},
        {thread_index, {{}, {i32}}},
        {thread_new_indirect, {{i32, i32}, {i32}}},
        {thread_resume_later, {{i32}, {}}},
        {thread_suspend, {{}, {i32}}},
        {thread_suspend_then_resume, {{i32}, {i32}}},
        {thread_yield_then_resume, {{i32}, {i32}}},
        {thread_suspend_then_promote, {{i32}, {i32}}},
        {thread_yield_then_promote, {{i32}, {i32}}},
    };
    return table;
}

const Core& signature_of(Builtin builtin)
{
    return std::ranges::find(signatures(), builtin, &Signature::builtin)->type;
}

} // namespace

Result<> Context::check_resource(const Scope& scope, CanonBuiltin& builtin)
{
    const auto found = TRELLIS_TRY(at(scope.spaces.types, builtin.written_type, "type"));
    const auto index = static_cast<std::uint32_t>(builtin.written_type);
    const auto* resource = std::get_if<ResourceType>(&found);
    if (!resource)
        return error(format("type index {} is not a resource type", index));
    builtin.resource = resource->id;
    if (builtin.builtin == Builtin::resource_drop)
        return {};
    const auto found_resource = std::ranges::lower_bound(scope.resources, resource->id, {}, &Resource::id);
    if (found_resource != scope.resources.end() && found_resource->id == resource->id &&
        std::holds_alternative<DefinedResource>(found_resource->origin))
        return {};
    return error(format("type {} is not a local resource", index));
}

Result<> Context::check_copy(Scope& scope, CanonBuiltin& builtin, ValueKind kind, bool reads, bool has_options)
{
    builtin.value = TRELLIS_TRY(async_type(scope, builtin, kind));
    if (!has_options)
        return {};
    builtin.options = TRELLIS_TRY(options(scope, builtin.written_options, row_of(builtin.builtin).name));
    builtin.is_async = builtin.options.is_async;
    const ValueTypeId element = (*arena)[builtin.value].element;
    if (element == no_type)
        return {};
    TRELLIS_TRY(need_memory(builtin.options));
    return reads && (*arena)[element].facts.has_pointer ? need_realloc(builtin.options) : Result<>();
}

Result<> Context::check_task_return(Scope& scope, CanonBuiltin& builtin)
{
    builtin.value = TRELLIS_TRY(resolve(scope, builtin.written_result));
    builtin.options = TRELLIS_TRY(options(scope, builtin.written_options, "task.return"));
    if (builtin.options.is_async)
        return error("cannot specify `async` option on `task.return`");
    if (builtin.options.realloc)
        return error("cannot specify `realloc` option on `task.return`");
    FlatTypes flat;
    bool has_pointer = false;
    if (builtin.value != no_type) {
        builtin.value = arena->canonical(builtin.value);
        flat = (*arena)[builtin.value].flat;
        has_pointer = (*arena)[builtin.value].facts.has_pointer;
    }
    if (has_pointer || !flat.fits(limits::flat_params))
        TRELLIS_TRY(need_memory(builtin.options));
    declare(scope, builtin.signature, {params_or_pointer(flat, limits::flat_params), {}});
    return {};
}

Result<> Context::check_context(Scope& scope, CanonBuiltin& builtin)
{
    const std::string_view name = row_of(builtin.builtin).name;
    if (builtin.context_slot > 1)
        return error(format("immediate must be zero or one: {}", builtin.context_slot));
    if (builtin.context_type == i64)
        return error(format("64-bit `{}` requires the component model 64-bit feature", name), ErrorCode::unsupported);
    if (builtin.context_type != i32)
        return error(format("`{}` only supports `i32` or `i64`", name));
    declare(scope, builtin.signature, builtin.builtin == Builtin::context_get ? Core{{}, {i32}} : Core{{i32}, {}});
    return {};
}

Result<> Context::check_new_thread(Scope& scope, CanonBuiltin& builtin)
{
    const CoreType found = TRELLIS_TRY(at(scope.spaces.core_types, builtin.function_type, "type"));
    const auto* defined = std::get_if<CoreDefinedType>(&found);
    if (!defined)
        return error("expected a core function type");
    builtin.thread_function = defined->types->canonical_types[number(defined->index)];
    if (!builtin.thread_function->is_function())
        return error("start type must be a function");
    if (builtin.thread_function->function() != Core{{i32}, {}})
        return error("start function must take a single `i32` argument and return nothing");
    const auto table = TRELLIS_TRY(at(scope.spaces.core_tables, builtin.table, "table"));
    const auto& type = std::get<TableType>(table.type);
    if (type.element != funcref)
        return error("start function table must be of type funcref");
    if (type.limits.is_64)
        return error("start function table must have 32-bit indices");
    return {};
}

Result<> Context::check(Scope& scope, CanonBuiltin& builtin)
{
    using enum BuiltinImmediates;
    const std::string_view name = row_of(builtin.builtin).name;
    const bool reads = name.ends_with("read");
    switch (row_of(builtin.builtin).immediates) {
    case resource:
        TRELLIS_TRY(check_resource(scope, builtin));
        break;
    case stream:
    case stream_async:
        TRELLIS_TRY(check_copy(scope, builtin, ValueKind::stream, reads, false));
        break;
    case future:
    case future_async:
        TRELLIS_TRY(check_copy(scope, builtin, ValueKind::future, reads, false));
        break;
    case stream_options:
        TRELLIS_TRY(check_copy(scope, builtin, ValueKind::stream, reads, true));
        break;
    case future_options:
        TRELLIS_TRY(check_copy(scope, builtin, ValueKind::future, reads, true));
        break;
    case result_options:
        return check_task_return(scope, builtin);
    case context:
        return check_context(scope, builtin);
    case BuiltinImmediates::options:
        builtin.options = TRELLIS_TRY(this->options(scope, builtin.written_options, name));
        TRELLIS_TRY(builtin.builtin == Builtin::error_context_new ? need_memory(builtin.options)
                                                                  : need_realloc(builtin.options));
        break;
    case cancellable_memory:
        TRELLIS_TRY(check_memory(scope, *builtin.options.memory));
        break;
    case function_table:
        TRELLIS_TRY(check_new_thread(scope, builtin));
        break;
    case none:
    case BuiltinImmediates::async:
    case cancellable:
        break;
    }
    declare(scope, builtin.signature, signature_of(builtin.builtin));
    return {};
}

} // namespace trellis::wasm::component
