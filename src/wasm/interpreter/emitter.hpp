// Turns a validated function into the interpreter's code, in one pass over its instructions.
//
// The operand stack is abstract: an entry is a constant, an alias of a local, the accumulator, or sits in its home, the
// slot that its position gives it. Producers write to the accumulator only; when a value has to survive, the operation
// that made it is rewritten to write to a slot as well. Where control flow joins, values are in their homes.
#pragma once

#include "base/check.hpp"
#include "wasm/interpreter/operands.hpp"
#include "wasm/validation/function_walk.hpp"

namespace trellis::wasm::interpreter {

/// Where an instruction's code begins.
struct CodeOffset {
    std::uint32_t code;
    std::uint32_t binary;
};

class Emitter final : public FunctionSink {
public:
    /// Emits into `function`; `offsets`, if given, gets one entry per instruction.
    Emitter(ModuleCode& module_code, FunctionCode& function, std::vector<CodeOffset>* offsets = nullptr);

    void begin(const Module& module, FuncIndex function, std::span<const InstructionReader::LocalRun> locals) override;
    void instruction(const Instruction& instruction) override;

private:
    enum class Rep : std::uint8_t { i32, i64, f32, f64, v128, ref };
    enum class Bank : std::uint8_t { word, vector }; ///< which accumulator

    struct Entry {
        enum class Place : std::uint8_t { home, local, constant, accumulator } place;
        Rep rep;
        std::uint32_t home;
        std::uint32_t local = 0;                   ///< its slot
        std::uint64_t bits = 0;                    ///< of a constant
        std::size_t alias_below = ~std::size_t(0); ///< the next entry further down that was pushed as the same local
    };
    using Place = Entry::Place;

    /// The operation whose result the accumulator holds, and how to rewrite it.
    struct Producer {
        std::size_t at = 0;
        HandlerRow row;
    };
    /// The last operation, if another may be merged into it.
    struct Last {
        static constexpr std::size_t none = ~std::size_t(0);
        std::size_t at = none;
        Op op{};
        Source a{}, b{};
        bool scaled_sum = false;
        int copies = 0; ///< of slots, so far in one operation
    };
    static constexpr std::size_t moved_singly = 4; ///< values of a branch that get a copy each
    static constexpr std::uint32_t no_slot = ~0u;
    static constexpr std::size_t no_entry = ~std::size_t(0);

    /// What one accumulator holds: an entry of the stack, or a copy of a slot.
    struct Accumulator {
        std::size_t occupant = no_entry;
        std::uint32_t copy_of = no_slot;
        Producer producer;
    };

    struct Fixup {
        std::size_t field, operation; ///< where the distance is written, and what it counts from
    };

    struct Control {
        Control(Op k, std::size_t stack_height, std::uint32_t first_slot, BlockType t, std::uint32_t around)
            : kind(k), height(stack_height), base(first_slot), type(t), outer_region(around)
        {
        }
        Op kind;            ///< block, loop, if_, try_, try_table; end for the function itself
        std::size_t height; ///< of the stack below the block's parameters
        std::uint32_t base; ///< slot of the first parameter and of the first result
        BlockType type;
        std::size_t loop_start = 0;
        std::vector<Fixup> ends; ///< jumps to the end
        std::optional<Fixup> otherwise;
        std::uint32_t region = HandlerRegion::no_parent;       ///< of a try
        std::uint32_t outer_region = HandlerRegion::no_parent; ///< around the block
        bool in_catch = false;
        std::vector<CatchClause> catches;
    };

    struct Operand {
        Source source;
        std::uint32_t slot;
        std::uint64_t bits;
    };

    // emitter_core.cpp: code, entries, operands
    void put(const void* bytes, std::size_t size);
    template <class T>
    void put(T value)
    {
        put(&value, sizeof value);
    }
    template <class T>
    void patch(std::size_t at, T value);
    std::size_t begin_operation(Handler handler);
    void put_operand(const Operand& operand, Rep rep);
    void put_wide_operand(const Operand& operand);

    static Rep rep_of(ValType type);
    static Rep rep_of(char letter, bool address_64);
    static Bank bank_of(Rep rep);
    static std::uint32_t slots_of(Rep rep) { return rep == Rep::v128 ? 2 : 1; }
    Accumulator& accumulator(Rep rep) { return accumulators_[static_cast<std::size_t>(bank_of(rep))]; }

    Entry& push(Place place, Rep rep);
    void push_home(Rep rep) { push(Place::home, rep); }
    Entry pop();
    void reserve(std::uint32_t top);
    void slot_written(std::uint32_t slot, std::uint32_t count);
    void forget_accumulators();
    Operand resolve(const Entry& entry);
    Operand in_slot(const Entry& entry);
    void settle(std::size_t index);
    void settle_from(std::size_t index);
    void settle_all();
    void spill(Bank bank);
    void spill_all();
    void save_aliases(std::uint32_t local_slot);
    void copy_to(std::uint32_t slot, const Entry& entry);
    void emit_copy(std::uint32_t to, std::uint32_t from);
    void emit_constant(std::uint32_t to, std::uint64_t bits);
    std::size_t begin_value(HandlerRow row, Rep result);
    void end_value(std::size_t at, HandlerRow row, Rep result);

