// Compiled code of one module, mapped: position independent, shared by all its instances on any thread. No page is ever
// writable and executable.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wasm/native/code_memory.hpp"
#include "wasm/native/context.hpp"

#include <array>
#include <functional>
#include <mutex>
#include <string>

namespace trellis::wasm::native {

/// Of any processor: how many registers a callee gives back, but for stack and frame pointer.
inline constexpr std::size_t most_kept_registers = 18;

/// What was chosen when code was made.
struct CodeMode {
    bool guarded_memory0 = false; ///< accesses to memory 0 are not checked: it has to be guarded
    bool counts_fuel = false;     ///< as StoreLimits::fuel says; else it can't be limited
    bool deterministic = false;   ///< as StoreLimits::deterministic says

    static constexpr unsigned count = 8; ///< of modes
    static CodeMode from_number(unsigned number) { return {(number & 1) != 0, (number & 2) != 0, (number & 4) != 0}; }
    /// One line for each choice.
    [[nodiscard]] std::string describe() const;
};

/// What the compiler makes: code, and where in it what is. Offsets are from the start of the code.
struct CompiledModule {
    static constexpr std::uint32_t absent = ~0u;
    static constexpr std::uint32_t unknown = absent - 1; ///< of lines

    std::vector<std::byte> code;
    CodeMode mode;
    std::vector<std::uint32_t> functions; ///< entry of each defined function, or absent
    std::vector<std::uint32_t> wrappers;  ///< by type index: calls compiled code with slots; or absent
    std::vector<std::uint32_t> adapters;  ///< by type index: called by compiled code, calls out with slots; or absent
    /// Where instructions of the module are: sorted by code offset; each row reaches to the next.
    struct Line {
        std::uint32_t code;
        std::uint32_t module; ///< offset in the module's binary; or unknown; or absent: not to be seen in backtraces
    };
    std::vector<Line> lines;
    /// Which code was compiled into its caller: sorted by code offset; each row reaches to the next.
    struct Inlined {
        std::uint32_t code;
        std::uint32_t call; ///< the innermost, in inlined_calls, or absent
    };
    std::vector<Inlined> inlined;
    /// A call in place of which its callee's code stands.
    struct InlinedCall {
        std::uint32_t callee; ///< defined function
        std::uint32_t module; ///< offset of the call in the module's binary
        std::uint32_t around; ///< the call into which this one was inlined itself: before it in the list; or absent
    };
    std::vector<InlinedCall> inlined_calls;
    /// Where a function keeps the registers that it gives back as it found them, in bytes from the frame pointer; 0:
    /// not saved. The order of the registers: native/unwind.hpp.
    struct SavedRegisters {
        std::array<std::int16_t, most_kept_registers> offsets{};
        std::int16_t caller_stack = 0; ///< the caller's stack pointer, likewise
        friend bool operator==(const SavedRegisters&, const SavedRegisters&) = default;
    };
    std::vector<SavedRegisters> saved_registers; ///< each kind once
    /// All functions, wrappers and adapters too, sorted.
    struct Frame {
        std::uint32_t begin, end; ///< of the function
        std::uint32_t saved;      ///< in saved_registers
    };
    std::vector<Frame> frames;
    /// Calls inside a try block, by return address (sorted): where an exception is dealt with.
    struct Landing {
        std::uint32_t begin, end; ///< of the call instructions
        std::uint32_t pad;
    };
    std::vector<Landing> landings;
    /// Ways into the middle of a function, for on-stack replacement; called like a wrapper, with the frame of the
    /// interpreter (execution/frame_layout.hpp): results are written over it.
    struct LoopEntry {
        std::uint32_t function; ///< defined
        std::uint32_t loop;     ///< offset of the loop instruction in the module's binary
        std::uint32_t code;
    };
    std::vector<LoopEntry> loops;
};

/// The tables that running code needs, wherever they are kept.
struct CodeTables {
    std::span<const std::uint32_t> functions, wrappers, adapters;
    std::span<const CompiledModule::SavedRegisters> saved_registers;
    std::span<const CompiledModule::Frame> frames;
    std::span<const CompiledModule::Landing> landings;
};
CodeTables tables_of(const CompiledModule& compiled);

/// The tables that only backtraces need: read when there is one.
struct TraceTables {
    std::vector<CompiledModule::Line> lines;
    std::vector<CompiledModule::Inlined> inlined;
    std::vector<CompiledModule::InlinedCall> inlined_calls;
};

class CodeImage {
public:
    /// Maps the code. Errors: limit.
    static Result<std::shared_ptr<const CodeImage>> map(CompiledModule compiled);
    /// Code that is in memory already and sealed, from `code` on to its end, behind its tables.
    static std::shared_ptr<const CodeImage> take(CodeMemory memory, std::size_t code, const CodeTables& tables,
                                                 CodeMode mode, std::function<TraceTables()> read_trace_tables);
    CodeImage(const CodeImage&) = delete;
    CodeImage& operator=(const CodeImage&) = delete;

