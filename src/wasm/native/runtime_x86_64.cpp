// Everything about compiled code that depends on the processor: the ways in and out.
#include "wasm/native/artifact.hpp"
#include "wasm/native/runtime.hpp"
#include "wasm/native/unwind.hpp"

#include <cstddef>

namespace trellis::wasm::native {

static_assert(offsetof(Context, stacks) == 72 && offsetof(StackState, guest_stack) == 8);
static_assert(static_cast<int>(RuntimeFunction::poll) == 1);

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

// trellis_enter_native stores what a landing takes back (guest_landing_x86_64.cpp), most of which a wrapper that
// returns has left as it was. An entry puts the number of its function into r11. Registers that may hold references are
// pushed, so that the collector sees them. A poll gives back all general registers but r11, and pushes the return
// address once more, where LeftFrame has it.
asm(R"(
    .text
    .p2align 4
    .type trellis_call_runtime, @function
trellis_call_runtime:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq 72(%rdi), %r12
    movq %rdi, %r13
    movq %rsp, %rbx
    movq %rsp, 8(%r12)
    movq (%r12), %rsp
    leaq trellis_runtime_functions(%rip), %rax
    callq *(%rax,%r11,8)
    testb %al, %al
    jne 1f
    movq $0, 8(%r12)
    movq %rbx, %rsp
    movq 16(%rsp), %r13
    movq 24(%rsp), %r12
    movq 32(%rsp), %rbx
    addq $48, %rsp
    retq
1:
    movq %r13, %rdi
    movzbl %al, %esi
    callq trellis_leave_native
    ud2
    .size trellis_call_runtime, . - trellis_call_runtime

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
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq 72(%rdi), %r12
    movq %rdi, %r13
    movq %rsp, %rbx
    movq %rsp, 8(%r12)
    movq (%r12), %rsp
    callq *8+trellis_runtime_functions(%rip)
    testb %al, %al
    jne 1b
    movq $0, 8(%r12)
    movq %rbx, %rsp
    movq 16(%rsp), %r13
    movq 24(%rsp), %r12
    movq 32(%rsp), %rbx
    addq $56, %rsp
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

    .p2align 4
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
    .if trellis_runtime_number == 1
    jmp trellis_call_poll
    .endif
    movl $trellis_runtime_number, %r11d
    jmp trellis_call_runtime
    .set trellis_runtime_number, trellis_runtime_number + 1
    .endr
    .size trellis_runtime_entry, . - trellis_runtime_entry
)");

} // namespace trellis::wasm::native
