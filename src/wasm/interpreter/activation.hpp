// What runs now: where the interpreter notes its position before it calls out, so that backtraces, the collector and
// the search for an exception's handler find the frames.
#pragma once

#include "wasm/execution/guest_stack.hpp"
#include "wasm/execution/signal_handler.hpp"
#include "wasm/interpreter/code.hpp"

namespace trellis::wasm::interpreter {

/// One call from C++ into this tier; lives on the native stack.
struct Activation : GuestActivation {
    explicit Activation(Store& owner);
    [[nodiscard]] Slot* slots() const { return static_cast<Slot*>(frame); }
    Instance* instance = nullptr;
    Function* tail_call =
        nullptr; ///< to be called next, in place of the outermost (or last) frame, arguments in its slots
};

/// GuestActivation::AddFrames of this tier.
void add_interpreted_frames(const GuestActivation& one, std::vector<BacktraceFrame>& frames);

inline void publish(Instance& instance, Code pc, Slot* fp)
{
    auto& activation = *static_cast<Activation*>(current_activation);
    activation.pc = pc;
    activation.frame = fp;
    activation.instance = &instance;
}
inline void publish(Instance& instance, Code pc, Slot* fp, Slot* top)
{
    publish(instance, pc, fp);
    instance.store->stack->top = top;
}

/// The code of a function of this tier, found once and kept in the function.
FunctionEntry* bind(Function& function);
inline FunctionEntry* entry_of(Function& function)
{
    return function.code ? static_cast<FunctionEntry*>(function.code) : bind(function);
}

/// Address of the operation that outermost frames return to.
std::uint64_t exit_address();

inline void leave_tail_call(Instance&, Function& function)
{
    static_cast<Activation*>(current_activation)->tail_call = &function;
}

/// To be returned by OtherCode::run: the function is called in place of the frame that it was given.
Trap tail_call(Function& function, std::span<const Slot> arguments, Slot* frame);

/// Looks for a handler of the store's pending exception in this activation, innermost frame first. If there is one, its
/// values are in their slots and code pointer and frame are where it begins. Otherwise: uncaught_exception, or what an
/// interruption during the search asks for; frames may be many, with many handlers each.
Trap unwind(Instance& instance, Code& pc, Slot*& fp);

} // namespace trellis::wasm::interpreter
