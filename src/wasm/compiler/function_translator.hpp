// Translates one function body into LLVM IR: the operand stack becomes values, blocks become basic blocks, locals are
// variables that LLVM turns into values. Trap-free arithmetic is plain IR; whatever may trap branches to a cold call.
// Memory accesses are volatile: one that traps has to stay, and in order. See docs/DECISIONS.md.
#pragma once

#include "wasm/compiler/llvm_module.hpp"
#include "wasm/validation/function_walk.hpp"

#include <functional>
#include <map>

namespace trellis::wasm::compiler {

/// The line of code that backtraces don't show. (LLVM gives code of several instructions line 0.)
constexpr std::uint32_t unseen = native::CompiledModule::absent;

class FunctionTranslator : public FunctionSink {
public:
    /// `polls`: the functions that ask at their entry whether to stop; outlives the translator.
    FunctionTranslator(LlvmModule& module, const std::vector<bool>& polls);

    void begin(const Module& module, FuncIndex function, std::span<const InstructionReader::LocalRun> locals) override;
    void instruction(const Instruction& instruction) override;
    /// What could not be translated, if anything.
    /// The next function is entered at the loop instruction with that offset instead of its beginning.
    void enter_at(std::uint32_t loop) { entered_loop_ = loop; }
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

private:
    using Member = void (FunctionTranslator::*)(const Instruction&);
    using Values = std::vector<llvm::Value*>;

    struct Block {
        Op op;
        llvm::BasicBlock* target;    ///< of branches to it
        llvm::BasicBlock* end;       ///< where its results arrive
        llvm::BasicBlock* otherwise; ///< of an if without else so far
        std::vector<llvm::PHINode*> target_values;
        std::vector<llvm::PHINode*> results;
        Values parameters; ///< of an if
        std::size_t height;
        // Of a try block or try_table.
        llvm::BasicBlock* dispatch = nullptr; ///< chooses the handler
        llvm::PHINode* exception = nullptr;   ///< in `dispatch`
        llvm::BasicBlock* landing = nullptr;  ///< of the calls in the body; made by the first
        bool in_body = false;                 ///< calls go to `landing`
        llvm::BasicBlock* no_match = nullptr; ///< where the next clause is tried
        llvm::Value* caught = nullptr;        ///< in a handler: the exception, for rethrow
    };

    struct Members; ///< the table behind special()
    static Member special(Op op);

    // Control.
    void unreachable(const Instruction&);
    void nop(const Instruction&) {}
    void block(const Instruction&);
    void loop(const Instruction&);
    void if_(const Instruction&);
    void else_(const Instruction&);
    void end(const Instruction&);
    void br(const Instruction&);
    void br_if(const Instruction&);
    void br_table(const Instruction&);
    void return_(const Instruction&);
    void br_on_null(const Instruction&);
    void br_on_non_null(const Instruction&);
    void br_on_cast(const Instruction&);
    void open(Op op, const BlockType& type);
    void branch(std::size_t depth);
    Block& label(std::size_t depth) { return blocks_[blocks_.size() - 1 - depth]; }
    void add_incoming(const std::vector<llvm::PHINode*>& to);
    std::vector<llvm::PHINode*> make_phis(llvm::BasicBlock* block, std::span<const ValType> types);
    std::span<const ValType> parameters_of(const BlockType& type);
    std::span<const ValType> results_of(const BlockType& type);
    void branch_if(llvm::Value* condition, std::size_t depth);
    void finish_function();
    void poll();

    // Exceptions.
    void try_(const Instruction&);
    void try_table(const Instruction&);
    void catch_(const Instruction&);
    void delegate(const Instruction&);
    void throw_(const Instruction&);
    void throw_ref(const Instruction&);
    void rethrow(const Instruction&);
    void make_dispatch(Block& block);
    void end_body(Block& block);
    void end_try(Block& block);
    void propagate(llvm::Value* exception, std::size_t enclosing);
    void take_fields(llvm::Value* exception, std::uint32_t tag);
    void dispatch_clause(const CatchClause& clause, llvm::Value* exception);
    void throw_exception(llvm::Value* exception);
    /// Where a call that throws goes on; null: at the caller.
    llvm::BasicBlock* landing();
    /// A call inside a try block, or outside of any.
    llvm::CallBase* call_or_invoke(llvm::FunctionType* type, llvm::Value* callee, const Values& arguments);