    [[nodiscard]] void* function(std::uint32_t defined) const { return at(tables_.functions[defined]); }
    [[nodiscard]] void* wrapper(TypeIndex type) const { return at(tables_.wrappers[number(type)]); }
    [[nodiscard]] void* adapter(TypeIndex type) const { return at(tables_.adapters[number(type)]); }

    [[nodiscard]] const std::vector<CompiledModule::LoopEntry>& loops() const { return compiled_.loops; }
    [[nodiscard]] void* loop(const CompiledModule::LoopEntry& entry) const { return at(entry.code); }

    [[nodiscard]] const CodeTables& tables() const { return tables_; }
    [[nodiscard]] const CodeMode& mode() const { return mode_; }
    [[nodiscard]] bool needs_guarded_memory0() const { return mode_.guarded_memory0; }

    /// What it was made of.
    [[nodiscard]] CompiledModule copy() const;

    [[nodiscard]] bool contains(const void* address) const
    {
        const auto offset = static_cast<const std::uint8_t*>(address) - code_.data();
        return offset >= 0 && static_cast<std::size_t>(offset) < code_.size();
    }
    /// Whether the address is in a wrapper (or adapter): the frame above is the outermost of its entry.
    [[nodiscard]] bool is_between_tiers(const void* address) const
    {
        return contains(address) && !function_at(address);
    }
    struct Place {
        std::uint32_t function; ///< defined function
        std::uint32_t offset;   ///< in the module's binary
    };
    /// The row of the function that the address is in; null: none.
    [[nodiscard]] const CompiledModule::SavedRegisters* saved_registers(const void* address) const;
    /// Where an exception goes on that comes out of the call at an address inside it; null: on to the caller.
    [[nodiscard]] const void* landing(const void* address) const;
    /// The defined function that the address is in the code of.
    [[nodiscard]] std::optional<std::uint32_t> function_at(const void* address) const;
    /// The instruction at an address of the code, then the calls that it was inlined by, outwards; nothing in wrappers
    /// and adapters.
    [[nodiscard]] std::vector<Place> find(const void* address) const;

private:
    [[nodiscard]] std::uint32_t module_offset(std::uint32_t code, std::uint32_t call) const;
    CodeImage(CodeMemory memory, std::size_t code) : memory_(std::move(memory)), code_(memory_.view().subspan(code)) {}
    /// What only finding an instruction needs.
    void make_index() const;

    [[nodiscard]] std::uint32_t offset_of(const void* address) const
    {
        return static_cast<std::uint32_t>(static_cast<const std::uint8_t*>(address) - code_.data());
    }
    [[nodiscard]] void* at(std::uint32_t offset) const
    {
        return offset == CompiledModule::absent ? nullptr : const_cast<std::uint8_t*>(code_.data()) + offset;
    }

    CodeMemory memory_;
    Bytes code_;
    CompiledModule compiled_; ///< what the tables are in, where they are not in the memory
    CodeTables tables_;
    CodeMode mode_;
    std::function<TraceTables()> read_trace_tables_;
    mutable std::once_flag index_made_;
    mutable TraceTables trace_;
    mutable std::vector<std::pair<std::uint32_t, std::uint32_t>> by_offset_; ///< entry, defined function; sorted
};

} // namespace trellis::wasm::native
