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
                                        const std::vector<bool>& done, UnitLimits limits)
{
    std::unordered_set<std::uint32_t> seen(functions.begin(), functions.end());
    std::uint64_t bytes = 0;
    for (const auto one : functions)
        bytes += module.functions[one].body.size;
    for (std::size_t next = 0; next < functions.size() && bytes < limits.unit_bytes; ++next) {
        for (const auto one : callees_of(module, functions[next])) {
            const auto size = module.functions[one].body.size;
            if (done[one] || size > limits.callee_bytes || bytes + size > limits.unit_bytes || !seen.insert(one).second)
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
    std::vector<bool> is_handler; ///< by open block
    std::size_t handlers = 0;
    for_each_instruction(module, function, [&](const Instruction& in) {
        const auto block = info(in.op).immediate;
        if (in.op == Op::loop && handlers == 0)
            loops.push_back({function, in.offset});
        if (block == Immediate::block || block == Immediate::try_table)
            is_handler.push_back(false);
        else if (in.op == Op::catch_ || in.op == Op::catch_all) {
            handlers += !is_handler.back();
            is_handler.back() = true;
        } else if ((in.op == Op::end || in.op == Op::delegate) && !is_handler.empty()) {
            handlers -= is_handler.back();
            is_handler.pop_back();
        }
    });
    return loops;
}

} // namespace trellis::wasm::jit