    // Calls.
    void call(const Instruction&);
    void call_indirect(const Instruction&);
    void call_ref(const Instruction&);
    void emit_call(const FuncType& type, llvm::Value* entry, llvm::Value* context, bool tail);
    llvm::Value* entry_of(FuncIndex function);
    void call_reference(llvm::Value* function, TypeIndex type, bool tail);
    llvm::Value* table_element(std::uint32_t table, llvm::Value* index, Trap trap);

    // Functions entered at a loop.
    void begin_at_loop(std::span<const ValType> locals);
    llvm::Value* load_from_frame(std::uint64_t slot, llvm::Type* type);
    llvm::AllocaInst* place_of(std::size_t position);
    void keep_operands(std::size_t height);
    void take_kept_operands(std::size_t height);
    void connect_way_in(llvm::BasicBlock* head, const std::vector<llvm::PHINode*>& parameters);
    void return_to_frame();
    void tail_call_from_loop(const FuncType& type, llvm::Value* entry, llvm::Value* context);

    // Variables, parametric, constants.
    void drop(const Instruction&) { pop(); }
    void select(const Instruction&);
    void local_get(const Instruction&);
    void local_set(const Instruction&);
    void local_tee(const Instruction&);
    void global_get(const Instruction&);
    void global_set(const Instruction&);
    void constant(const Instruction&);
    void vector_constant(const Instruction&);
    llvm::Value* global_address(std::uint32_t index);

    // Numbers.
    bool plain(const Instruction&);
    llvm::Value* plain_unary(const Instruction&, llvm::Value*);
    llvm::Value* plain_binary(const Instruction&, llvm::Value*, llvm::Value*);
    void arithmetic_with_variables(const Instruction&, std::string_view name, Values operands,
                                   std::string_view results);
    void arithmetic(const Instruction&);
    void canonical_arithmetic(const Instruction&);
    void shuffle(const Instruction&);

    // Memory.
    void access(const Instruction&);
    void load(const Instruction&);
    void store(const Instruction&);
    void load_lane(const Instruction&);
    void store_lane(const Instruction&);
    void atomic(const Instruction&);
    void atomic_fence(const Instruction&);
    void memory_size(const Instruction&);
    llvm::Value* address(const Instruction&, llvm::Value* index);
    llvm::Value* effective_address(const Instruction&, llvm::Value* index);
    llvm::Value* checked_address(std::uint32_t memory, llvm::Value* effective, std::uint64_t size);
    llvm::Value* zero_where(llvm::Value* outside, llvm::Value* effective);
    void check_alignment(llvm::Value* effective, std::uint64_t size);
    void bulk_operation(const Instruction&);
    void cover_bytes(llvm::Value* count, const std::function<void(const Values& places, llvm::Type* type)>& emit);
    llvm::Value* guarded_place(llvm::Value* index);
    void copy_few(llvm::Value* to, llvm::Value* from, llvm::Value* count);
    void fill_few(llvm::Value* to, llvm::Value* value, llvm::Value* count);
    [[nodiscard]] bool is_guarded(std::uint32_t memory) const;

    // References and everything that the runtime does.
    void ref_null(const Instruction&);
    void ref_is_null(const Instruction&);
    void ref_func(const Instruction&);
    void ref_eq(const Instruction&);
    void ref_as_non_null(const Instruction&);
    void ref_i31(const Instruction&);
    void i31_get(const Instruction&);
    void convert_nothing(const Instruction&) {}
    void table_get(const Instruction&);
    void table_set(const Instruction&);
    void table_size(const Instruction&);
    void runtime_operation(const Instruction&);
    void struct_new(const Instruction&);
    void struct_get(const Instruction&);
    void struct_set(const Instruction&);
    void array_new(const Instruction&);
    void array_new_fixed(const Instruction&);
    void array_get(const Instruction&);
    void array_set(const Instruction&);
    void array_fill(const Instruction&);
    void ref_test(const Instruction&);
    void ref_cast(const Instruction&);
    llvm::Value* is_of_type(llvm::Value* reference, ValType target);
    void trap_if_null(llvm::Value* reference, Trap trap);
    void unsupported(const Instruction&);

