// Everything about compiled code that depends on the processor: the ways in and out.
#include "wasm/native/artifact.hpp"
#include "wasm/native/runtime.hpp"
#include "wasm/native/unwind.hpp"

#include <cstddef>

namespace trellis::wasm::native {

static_assert(offsetof(Context, stacks) == 72 && offsetof(StackState, guest_stack) == 8);
static_assert(static_cast<int>(RuntimeFunction::poll) == 1 && static_cast<int>(RuntimeFunction::call_function) == 2);
static_assert(offsetof(ForeignCall, host) == 16 && offsetof(ForeignCall, host_context) == 24);
static_assert(offsetof(ForeignCall, store) == 32 && offsetof(ForeignCall, instance) == 40);
static_assert(offsetof(ForeignCall, last_trap) == 48);

std::string_view best_cpu()
{
    if (__builtin_cpu_supports("x86-64-v4"))
        return "x86-64-v4";
    return __builtin_cpu_supports("x86-64-v3") ? "x86-64-v3" : "x86-64-v2";
}

TRELLIS_NEVER_RETURNS void go_on_at(const Landing& landing, Ref exception)
{
    const auto& kept = landing.registers;
    asm volatile("movq (%[kept]), %%r15\n\t"
                 "movq 8(%[kept]), %%r14\n\t"
                 "movq 16(%[kept]), %%r13\n\t"
                 "movq 24(%[kept]), %%r12\n\t"
                 "movq 32(%[kept]), %%rbx\n\t"
                 "movq 40(%[kept]), %%rbp\n\t"
                 "movq %[stack], %%rsp\n\t"
                 "jmpq *%[pad]"
                 :
                 : [kept] "S"(&kept), [stack] "D"(landing.stack), [pad] "c"(landing.pad), "a"(exception), "d"(0)
                 : "memory");
    __builtin_unreachable();
}

// Registers that may hold references are pushed, so that the collector sees them, as LeftFrame has it. A poll gives
// back all general registers but r11, and pushes the return address once more, to where LeftFrame has it. Each entry
// has code of its own: a jump to what they share would be a fifth of what a call of the host costs.
asm(R"(
    .text
    .macro trellis_call_by_number number
    callq *8*\number+trellis_runtime_functions(%rip)
    .endm

    .macro trellis_call_foreign
    movq (%rsi), %rax
    leaq 8(%rsi), %rcx
    movq 24(%rax), %rdi
    movq 32(%rax), %rsi
    movq 40(%rax), %rdx
    movq 48(%rax), %r8
    movb $0, (%r8)
    callq *16(%rax)
    .endm

    .macro trellis_call_out beside_kept, call:vararg
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq 72(%rdi), %rax
    movq %rsp, %rbp
    movq %rsp, 8(%rax)
    movq (%rax), %rsp
    pushq %rdi
    pushq %rax
    \call
    testb %al, %al
    jne trellis_leave_with
    popq %rcx
    movq $0, 8(%rcx)
    movq %rbp, %rsp
    movq 40(%rsp), %rbp
    addq $48+\beside_kept, %rsp
    .endm

    .p2align 4
    .type trellis_leave_with, @function
trellis_leave_with:
    movq 8(%rsp), %rdi
    movzbl %al, %esi
    callq trellis_leave_native
    ud2
    .size trellis_leave_with, . - trellis_leave_with

    .p2align 4
    .type trellis_call_poll, @function
trellis_call_poll:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq 64(%rsp)
    trellis_call_out 8, trellis_call_by_number 1
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    retq
    .size trellis_call_poll, . - trellis_call_poll

    .p2align 7
    .globl trellis_runtime_entry
    .hidden trellis_runtime_entry
trellis_runtime_entry:
    .set trellis_runtime_number, 0
    .rept 64
    .p2align 7
    .if trellis_runtime_number == 1
    jmp trellis_call_poll
    .elseif trellis_runtime_number == 2
    trellis_call_out 0, trellis_call_foreign
    retq
    .else
    trellis_call_out 0, trellis_call_by_number trellis_runtime_number
    retq
    .endif
    .set trellis_runtime_number, trellis_runtime_number + 1
    .endr
    .size trellis_runtime_entry, . - trellis_runtime_entry
)");

// Stores what a landing takes back (guest_landing_x86_64.cpp), most of which a wrapper that returns has left as it was.
asm(R"(
    .text
    .p2align 6
    .globl trellis_enter_native
    .type trellis_enter_native, @function
trellis_enter_native:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    movq %rsp, (%rdi)
    movq 72(%rcx), %rax
    movq %rsp, (%rax)
    movq $0, 8(%rax)
    movq %rsp, %rbx
    movq %rsi, %rsp
    xorl %ebp, %ebp
    movq %rdx, %rax
    movq %rcx, %rdi
    movq %r8, %rsi
    movq %r9, %rdx
    callq *%rax
    movq %rbx, %rsp
    xorl %eax, %eax
    movq 40(%rsp), %rbx
    movq 48(%rsp), %rbp
    addq $56, %rsp
    retq
    .size trellis_enter_native, . - trellis_enter_native
)");

} // namespace trellis::wasm::native
