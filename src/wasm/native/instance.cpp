#include "wasm/native/instance.hpp"

#include "wasm/execution/memory.hpp"
#include "wasm/native/runtime.hpp"

namespace trellis::wasm::native {

Result<std::shared_ptr<NativeInstance>> NativeInstance::make(Instance& instance,
                                                             std::shared_ptr<const NativeModule> module)
{
    auto* const state = TRELLIS_TRY(state_of(*instance.store));
    return std::shared_ptr<NativeInstance>(new NativeInstance(instance, std::move(module), *state));
}

NativeInstance::NativeInstance(Instance& instance, std::shared_ptr<const NativeModule> own, StoreState& state)
    : module_(std::move(own))
{
    for (const auto* memory : instance.memory_list)
        memories_.push_back({memory->base(), &memory->size_word()});
    context_ = {.memory0_base = instance.memory0_base,
                .stack_limit = instance.stack_limit,
                .globals = instance.globals,
                .imports = nullptr,
                .tables = instance.tables,
                .memories = memories_.data(),
                .functions = instance.functions,
                .types = instance.types,
                .runtime = runtime_entries(),
                .stacks = &state,
                .fuel = &instance.store->fuel,
                .tags = instance.tags,
                .instance = &instance,
                .compiled = module_->functions()};
    const auto& module = *instance.module;
    for (std::uint32_t i = 0; i < module.imported_functions; ++i)
        imports_.push_back(bind(*instance.functions[i], module.function_types[i]));
    context_.imports = imports_.data();
}

CallBinding NativeInstance::bind(Function& function, TypeIndex type)
{
    if (function.instance && function.instance->native) {
        auto& callee = native_of(*function.instance);
        const auto defined = number(function.index) - function.instance->module->imported_functions;
        if (void* const entry = callee.module().function(defined)) {
            function.native_entry = entry;
            function.native_context = &callee.context_;
            function.native_wrapper = callee.module().wrapper(type_in_module(function));
            return {entry, &callee.context_};
        }
    }
    auto& binding = foreign_by_function_[&function];
    if (!binding.entry) {
        auto& instance = *context_.instance;
        auto& call = foreign_.emplace_back(&function, &context_, function.host, function.context, instance.store,
                                           &instance, &instance.store->last_trap.trap);
        if (!function.host) {
            call.host = call_elsewhere;
            call.host_context = &function;
        }
        binding = {module_->adapter(type), &call};
    }
    return binding;
}

} // namespace trellis::wasm::native
