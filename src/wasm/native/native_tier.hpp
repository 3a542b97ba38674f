// The native tier runs compiled code, wherever it comes from; it knows no compiler. Alone, it runs modules that were
// compiled as a whole before their first instance was made; wasm/jit mixes it with another tier.
#pragma once

#include "wasm/native/module.hpp"

namespace trellis::wasm {

extern const Tier native_tier;

namespace native {

/// Compiled code of the module; made when first asked for. Any thread.
NativeModule& native_module(const Module& module);
void attach(const Module& module, std::shared_ptr<const CodeImage> image);
/// Whether that has been done.
bool has_code(const Module& module);

/// Makes an instance ready for compiled code, of which there is some. Errors: limit.
Result<> prepare(Instance& instance);
/// Calls a function that is compiled, of an instance that is ready; `frame` as for Tier::call. Where it ends in a tail
/// call of a function that another tier runs, there are no results yet: see take_tail_call.
Trap call(Function& function, Slot* frame);
/// Enters code of an instance that is ready: a wrapper with the function's entry, or a way into a loop, which has none.
Trap enter(Instance& instance, void* code, void* entry, Slot* frame);

/// What is to be called next, if the code that was just entered ended so.
struct TailCall {
    Function* function = nullptr;
    std::span<const Slot> arguments; ///< until compiled code runs again
};
TailCall take_tail_call(Store& store);

} // namespace native
} // namespace trellis::wasm
