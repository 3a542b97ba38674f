#include "wasm/syntax/instruction.hpp"

#include "base/check.hpp"

namespace trellis::wasm {

const std::array<InstructionInfo, static_cast<std::size_t>(Op::count_)> instruction_table = {{
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape)                            \
    {text, prefix, code, signature, Immediate::immediate, Feature::feature, Shape::shape},
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
}};

namespace {

constexpr std::uint8_t not_an_access = 0xff;

constexpr std::uint8_t log2_of_bytes(unsigned bits)
{
    std::uint8_t log2 = 0;
    while ((8u << log2) < bits)
        ++log2;
    return log2;
}

/// The size is in the name: i32.load8_s, i64.atomic.rmw32.add_u, v128.load16x4_s, memory.atomic.wait64; without a
/// number behind the verb it is the size of the type in front.
constexpr std::uint8_t access_size_from_name(std::string_view text)
{
    for (std::string_view verb : {"load", "store", "rmw", "wait", "notify"}) {
        const std::size_t found = text.find(verb);
        if (found == std::string_view::npos)
            continue;
        unsigned bits = 0;
        std::size_t i = found + verb.size();
        for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i)
            bits = bits * 10 + static_cast<unsigned>(text[i] - '0');
        if (i < text.size() && text[i] == 'x')
            return log2_of_bytes(64); // half a vector, widened
        if (bits != 0)
            return log2_of_bytes(bits);
        if (text.starts_with("v128"))
            return log2_of_bytes(128);
        return log2_of_bytes(text[1] == '6' ? 64 : 32);
    }
    return not_an_access;
}

} // namespace

const std::array<std::uint8_t, static_cast<std::size_t>(Op::count_)> access_sizes_log2 = {{
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape)                            \
    Immediate::immediate == Immediate::memory_access || Immediate::immediate == Immediate::memory_access_lane          \
        ? access_size_from_name(text)                                                                                  \
        : not_an_access,
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
}};

} // namespace trellis::wasm
