#include "wasm/syntax/instruction.hpp"

namespace trellis::wasm {

const std::array<InstructionInfo, static_cast<std::size_t>(Op::count_)> instruction_table = {{
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape)                            \
    {text, prefix, code, signature, Immediate::immediate, Feature::feature, Shape::shape},
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
}};

} // namespace trellis::wasm
