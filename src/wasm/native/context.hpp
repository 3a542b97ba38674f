// What compiled code and this program agree on: the words compiled code reads, and the functions it calls. Compiled
// code gets the context of its instance as its first argument. The layout is part of an artifact's identity: whoever
// changes it changes abi_version. Calling convention of compiled functions: LLVM's tailcc; the context, then the
// parameters in order; results as LLVM returns them (one value, or a structure), or, where they are more than
// most_direct_results, written to slots whose address is the last argument.
#pragma once

#include "wasm/execution/signal_handler.hpp"

namespace trellis::wasm::native {

inline constexpr std::uint32_t abi_version = 3;
inline constexpr std::size_t most_direct_results = 2;

enum class RuntimeFunction : std::uint32_t {
#define TRELLIS_RUNTIME(name) name,
#include "wasm/native/runtime_functions.def"
#undef TRELLIS_RUNTIME
    count_,
};

/// How to call a function that is not compiled code of the caller's own image.
struct CallBinding {
    void* entry = nullptr;
    void* context = nullptr; ///< first argument: a Context, or a ForeignCall
};

/// The first argument of an adapter: it puts the arguments into slots and calls RuntimeFunction::call_function.
struct ForeignCall {
    Function* function;
    struct Context* caller;
    HostFunction host; ///< what runs it, and how it is called:
    void* host_context;
    Store* store;
    Instance* instance;
    Trap* last_trap; ///< of the store: none before the call, so that a trap met inside is told from one of the host's
};

struct MemoryView {
    std::byte* base;
    const std::atomic<std::uint64_t>* size; ///< bytes accessible
};

struct Context {
    std::byte* memory0_base;
    const std::atomic<std::uintptr_t>* stack_limit; ///< 0: poll
    Slot** globals;                                 ///< addresses of the values
    const CallBinding* imports;
    Table** tables;
    const MemoryView* memories;
    Function** functions;
    const CanonicalType* const* types;
    const void* const* runtime; ///< by RuntimeFunction: called with the context and a frame
    StackState* stacks;
    std::uint64_t* fuel; ///< of the store
    Tag** tags;
    Instance* instance;
    const std::atomic<void*>* compiled; ///< by defined function: its entry; null: another tier runs it
};

} // namespace trellis::wasm::native
