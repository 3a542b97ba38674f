#include "wasm/execution/guest_landing.hpp"

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

void leave_for_landing(GuestActivation& activation, ucontext_t& context, Trap trap)
{
    auto& registers = context.uc_mcontext.gregs;
    activation.pc = reinterpret_cast<const void*>(registers[activation.stack ? REG_RIP : REG_R12]);
    activation.frame = reinterpret_cast<void*>(registers[activation.stack ? REG_RBP : REG_R13]);
    if (!activation.stack) // else these frames are on another stack
        forget_frames(reinterpret_cast<char*>(registers[REG_RSP]), static_cast<char*>(activation.landing_stack));
    registers[REG_RSP] = reinterpret_cast<greg_t>(activation.landing_stack);
    registers[REG_RIP] = reinterpret_cast<greg_t>(trellis_guest_landing);
    registers[REG_RAX] = static_cast<greg_t>(trap);
}

TRELLIS_NEVER_RETURNS void leave_guest(const GuestActivation& activation, Trap trap)
{
    // This frame must have no variables in memory: the marks around them would stay.
    forget_frames(static_cast<char*>(__builtin_frame_address(0)), static_cast<char*>(activation.landing_stack));
    asm volatile("movq %0, %%rsp\n\tjmp trellis_guest_landing"
                 :
                 : "r"(activation.landing_stack), "a"(static_cast<std::uint64_t>(trap))
                 : "memory");
    __builtin_unreachable();
}

} // namespace trellis::wasm
