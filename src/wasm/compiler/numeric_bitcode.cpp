#include "wasm/compiler/numeric_bitcode.hpp"

#define TAKE_IN(name, file)                                                                                            \
    asm(".section .rodata\n"                                                                                           \
        ".balign 16\n"                                                                                                 \
        ".hidden trellis_numeric_" #name "\n"                                                                          \
        ".globl trellis_numeric_" #name "\n"                                                                           \
        "trellis_numeric_" #name ":\n"                                                                                 \
        ".incbin \"" file "\"\n"                                                                                       \
        ".hidden trellis_numeric_" #name "_end\n"                                                                      \
        ".globl trellis_numeric_" #name "_end\n"                                                                       \
        "trellis_numeric_" #name "_end:\n"                                                                             \
        ".byte 0\n"                                                                                                    \
        ".text\n");                                                                                                    \
    extern "C" const char trellis_numeric_##name[], trellis_numeric_##name##_end[];

TAKE_IN(x86_64, NUMERIC_BITCODE_x86_64)
TAKE_IN(portable, NUMERIC_BITCODE_portable)

namespace trellis::wasm::compiler {

std::string_view numeric_bitcode_x86_64()
{
    return {trellis_numeric_x86_64, trellis_numeric_x86_64_end};
}

std::string_view numeric_bitcode_portable()
{
    return {trellis_numeric_portable, trellis_numeric_portable_end};
}

} // namespace trellis::wasm::compiler
