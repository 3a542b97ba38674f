#include "wasm/execution/signal_handler.hpp"

#include "base/check.hpp"
#include "wasm/execution/guest_landing.hpp"
#include "wasm/execution/memory.hpp"

#include <csignal>
#include <cstdlib>
#include <sys/mman.h>

namespace trellis::wasm {

constinit thread_local GuestActivation* current_activation = nullptr;
constinit thread_local bool thread_is_prepared = false;

namespace {

struct sigaction previous_segv, previous_bus;

/// Runs on the faulting thread, in the middle of guest code: the store's list of memories is at rest. Others than
/// guarded ones are checked: a fault there is a check that is missing.
bool is_guarded_memory(const Store& store, std::uintptr_t address)
{
    for (const auto& memory : store.memories) {
        const auto base = reinterpret_cast<std::uintptr_t>(memory->base());
        if (memory->is_guarded() && address - base < memory->reserved())
            return true;
    }
    return false;
}

bool is_outside(const GuestActivation& activation)
{
    return activation.in_host || (activation.stack && activation.stack->guest_stack);
}

/// What a fault of guest code at the address means; none: it is not the guest's.
Trap trap_of(const GuestActivation& activation, std::uintptr_t address)
{
    const auto* const stack = activation.stack;
    if (stack && address - reinterpret_cast<std::uintptr_t>(stack->guard) < stack->guard_bytes)
        return Trap::call_stack_exhausted;
    return is_guarded_memory(*activation.store, address) ? Trap::out_of_bounds_memory_access : Trap::none;
}

void pass_on(int signal, siginfo_t* info, void* context)
{
    const auto& previous = signal == SIGSEGV ? previous_segv : previous_bus;
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
        // Going back to the faulting instruction ends the process the way it would have ended without us.
        struct sigaction standard = {};
        standard.sa_handler = SIG_DFL;
        sigaction(signal, &standard, nullptr);
    } else {
        previous.sa_handler(signal);
    }
}

void handle_fault(int signal, siginfo_t* info, void* context)
{
    auto* activation = current_activation;
    const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    const bool is_fault = info->si_code > 0; // not sent by kill()
    const auto trap = is_fault && activation && !is_outside(*activation) ? trap_of(*activation, address) : Trap::none;
    if (!failed(trap))
        return pass_on(signal, info, context);
    activation->fault_address = address;
    leave_for_landing(*activation, *static_cast<ucontext_t*>(context), trap);
}

bool install_handler()
{
    struct sigaction action = {};
    action.sa_sigaction = handle_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    TRELLIS_CHECK(sigaction(SIGSEGV, &action, &previous_segv) == 0);
    TRELLIS_CHECK(sigaction(SIGBUS, &action, &previous_bus) == 0);
    return true;
}

/// The signal stack of a thread that had none; goes with the thread.
class SignalStack {
public:
    SignalStack()
    {
        stack_t now = {};
        TRELLIS_CHECK(sigaltstack(nullptr, &now) == 0);
        if (!(now.ss_flags & SS_DISABLE))
            return;
        memory_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        TRELLIS_CHECK(memory_ != MAP_FAILED);
        stack_t own = {};
        own.ss_sp = memory_;
        own.ss_size = bytes;
        TRELLIS_CHECK(sigaltstack(&own, nullptr) == 0);
    }
    ~SignalStack()
    {
        if (!memory_)
            return;
        stack_t none = {};
        none.ss_flags = SS_DISABLE;
        sigaltstack(&none, nullptr);
        munmap(memory_, bytes);
    }

private:
    static constexpr std::size_t bytes = 64 * 1024;
    void* memory_ = nullptr;
};

} // namespace

void report_trap(const GuestActivation& activation, Trap trap)
{
    auto& last = activation.store->last_trap;
    if (trap == Trap::exit || last.trap == trap)
        return;
    last = {trap, {}};
    for (const auto* one = &activation; one && last.backtrace.size() < most_backtrace_frames; one = one->previous)
        if (one->store == activation.store)
            one->add_frames(*one, last.backtrace);
}

[[clang::preserve_most]] void prepare_thread_for_guests()
{
    [[maybe_unused]] static const bool installed = install_handler();
    thread_local const SignalStack signal_stack;
    thread_is_prepared = true;
}

} // namespace trellis::wasm
