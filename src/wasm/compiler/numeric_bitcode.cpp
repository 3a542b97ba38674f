#include "wasm/compiler/numeric_bitcode.hpp"

asm(R"(
    .section .rodata
    .balign 16
    .globl trellis_numeric_bitcode
    .hidden trellis_numeric_bitcode
trellis_numeric_bitcode:
    .incbin ")" TRELLIS_NUMERIC_BITCODE R"("
    .globl trellis_numeric_bitcode_end
    .hidden trellis_numeric_bitcode_end
trellis_numeric_bitcode_end:
    .byte 0
    .text
)");

namespace trellis::wasm::compiler {

extern "C" const char trellis_numeric_bitcode[], trellis_numeric_bitcode_end[];

std::string_view numeric_bitcode()
{
    return {trellis_numeric_bitcode, trellis_numeric_bitcode_end};
}

} // namespace trellis::wasm::compiler
