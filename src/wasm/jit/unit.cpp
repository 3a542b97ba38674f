#include "wasm/jit/unit.hpp"

#include "base/check.hpp"
#include "wasm/binary/instruction_reader.hpp"

#include <algorithm>
#include <unordered_set>

namespace trellis::wasm::jit {
namespace {

void add_callees(const Module& module, std::uint32_t function, std::vector<std::uint32_t>& to)
{
    InstructionReader reader(module, module.functions[function].body);
    TRELLIS_CHECK(reader.read_locals().has_value()); // the module was validated
    Instruction in;
    while (!reader.at_end()) {
        TRELLIS_CHECK(reader.read(in).has_value());
        const bool direct = in.op == Op::call || in.op == Op::return_call;
        if (direct && in.index >= module.imported_functions)
            to.push_back(in.index - module.imported_functions);
    }
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
        std::vector<std::uint32_t> callees;
        add_callees(module, functions[next], callees);
        for (const auto one : callees) {
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

} // namespace trellis::wasm::jit
