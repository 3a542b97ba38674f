#include "wasm/jit/unit.hpp"

#include "base/check.hpp"
#include "wasm/binary/instruction_reader.hpp"

#include <algorithm>
#include <unordered_set>

namespace trellis::wasm::jit {
namespace {

/// Of a function of a module that was validated.
template <class Visit>
void for_each_instruction(const Module& module, std::uint32_t function, Visit visit)
{
    InstructionReader reader(module, module.functions[function].body);
    TRELLIS_CHECK(reader.read_locals().has_value());
    Instruction in;
    while (!reader.at_end()) {
        TRELLIS_CHECK(reader.read(in).has_value());
        visit(in);
    }
}

std::vector<std::uint32_t> callees_of(const Module& module, std::uint32_t function)
{
    std::vector<std::uint32_t> callees;
    for_each_instruction(module, function, [&](const Instruction& in) {
        const bool direct = in.op == Op::call || in.op == Op::return_call;
        if (direct && in.index >= module.imported_functions)
            callees.push_back(in.index - module.imported_functions);
    });
    return callees;
}

} // namespace

std::vector<std::uint32_t> with_callees(const Module& module, std::vector<std::uint32_t> functions,
                                        const std::vector<bool>& done, std::uint64_t most_bytes)
{
    std::unordered_set<std::uint32_t> seen(functions.begin(), functions.end());
    std::uint64_t bytes = 0;
    for (const auto one : functions)
        bytes += module.functions[one].body.size;
    for (std::size_t next = 0; next < functions.size() && bytes < most_bytes; ++next) {
        for (const auto one : callees_of(module, functions[next])) {
            const auto size = module.functions[one].body.size;
            if (done[one] || bytes + size > most_bytes || !seen.insert(one).second)
                continue;
            bytes += size;
            functions.push_back(one);
        }
    }
    std::ranges::sort(functions);
    return functions;
}

std::vector<compiler::LoopEntry> loops_of(const Module& module, std::uint32_t function)
{
    std::vector<compiler::LoopEntry> loops;
    for_each_instruction(module, function, [&](const Instruction& in) {
        if (in.op == Op::loop)
            loops.push_back({function, in.offset});
    });
    return loops;
}

} // namespace trellis::wasm::jit
