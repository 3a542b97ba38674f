// What Boost.Context declares and fiber.cpp uses, for builds whose system has the library for another processor only.
// A context that is not running is the registers a callee keeps, on its own stack, and where it goes on.
#include <boost/context/detail/fcontext.hpp>

#include <cstdint>

namespace {

constexpr unsigned frame_bytes = 176; // d8 to d15, x19 to x28, x29, x30, where it goes on

} // namespace

asm(R"(
    .text
    .p2align 4
    .globl jump_fcontext
    .type jump_fcontext, %function
jump_fcontext:
    sub sp, sp, #176
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
    str x30, [sp, #160]
    mov x9, sp
    mov sp, x0
    ldr x10, [sp, #160]
    ldp x29, x30, [sp, #144]
    ldp x27, x28, [sp, #128]
    ldp x25, x26, [sp, #112]
    ldp x23, x24, [sp, #96]
    ldp x21, x22, [sp, #80]
    ldp x19, x20, [sp, #64]
    ldp d14, d15, [sp, #48]
    ldp d12, d13, [sp, #32]
    ldp d10, d11, [sp, #16]
    ldp d8, d9, [sp]
    add sp, sp, #176
    mov x0, x9
    br x10
    .size jump_fcontext, . - jump_fcontext
)");

namespace boost::context::detail {

extern "C" fcontext_t make_fcontext(void* stack, std::size_t, void (*function)(transfer_t))
{
    const auto top = reinterpret_cast<std::uintptr_t>(stack) & ~std::uintptr_t(15);
    auto* const frame = reinterpret_cast<std::uint64_t*>(top - frame_bytes);
    for (unsigned i = 0; i < frame_bytes / sizeof *frame; ++i)
        frame[i] = 0; // the frame chain ends here, and nothing is behind the function
    frame[160 / sizeof *frame] = reinterpret_cast<std::uintptr_t>(function);
    return frame;
}

} // namespace boost::context::detail
