#include "wasm/execution/guest_landing.hpp"

// trellis_enter_guest(x0: where to keep the stack pointer, x1: function, x2: its argument).
asm(R"(
    .text
    .p2align 4
    .globl trellis_enter_guest
    .type trellis_enter_guest, %function
trellis_enter_guest:
    .cfi_startproc
    stp x29, x30, [sp, #-160]!
    .cfi_adjust_cfa_offset 160
    .cfi_rel_offset x29, 0
    .cfi_rel_offset x30, 8
    mov x29, sp
    stp x19, x20, [sp, #16]
    .cfi_rel_offset x19, 16
    .cfi_rel_offset x20, 24
    stp x21, x22, [sp, #32]
    .cfi_rel_offset x21, 32
    .cfi_rel_offset x22, 40
    stp x23, x24, [sp, #48]
    .cfi_rel_offset x23, 48
    .cfi_rel_offset x24, 56
    stp x25, x26, [sp, #64]
    .cfi_rel_offset x25, 64
    .cfi_rel_offset x26, 72
    stp x27, x28, [sp, #80]
    .cfi_rel_offset x27, 80
    .cfi_rel_offset x28, 88
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    str x29, [x0]
    mov x0, x2
    blr x1
    .globl trellis_guest_landing
    .hidden trellis_guest_landing
trellis_guest_landing:
    ldp d14, d15, [sp, #144]
    ldp d12, d13, [sp, #128]
    ldp d10, d11, [sp, #112]
    ldp d8, d9, [sp, #96]
    ldp x27, x28, [sp, #80]
    ldp x25, x26, [sp, #64]
    ldp x23, x24, [sp, #48]
    ldp x21, x22, [sp, #32]
    ldp x19, x20, [sp, #16]
    ldp x29, x30, [sp], #160
    .cfi_def_cfa_offset 0
    ret
    .cfi_endproc
    .size trellis_enter_guest, . - trellis_enter_guest
)");

extern "C" const char trellis_guest_landing[];

namespace trellis::wasm {

/// No memory is guarded here (memory.hpp), so only compiled code faults, and code pointer and frame are not asked for.
void leave_for_landing(GuestActivation& activation, ucontext_t& context, Trap trap)
{
    auto& registers = context.uc_mcontext;
    activation.pc = reinterpret_cast<const void*>(registers.pc);
    activation.frame = reinterpret_cast<void*>(registers.regs[29]);
    if (!activation.stack) // else these frames are on another stack
        forget_frames(reinterpret_cast<char*>(registers.sp), static_cast<char*>(activation.landing_stack));
    registers.sp = reinterpret_cast<std::uintptr_t>(activation.landing_stack);
    registers.pc = reinterpret_cast<std::uintptr_t>(trellis_guest_landing);
    registers.regs[0] = static_cast<std::uint64_t>(trap);
}

TRELLIS_NEVER_RETURNS void leave_guest(const GuestActivation& activation, Trap trap)
{
    // This frame must have no variables in memory: the marks around them would stay.
    forget_frames(static_cast<char*>(__builtin_frame_address(0)), static_cast<char*>(activation.landing_stack));
    register std::uint64_t result asm("x0") = static_cast<std::uint64_t>(trap);
    asm volatile("mov sp, %0\n\tb trellis_guest_landing" : : "r"(activation.landing_stack), "r"(result) : "memory");
    __builtin_unreachable();
}

} // namespace trellis::wasm
