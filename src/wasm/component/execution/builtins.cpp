#include "wasm/component/execution/builtins.hpp"

#include "base/check.hpp"
#include "wasm/component/execution/builtin_call.hpp"

namespace trellis::wasm::component {
namespace {

const RunnableBuiltin& find_row(Builtin builtin)
{
    for (const auto rows :
         {resource_builtins(), task_builtins(), waitable_builtins(), copy_builtins(), thread_builtins()})
        if (const auto found = std::ranges::find(rows, builtin, &RunnableBuiltin::builtin); found != rows.end())
            return *found;
    TRELLIS_CHECK(false); // validation lets no other through
    return resource_builtins().front();
}

Trap run_builtin(void* context, Caller, Slot* frame)
{
    auto& builtin = *static_cast<BuiltinContext*>(context);
    BuiltinCall call{builtin, frame};
    const RunnableBuiltin& row = *builtin.row;
    if (row.checks_leave && !call.instance.may_leave)
        return call.trap("cannot leave component instance");
    return row.run(call);
}

} // namespace

Trap drop_resource(ComponentStore& store, ComponentInstance* caller, RuntimeResourceType& type, std::uint32_t rep)
{
    if (!type.instance) {
        if (type.drop)
            type.drop(type.context, rep);
        return Trap::none;
    }
    if (!type.instance->may_enter_from(caller))
        return store.trap("cannot enter component instance");
    if (!type.destructor)
        return Trap::none;
    return call_destructor(store, caller, type, rep);
}

CanonicalSide side_of(ComponentInstance& instance, const CanonicalOptions& options)
{
    CanonicalSide side{.instance = &instance, .encoding = options.encoding};
    if (options.memory)
        side.memory = instance.core_memories[static_cast<std::uint32_t>(*options.memory)];
    if (options.realloc)
        side.realloc = instance.core_functions[static_cast<std::uint32_t>(*options.realloc)];
    return side;
}

Function* make_builtin(ComponentInstance& instance, const CanonBuiltin& definition)
{
    auto context = std::make_shared<BuiltinContext>(&instance, &definition, side_of(instance, definition.options));
    context->row = &find_row(definition.builtin);
    switch (row_of(definition.builtin).immediates) {
    case BuiltinImmediates::resource:
        context->resource = instance.resource(definition.resource);
        break;
    case BuiltinImmediates::function_table:
        context->table = instance.core_tables[static_cast<std::uint32_t>(definition.table)];
        break;
    default:
        break;
    }
    instance.store.keep(context);
    return instance.store.core.make_host_function(definition.signature->function(), run_builtin, context.get());
}

} // namespace trellis::wasm::component
