// The interpreter's internal code: a sequence of operations, each a handler's address and its operands inline. Made
// once per function and module, shared by all instances and threads; immutable once published.
//
// A frame is an array of slots: parameters (results are written over them), two words of header (return address, the
// caller's frame), locals, operands. A callee's frame begins at its first argument, among the caller's operands.
#pragma once

#include "wasm/execution/store.hpp"

#include <map>

#define TRELLIS_HANDLER __attribute__((preserve_none))
// What every handler has in registers: code pointer, frame, base of memory 0, instance, and two accumulators: one for
// integers and references, one for floats and vectors.
#define TRELLIS_STATE                                                                                                  \
    [[maybe_unused]] Code pc, [[maybe_unused]] Slot *fp, [[maybe_unused]] std::byte *mem,                              \
        [[maybe_unused]] Instance *inst, [[maybe_unused]] std::uint64_t acc, [[maybe_unused]] Vector vacc

namespace trellis::wasm::interpreter {

using Code = const std::byte*;
using Handler = TRELLIS_HANDLER Trap (*)(TRELLIS_STATE);

inline constexpr std::uint32_t header_slots = 2; ///< behind the parameters: return address, caller's frame

/// A range of a function's code inside a try block.
struct HandlerRegion {
    static constexpr std::uint32_t no_parent = ~0u;
    struct Clause {
        bool has_tag; ///< no: catches all
        std::uint32_t tag_index;
        bool with_reference;   ///< the exception itself is a value too
        std::uint32_t landing; ///< offset in the code
    };
    std::uint32_t begin, end; ///< offsets in the code
    std::uint32_t parent;     ///< where the search goes on when no clause matches
    std::uint32_t values;     ///< slot where the caught values are put
    std::uint32_t exception;  ///< slot that keeps the exception for rethrow, or no_parent
    std::vector<Clause> clauses;
};

struct FunctionCode {
    FuncIndex function;
    std::uint32_t parameter_slots;
    std::vector<std::byte> code;
    std::vector<HandlerRegion> regions; ///< inner ones before outer ones
};

/// How code is made; part of its identity.
struct CodeMode {
    bool metered = false;         ///< counts fuel
    bool guarded_memory0 = false; ///< memory 0 of the instance is guarded
    [[nodiscard]] std::size_t number() const { return metered * 2u + guarded_memory0; }
};

class ModuleCode;

/// Where a call finds its code: at first a stub that makes it.
struct FunctionEntry {
    std::atomic<Code> code;
    FuncIndex function;
    ModuleCode* module;
};

/// All code made of one module in one mode.
class ModuleCode {
public:
    ModuleCode(const Module& module, CodeMode mode);

    [[nodiscard]] const Module& module() const { return *module_; }
    [[nodiscard]] CodeMode mode() const { return mode_; }
    /// Of a defined function.
    FunctionEntry& entry(FuncIndex function) { return entries_[number(function) - module_->imported_functions]; }
    /// Makes the code of a function, if nobody has, and publishes it. Thread-safe.
    Code compile(FunctionEntry& entry);
    /// The function that an address of this module's code belongs to. Thread-safe, slow.
    const FunctionCode* find(Code address);
    /// The offset in the module's binary of the instruction that an offset in a function's code belongs to.
    std::uint32_t binary_offset(const FunctionCode& function, std::uint32_t code_offset);

private:
    const Module* module_;
    CodeMode mode_;
    std::unique_ptr<FunctionEntry[]> entries_;
    std::mutex mutex_;
    std::map<Code, FunctionCode, std::greater<>> functions_; ///< by first byte, descending
};

} // namespace trellis::wasm::interpreter
