// Everything about compiled code that depends on the processor: the ways in and out.
#include "wasm/native/artifact.hpp"
#include "wasm/native/runtime.hpp"
#include "wasm/native/unwind.hpp"

#include <cstddef>

namespace trellis::wasm::native {

static_assert(offsetof(Context, stacks) == 72 && offsetof(StackState, guest_stack) == 8);
static_assert(sizeof(LeftFrame) == 160 && offsetof(LeftFrame, return_address) == 152);

std::string_view best_cpu()
{
    return "aarch64";
}

TRELLIS_NEVER_RETURNS void go_on_at(const Landing& landing, Ref exception)
{
    register std::uint64_t result asm("x0") = exception;
    register const void* pad asm("x2") = landing.pad;
    register const void* stack asm("x3") = landing.stack;
    register const KeptRegisters* kept asm("x4") = &landing.registers;
    asm volatile("ldp d8, d9, [x4]\n\t"
                 "ldp d10, d11, [x4, #16]\n\t"
                 "ldp d12, d13, [x4, #32]\n\t"
                 "ldp d14, d15, [x4, #48]\n\t"
                 "ldp x19, x20, [x4, #64]\n\t"
                 "ldp x21, x22, [x4, #80]\n\t"
                 "ldp x23, x24, [x4, #96]\n\t"
                 "ldp x25, x26, [x4, #112]\n\t"
                 "ldp x27, x28, [x4, #128]\n\t"
                 "ldr x29, [x4, #144]\n\t"
                 "mov x1, xzr\n\t"
                 "mov sp, x3\n\t"
                 "br x2"
                 :
                 : "r"(result), "r"(pad), "r"(stack), "r"(kept)
                 : "memory");
    __builtin_unreachable();
}

// trellis_enter_native stores what a landing takes back (guest_landing_aarch64.cpp), most of which a wrapper that
// returns has left as it was.
// An entry puts the number of its function into x16. All registers of LeftFrame are stored: exceptions give them back,
// and some may hold references, which the collector sees there.
asm(R"(
    .text
    .p2align 4
    .type trellis_call_runtime, %function
trellis_call_runtime:
    sub sp, sp, #160
    stp d8, d9, [sp]
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
    stp x19, x20, [sp, #64]
    stp x21, x22, [sp, #80]
    stp x23, x24, [sp, #96]
    stp x25, x26, [sp, #112]
    stp x27, x28, [sp, #128]
    stp x29, x30, [sp, #144]
    ldr x19, [x0, #72]
    mov x20, x0
    mov x21, sp
    str x21, [x19, #8]
    ldr x9, [x19]
    mov sp, x9
    adrp x9, trellis_runtime_functions
    add x9, x9, :lo12:trellis_runtime_functions
    ldr x9, [x9, x16, lsl #3]
    blr x9
    ands w1, w0, #0xff
    b.ne 1f
    str xzr, [x19, #8]
    mov sp, x21
    ldp x19, x20, [sp, #64]
    ldr x21, [sp, #80]
    ldp x29, x30, [sp, #144]
    add sp, sp, #160
    ret
1:
    mov x0, x20
    bl trellis_leave_native
    brk #1
    .size trellis_call_runtime, . - trellis_call_runtime

    .p2align 4
    .globl trellis_enter_native
    .type trellis_enter_native, %function
trellis_enter_native:
    stp x29, x30, [sp, #-160]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    ldr x9, [x3, #72]
    mov x19, sp
    str x19, [x0]
    str x19, [x9]
    str xzr, [x9, #8]
    mov sp, x1
    mov x29, xzr
    mov x9, x2
    mov x0, x3
    mov x1, x4
    mov x2, x5
    blr x9
    mov sp, x19
    mov w0, wzr
    ldr x19, [sp, #16]
    ldp x29, x30, [sp], #160
    ret
    .size trellis_enter_native, . - trellis_enter_native
)");

// One entry every 16 bytes.
asm(R"(
    .text
    .p2align 4
    .globl trellis_runtime_entry
    .hidden trellis_runtime_entry
trellis_runtime_entry:
    .set trellis_runtime_number, 0
    .rept 64
    .p2align 4
    mov x16, #trellis_runtime_number
    b trellis_call_runtime
    .set trellis_runtime_number, trellis_runtime_number + 1
    .endr
    .size trellis_runtime_entry, . - trellis_runtime_entry
)");

} // namespace trellis::wasm::native
