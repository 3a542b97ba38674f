// Which functions are compiled together.
#pragma once

#include "wasm/compiler/compiler.hpp"

namespace trellis::wasm::jit {

/// The functions and what they call directly, nearest first, as long as they are no more than so many bytes of the
/// module; `done` says which are compiled already. Sorted.
std::vector<std::uint32_t> with_callees(const Module& module, std::vector<std::uint32_t> functions,
                                        const std::vector<bool>& done, std::uint64_t most_bytes);

/// Ways into the loops of a defined function; but for those in a handler of legacy exceptions, which has the exception
/// in hand.
std::vector<compiler::LoopEntry> loops_of(const Module& module, std::uint32_t function);

} // namespace trellis::wasm::jit
