#include "wasm/native/processor.hpp"

#include "base/format.hpp"
#include "wasm/native/artifact.hpp"

#include <cpuid.h>

namespace trellis::wasm::native {
namespace {

/// One leaf of CPUID: which registers of it say what the processor can do.
struct Leaf {
    unsigned number, part;
    std::array<bool, 4> wanted; ///< a, b, c, d
};

// Leaf 1, b has the core's number, 0xd, 1 b the size of what is in use.
constexpr std::array<Leaf, 6> leaves = {{
    {0, 0, {false, true, true, true}},           // vendor
    {1, 0, {true, false, true, true}},           // family, model and stepping; features
    {7, 0, {false, true, true, true}},           //
    {7, 1, {true, true, true, true}},            //
    {0xd, 1, {true, false, false, false}},       //
    {0x80000001, 0, {false, false, true, true}}, //
}};

} // namespace

std::string processor_identity()
{
    std::string text(best_cpu()); // knows what the system lets programs use
    for (const auto& leaf : leaves) {
        std::array<unsigned, 4> registers{};
        __get_cpuid_count(leaf.number, leaf.part, &registers[0], &registers[1], &registers[2], &registers[3]);
        for (std::size_t i = 0; i < registers.size(); ++i)
            if (leaf.wanted[i])
                text += format(" {:x}", registers[i]);
    }
    return text;
}

} // namespace trellis::wasm::native
