// From a throw to the handler: compiled frames are chained by the frame pointer; what registers a function saved, and
// where a call inside a try block lands, is in its image. No cost where nothing is thrown.
#pragma once

#include "wasm/native/instance.hpp"
#include "wasm/native/registers.hpp"

namespace trellis::wasm::native {

/// Where compiled code goes on.
struct Landing {
    const void* pad = nullptr;
    const void* stack = nullptr; ///< stack pointer
    KeptRegisters registers{};
};

/// The innermost handler of the compiled frames that were left at `guest_stack`, up to where C++ entered; no pad: there
/// is none. Notes in the store's state what it passes.
Landing find_landing(Store& store, const void* guest_stack);

/// An instance of the store that has the code the address is in, and the code; or nulls.
struct CodePlace {
    const Instance* instance = nullptr;
    const CodeImage* image = nullptr;
};
CodePlace code_at(const Store& store, const void* address);

/// Whether the function that the compiled frames were left from is the outermost of its entry.
bool is_outermost(const Store& store, const void* guest_stack);

/// Goes on there with the exception; runtime_PROCESSOR.cpp.
[[noreturn]] void go_on_at(const Landing& landing, Ref exception);

} // namespace trellis::wasm::native
