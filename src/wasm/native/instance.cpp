#include "wasm/native/instance.hpp"

#include "wasm/execution/memory.hpp"
#include "wasm/native/runtime.hpp"

namespace trellis::wasm::native {

Result<std::shared_ptr<NativeInstance>> NativeInstance::make(Instance& instance, std::shared_ptr<const CodeImage> image)
{
    auto* const state = TRELLIS_TRY(state_of(*instance.store));
    return std::shared_ptr<NativeInstance>(new NativeInstance(instance, std::move(image), *state));
}

NativeInstance::NativeInstance(Instance& instance, std::shared_ptr<const CodeImage> image, StoreState& state)
    : image_(std::move(image))
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
                .stacks = &state.stack,
                .fuel = &instance.store->fuel,
                .tags = instance.tags,
                .instance = &instance};
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
        function.native_entry = callee.image().function(defined);
        function.native_context = &callee.context_;
        return {function.native_entry, function.native_context};
    }
    auto& binding = foreign_by_function_[&function];
    if (!binding.entry)
        binding = {image_->adapter(type), &foreign_.emplace_back(&function, &context_)};
    return binding;
}

} // namespace trellis::wasm::native
