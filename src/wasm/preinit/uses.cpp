#include "wasm/preinit/uses.hpp"

#include "base/check.hpp"
#include "wasm/binary/instruction_reader.hpp"

#include <algorithm>

namespace trellis::wasm {
namespace {

void note(const Instruction& instruction, Uses& uses)
{
    const auto immediate = info(instruction.op).immediate;
    if (instruction.op == Op::ref_func)
        uses.functions[instruction.index] = true;
    else if (immediate == Immediate::data || immediate == Immediate::data_memory)
        uses.data_segments = std::max(uses.data_segments, instruction.index + 1);
    else if (immediate == Immediate::type_data)
        uses.data_segments = std::max(uses.data_segments, instruction.index2 + 1);
}

} // namespace

Uses uses_of_bodies(const Module& module)
{
    Uses uses{std::vector<bool>(module.function_types.size())};
    InstructionReader reader(module, {});
    Instruction instruction;
    for (const auto& function : module.functions) {
        reader.restart(function.body);
        TRELLIS_CHECK(reader.read_locals().has_value()); // it was validated
        while (!reader.at_end()) {
            TRELLIS_CHECK(reader.read(instruction).has_value());
            note(instruction, uses);
        }
    }
    return uses;
}

} // namespace trellis::wasm
