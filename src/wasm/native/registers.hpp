// Registers of the processor that this program runs on, as unwinding and the entries of runtime functions see them.
#pragma once

#include "wasm/native/context.hpp"

#include <array>

namespace trellis::wasm::native {

#if defined(__x86_64__)
inline constexpr std::size_t kept_registers = 5; ///< r15 r14 r13 r12 rbx
inline constexpr std::size_t runtime_entry_bytes = 128;
#elif defined(__aarch64__)
inline constexpr std::size_t kept_registers = 18; ///< d8 to d15, x19 to x28
inline constexpr std::size_t runtime_entry_bytes = 16;
#endif

/// Registers that a function gives back as it found them, in the order of CompiledModule::SavedRegisters.
struct KeptRegisters {
    std::array<std::uint64_t, kept_registers> values;
    const void* const* frame_pointer;
};

/// Where compiled code is while it is outside, from StackState::guest_stack: what the entry of a runtime function
/// pushes.
struct LeftFrame {
    KeptRegisters registers;
    const void* return_address;
};

} // namespace trellis::wasm::native
