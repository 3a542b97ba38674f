// An instance as compiled code sees it: the context, and what its words point to.
#pragma once

#include "wasm/native/module.hpp"
#include "wasm/native/stack.hpp"

#include <deque>
#include <unordered_map>

namespace trellis::wasm::native {

class NativeInstance {
public:
    /// Errors: limit (no stack for compiled code).
    static Result<std::shared_ptr<NativeInstance>> make(Instance& instance, std::shared_ptr<const NativeModule> module);

    [[nodiscard]] Context& context() { return context_; }
    [[nodiscard]] const NativeModule& module() const { return *module_; }
    /// How this instance calls the function, which is of the type of that index of its module.
    CallBinding bind(Function& function, TypeIndex type);

private:
    NativeInstance(Instance& instance, std::shared_ptr<const NativeModule> module, StoreState& state);

    std::shared_ptr<const NativeModule> module_;
    Context context_;
    std::vector<CallBinding> imports_;
    std::vector<MemoryView> memories_;
    std::deque<ForeignCall> foreign_;
    std::unordered_map<Function*, CallBinding> foreign_by_function_;
};

/// Of a guest's function.
inline TypeIndex type_in_module(const Function& function)
{
    return function.instance->module->function_types[number(function.index)];
}

/// Of an instance that the native tier prepared.
inline NativeInstance& native_of(const Instance& instance)
{
    return *static_cast<NativeInstance*>(instance.native.get());
}

} // namespace trellis::wasm::native