    // Fuel.
    /// The open straight-line run of instructions.
    struct Run {
        llvm::Instruction* left = nullptr;  ///< the subtraction; its second operand is what the run costs
        llvm::Instruction* spent = nullptr; ///< the comparison; the same
        std::uint64_t units = 0;
        bool is_stored = false; ///< what is left is in the store's word too
    };
    void begin_fuel();
    void charge(const Instruction&);
    void open_run();
    void end_run(const Instruction&);
    void load_fuel(llvm::IRBuilder<>& where);
    void store_fuel(bool before_access = false);
    void store_fuel_before_access();
    llvm::Value* fuel_word(llvm::IRBuilder<>& where);

    // Building blocks.
    void push(llvm::Value* value) { stack_.push_back(value); }
    llvm::Value* pop();
    Values pop(std::size_t count);
    /// A word of the context, which never changes.
    llvm::Value* context_word(std::size_t offset, llvm::Type* type);
    /// The same, of words that loops need: read once, at the entry, since LLVM forgets of a load that it moves out of
    /// a loop that its word never changes.
    llvm::Value* entry_word(std::size_t offset);
    /// A word that never changes, at a constant offset from a pointer.
    llvm::Value* fixed(llvm::Value* base, std::uint64_t offset, llvm::Type* type);
    llvm::Value* load_field(llvm::Value* base, std::uint64_t offset, llvm::Type* type);
    llvm::Value* address_of(llvm::Value* base, std::uint64_t offset);
    llvm::Value* widened(llvm::Value* value); ///< to 64 bits, zero-extended
    llvm::Value* number(std::uint64_t value) { return llvm::ConstantInt::get(module_.word(), value); }
    llvm::BasicBlock* new_block(const char* name);
    void go_on_in(llvm::BasicBlock* block);
    /// Traps where the condition holds.
    void trap_if(llvm::Value* condition, Trap trap);
    void trap(Trap trap);
    llvm::FunctionCallee runtime_entry(native::RuntimeFunction function);
    void call_runtime(native::RuntimeFunction function, llvm::Value* frame);
    /// Puts values into the frame, calls, and takes the result of that type from it; null without one.
    llvm::Value* run(native::RuntimeFunction function, const Values& arguments, llvm::Type* result = nullptr);
    llvm::Value* frame(std::size_t slots);
    llvm::Value* slot(std::size_t index);
    llvm::MDNode* unlikely();
    llvm::Value* call_numeric(Op op, const Values& operands);
    llvm::Value* call_numeric(std::string_view name, const Values& operands);
    llvm::Value* opaque(llvm::Constant* constant);

    LlvmModule& module_;
    const std::vector<bool>& polls_;
    llvm::IRBuilder<> builder_;
    const FuncType* type_ = nullptr;
    llvm::Function* function_ = nullptr;
    llvm::DISubprogram* scope_ = nullptr;
    llvm::Value* context_ = nullptr;
    llvm::BasicBlock* entry_ = nullptr;
    std::map<std::size_t, llvm::Value*> entry_words_;
    llvm::AllocaInst* frame_ = nullptr; ///< for the runtime's arguments and results
    std::size_t frame_slots_ = 0;
    Values stack_;
    std::vector<Block> blocks_;
    std::vector<llvm::AllocaInst*> locals_;
    llvm::AllocaInst* fuel_ = nullptr; ///< what is left; null: not counted
    Run run_;
    std::uint32_t offset_ = 0;                  ///< of the instruction, in the module's binary
    ValType single_;                            ///< the result of the block type looked at last
    bool lands_ = true;                         ///< calls in try blocks go to their handlers
    std::optional<std::uint32_t> entered_loop_; ///< of a function entered at a loop: its offset
    llvm::BasicBlock* way_in_ = nullptr;        ///< until it is connected
    std::uint64_t first_operand_ = 0;           ///< slot in the interpreter's frame
    std::map<std::pair<std::size_t, llvm::Type*>, llvm::AllocaInst*> places_; ///< of operands, by position
    std::optional<Error> error_;
};

/// The wrapper and adapter of a function type; see native/image.hpp.
void make_wrapper(LlvmModule& module, std::uint32_t type);
void make_adapter(LlvmModule& module, std::uint32_t type);
/// The body of LlvmModule::stub().
void make_stub(LlvmModule& module, llvm::Function& stub, FuncIndex index);

} // namespace trellis::wasm::compiler
