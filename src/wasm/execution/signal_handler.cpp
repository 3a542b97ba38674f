#include "wasm/execution/signal_handler.hpp"

#include "base/check.hpp"
#include "wasm/execution/memory.hpp"

#include <csignal>
#include <cstdlib>
#include <sys/mman.h>
#include <ucontext.h>

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif

namespace {

/// Frames that are skipped leave marks in the address sanitizer's map of the stack.
void forget_frames([[maybe_unused]] const char* begin, [[maybe_unused]] const char* end)
{
#if __has_feature(address_sanitizer)
    __asan_unpoison_memory_region(begin, static_cast<std::size_t>(end - begin));
#endif
}

} // namespace

// Everything that depends on the processor: entering with a landing place, and the fault's registers.
#if defined(__x86_64__)

// trellis_enter_guest(rdi: where to keep the stack pointer, rsi: function, rdx: its argument). The landing is the place
// behind the call; the handler puts the result into eax and the kept stack pointer into rsp.
asm(R"(
    .text
    .p2align 4
    .globl trellis_enter_guest
    .type trellis_enter_guest, @function
trellis_enter_guest:
    .cfi_startproc
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r15, 0
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    movq %rsp, (%rdi)
    movq %rdx, %rdi
    callq *%rsi
    .globl trellis_guest_landing
    .hidden trellis_guest_landing
trellis_guest_landing:
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    popq %r15
    .cfi_adjust_cfa_offset -8
    popq %r14
    .cfi_adjust_cfa_offset -8
    popq %r13
    .cfi_adjust_cfa_offset -8
    popq %r12
    .cfi_adjust_cfa_offset -8
    popq %rbx
    .cfi_adjust_cfa_offset -8
    popq %rbp
    .cfi_adjust_cfa_offset -8
    retq
    .cfi_endproc
    .size trellis_enter_guest, . - trellis_enter_guest
)");

extern "C" const char trellis_guest_landing[];

namespace trellis::wasm {
namespace {

void leave_for_landing(GuestActivation& activation, ucontext_t& context, Trap trap)
{
    auto& registers = context.uc_mcontext.gregs;
    activation.pc = reinterpret_cast<const void*>(registers[REG_R12]);
    activation.frame = reinterpret_cast<Slot*>(registers[REG_R13]);
    activation.instruction = reinterpret_cast<const void*>(registers[REG_RIP]);
    activation.frame_pointer = reinterpret_cast<const void*>(registers[REG_RBP]);
    if (!activation.outside) // else these frames are on another stack
        forget_frames(reinterpret_cast<char*>(registers[REG_RSP]), static_cast<char*>(activation.landing_stack));
    registers[REG_RSP] = reinterpret_cast<greg_t>(activation.landing_stack);
    registers[REG_RIP] = reinterpret_cast<greg_t>(trellis_guest_landing);
    registers[REG_RAX] = static_cast<greg_t>(trap);
}

} // namespace

void leave_guest(const GuestActivation& activation, Trap trap)
{
    char here = 0;
    forget_frames(&here, static_cast<char*>(activation.landing_stack));
    asm volatile("movq %0, %%rsp\n\tjmp trellis_guest_landing"
                 :
                 : "r"(activation.landing_stack), "a"(static_cast<std::uint64_t>(trap))
                 : "memory");
    __builtin_unreachable();
}

} // namespace trellis::wasm

#else
#error "signal_handler.cpp: add trellis_enter_guest and leave_for_landing for this processor"
#endif

namespace trellis::wasm {

constinit thread_local GuestActivation* current_activation = nullptr;

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
    return activation.in_host || (activation.outside && *activation.outside);
}

/// What a fault of guest code at the address means; none: it is not the guest's.
Trap trap_of(const GuestActivation& activation, std::uintptr_t address)
{
    if (address - reinterpret_cast<std::uintptr_t>(activation.guard) < activation.guard_bytes)
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

void prepare_thread_for_guests()
{
    [[maybe_unused]] static const bool installed = install_handler();
    thread_local const SignalStack signal_stack;
}

} // namespace trellis::wasm
