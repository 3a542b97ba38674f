// The interpreter's internal code: a sequence of operations, each a handler's address and its operands inline. Made
// once per function and module, shared by all instances and threads; immutable once published.
//
// A frame is an array of slots: parameters (results are written over them), two words of header (return address, the
// caller's frame), locals, operands. A callee's frame begins at its first argument, among the caller's operands.
#pragma once

#include "wasm/execution/frame_layout.hpp"
#include "wasm/execution/store.hpp"

#include <map>
#include <unordered_map>

#define TRELLIS_HANDLER __attribute__((preserve_none))
// What every handler has in registers: code pointer, frame, base of memory 0, instance, and two accumulators: one for
// integers and references, one for floats and vectors.
#define TRELLIS_STATE                                                                                                  \
    [[maybe_unused]] Code pc, [[maybe_unused]] Slot *fp, [[maybe_unused]] std::byte *mem,                              \
        [[maybe_unused]] Instance *inst, [[maybe_unused]] std::uint64_t acc, [[maybe_unused]] Vector vacc

namespace trellis::wasm::interpreter {

using Code = const std::byte*;
using Handler = TRELLIS_HANDLER Trap (*)(TRELLIS_STATE);

inline constexpr std::uint32_t header_slots = frame_header_slots; ///< behind the parameters

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
    struct Loop {
        std::uint32_t code;   ///< offset where an iteration begins
        std::uint32_t binary; ///< offset of the loop instruction in the module's binary
    };
    std::vector<Loop> loops; ///< in order; of several at one place the last is the innermost
};

/// What another tier has made of a function, or of the rest of a function from the head of a loop on.
struct OtherCode {
    /// Called with the function's frame (execution/frame_layout.hpp), at its beginning only the parameters of which are
    /// made; writes the results over it.
    Trap (*run)(Instance& instance, const OtherCode& code, Slot* frame);
    void* code;  ///< for `run`
    void* entry; ///< for `run`
    std::uint32_t parameter_slots, result_slots;
};

/// How code is made; part of its identity.
struct CodeMode {
    bool metered = false;         ///< counts fuel
    bool guarded_memory0 = false; ///< memory 0 of the instance is guarded
    bool deterministic = false;   ///< NaNs that instructions generate are canonical
    [[nodiscard]] std::size_t number() const { return deterministic * 4u + metered * 2u + guarded_memory0; }
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
    ~ModuleCode();

    [[nodiscard]] const Module& module() const { return *module_; }
    [[nodiscard]] CodeMode mode() const { return mode_; }
    /// Of a defined function.
    FunctionEntry& entry(FuncIndex function) { return entries_[number(function) - module_->imported_functions]; }
    /// Makes the code of a function, if nobody has, and publishes it. Thread-safe.
    Code compile(FunctionEntry& entry);
    /// From now on calls of the function run other code. Thread-safe; loops that run go on.
    void replace(FuncIndex function, OtherCode other);
    /// From its next poll on, a frame that begins an iteration of a loop runs other code. `loop` is the offset of its
    /// instruction in the module's binary. False: at that place other code can't take over.
    bool replace_loop(FuncIndex function, std::uint32_t loop, OtherCode other);
    /// What runs in place of a loop, or null. Thread-safe.
    Code replacement_at(Code loop);
    /// The function that an address of this module's code belongs to. Thread-safe, slow.
    const FunctionCode* find(Code address);
    /// The offset in the module's binary of the instruction that an offset in a function's code belongs to.
    std::uint32_t binary_offset(const FunctionCode& function, std::uint32_t code_offset);

private:
    const Module* module_;
    CodeMode mode_;
    std::unique_ptr<FunctionEntry[]> entries_;
    std::mutex mutex_;
    /// Made if need be. With the lock.
    const FunctionCode& code_of(FuncIndex function);

    std::map<Code, FunctionCode, std::greater<>> functions_; ///< by first byte, descending
    std::unordered_map<FuncIndex, const FunctionCode*> own_code_;
    Code add_replacement(OtherCode other);
    struct Replacement; ///< one operation
    std::vector<std::unique_ptr<const Replacement>> replacements_;
    std::map<Code, Code> loops_; ///< which one runs in their place
};

} // namespace trellis::wasm::interpreter