    // emitter_values.cpp: instructions with values
    void arithmetic(const Instruction&);
    void unary(const Instruction&, Rep result);
    void binary(const Instruction&, Rep result);
    void ternary(const Instruction&, Rep result);
    void lane(const Instruction&);
    void shuffle(const Instruction&);
    bool merge_scaled_sum(const Entry& a, const Entry& b);
    void load(const Instruction&);
    void store(const Instruction&);
    bool is_guarded(const Instruction&) const;
    std::optional<Address> merged_address(const Entry& address) const;
    void constant(const Instruction&);
    void local_get(const Instruction&);
    void local_set(const Instruction&);
    void local_tee(const Instruction&);
    void assign_local(std::uint32_t local, const Entry& value);
    void global_get(const Instruction&);
    void global_set(const Instruction&);
    void select(const Instruction&);
    void drop(const Instruction&);
    void memory_size(const Instruction&);
    void ref_is_null(const Instruction&);
    void ref_eq(const Instruction&);
    void operation(const Instruction&);
    void emit_operation(const Instruction&, std::uint32_t operand_slots, std::span<const Rep> results);
    void nop(const Instruction&) {}

    // emitter_control.cpp: control and calls
    void block(const Instruction&);
    void loop(const Instruction&);
    void if_(const Instruction&);
    void else_(const Instruction&);
    void end(const Instruction&);
    void unreachable(const Instruction&);
    void br(const Instruction&);
    void br_if(const Instruction&);
    void br_table(const Instruction&);
    void br_on_null(const Instruction&);
    void br_on_non_null(const Instruction&);
    void br_on_cast(const Instruction&);
    void return_(const Instruction&);
    void call(const Instruction&);
    void call_indirect(const Instruction&);
    void call_ref(const Instruction&);
    void return_call(const Instruction&);
    void return_call_indirect(const Instruction&);
    void return_call_ref(const Instruction&);
    void throw_(const Instruction&);
    void throw_ref(const Instruction&);
    void try_(const Instruction&);
    void catch_(const Instruction&);
    void rethrow(const Instruction&);
    void delegate(const Instruction&);
    void try_table(const Instruction&);

    Control& control(std::uint32_t depth) { return controls_[controls_.size() - 1 - depth]; }
    std::span<const ValType> parameters(const Control&) const;
    std::span<const ValType> results(const Control&) const;
    std::span<const ValType> label_types(const Control&) const;
    void open(const Instruction&, Op kind);
    void close(Control& closed);
    void bind(const Fixup& fixup);
    void jump_to(Control& target, std::size_t field, std::size_t operation);
    void branch(Control& target);
    void leave_function();
    void move_values(const Control& target, std::size_t count);
    bool is_in_place(const Control& target, std::size_t count) const;
    struct Test {
        std::size_t at;
        HandlerRow row;
    };
    Test test(const Entry& condition);
    Test test_slot(HandlerRow row, std::uint32_t slot);
    bool prepare_branch(Control& target);
    void finish_branch(Control& target, Test test, bool on_true, bool direct);
    void put_branch(Test test, bool on_true, bool to_loop);
    void reset_stack(const Control& control);
    void push_types(std::span<const ValType> types);
    std::uint32_t settle_arguments(const FuncType& type);
    void finish_call(const FuncType& type);
    void put_tail(std::uint32_t arguments, const FuncType& callee);
    void open_region(Control& control);
    void finish_region(Control& control);
    void add_clause(Control& control, const CatchClause& clause);
    void landing_pads(Control& control);

    void make_nan_canonical(const Instruction&);
    void note_merged(const Instruction& access);

    // fuel
    void count(const Instruction&);
    void end_run() { run_at_ = 0; }

    using Member = void (Emitter::*)(const Instruction&);
    static Member special(Op op);

    ModuleCode& module_code_;
    const Module& module_;
    FunctionCode& function_;
    std::vector<std::byte>& code_;
    std::vector<CodeOffset>* offsets_;
    const FuncType* type_ = nullptr;

    std::vector<Entry> stack_;
    std::vector<Control> controls_;
    std::vector<std::uint32_t> local_slots_;
    std::vector<Rep> local_reps_;
    std::vector<std::size_t> aliases_; ///< by local slot: the topmost entry that was pushed as this local
    std::size_t at_home_ = 0;          ///< entries below are in their homes
    Accumulator accumulators_[2];
    Last last_;
    std::uint32_t header_ = 0; ///< slot of the frame's header
    std::uint32_t top_ = 0, max_top_ = 0;
    std::uint32_t region_ = HandlerRegion::no_parent;
    std::uint32_t open_catches_ = 0; ///< of the legacy proposal
    bool reachable_ = true;
    std::size_t run_at_ = 0; ///< where the open straight-line run is charged
};

} // namespace trellis::wasm::interpreter
