// Which functions are compiled together.
#pragma once

#include "wasm/compiler/compiler.hpp"

namespace trellis::wasm::jit {

struct UnitLimits {
    std::uint64_t unit_bytes = 32 * 1024; ///< of the module, all together; the functions themselves in any case
    std::uint64_t callee_bytes = 1024;    ///< a larger callee is compiled when it is hot itself
};

/// The functions and the small ones that they call directly, which may be inlined, nearest first; `done` says which are
/// compiled already. Sorted.
std::vector<std::uint32_t> with_callees(const Module& module, std::vector<std::uint32_t> functions,
                                        const std::vector<bool>& done, UnitLimits limits);

/// Ways into the loops of a defined function; but for those in a handler of legacy exceptions, which has the exception
/// in hand.
std::vector<compiler::LoopEntry> loops_of(const Module& module, std::uint32_t function);

} // namespace trellis::wasm::jit
