// The typing rules of instructions: one `on` per instruction that instructions.def calls special, and `simple` for all
// those whose signature is in the table. State is that of the function being checked; a rule returns false when it
// failed, and the error says why. Nothing here knows a sink. One object per thread; the module may be shared.
// https://webassembly.github.io/spec/core/valid/instructions.html
#pragma once

#include "wasm/binary/instruction_reader.hpp"
#include "wasm/syntax/type_registry.hpp"
#include "wasm/validation/operand_stack.hpp"

#include <algorithm>
#include <initializer_list>

namespace trellis::wasm {

/// Selects the rule of one instruction at compile time.
template <Op op>
struct Rule {};

/// A signature of instructions.def, parsed.
struct SimpleSignature {
    std::array<char, 4> operands{};
    std::array<char, 2> results{};
    std::uint8_t operand_count = 0;
    std::uint8_t result_count = 0;

    static consteval SimpleSignature parse(std::string_view text)
    {
        SimpleSignature signature;
        bool before_colon = true;
        for (char c : text) {
            if (c == ':')
                before_colon = false;
            else if (before_colon)
                signature.operands.at(signature.operand_count++) = c;
            else
                signature.results.at(signature.result_count++) = c;
        }
        return signature;
    }
};

class FunctionRules {
public:
    explicit FunctionRules(const Module& module);

    /// Starts a function body: reads its locals and opens its outermost block.
    bool begin_function(const FuncType& type, ByteRange body);
    /// Starts a constant expression of that type, which may use the first `visible_globals` globals.
    void begin_constant(ValType type, ByteRange bytes, std::uint32_t visible_globals);
    /// After the last end: nothing may follow.
    bool finish();

    [[nodiscard]] InstructionReader& reader() { return reader_; }
    [[nodiscard]] const SingleByteOps& single_byte_ops() const { return single_byte_ops_; }
    [[nodiscard]] Instruction& instruction() { return instruction_; }
    [[nodiscard]] std::span<const InstructionReader::LocalRun> local_runs() const { return local_runs_; }
    [[nodiscard]] bool open() const { return !frames_.empty(); }
    [[nodiscard]] const ControlFrame& frame() const { return frames_.back(); }
    /// Of the rule or read that failed.
    [[nodiscard]] Error take_error();

    /// Checks the instruction that was just read, which is of this row of the table.
    template <Op op, SimpleSignature signature, Immediate immediate>
    [[gnu::always_inline]] bool check()
    {
        if constexpr (signature.operand_count + signature.result_count != 0)
            return simple<op, signature, immediate>();
        else
            return on(Rule<op>());
    }

private:
    void reset(ByteRange bytes);
    bool lay_out_locals(const std::vector<ValType>& parameters);

    // Failing. The offset is the instruction's.
    bool invalid(std::string message);
    bool malformed(std::string message);
    bool over_limit(std::string message);
    bool unknown(std::string_view what, std::uint32_t index);
    static std::string list(Types types); ///< "[i32 f64]"
    bool mismatch(std::string_view who, Types required);
    bool mismatch(Types required) { return mismatch("instruction", required); }

    // Operands.
    [[nodiscard]] bool is_subtype_of(ValType sub, ValType super) const
    {
        return sub == super || matches(sub, types_, super, types_);
    }
    /// `required(depth)` is the type `depth` from the top, the topmost being 1. Time in proportion to the operands
    /// that are there: in unreachable code a short instruction may ask for many that are not.
    template <class Required>
    [[nodiscard]] bool top_matches(std::size_t count, Required required) const
    {
        const std::size_t present = std::min(count, stack_.above_floor());
        for (std::size_t depth = 1; depth <= present; ++depth) {
            if (!is_subtype_of(stack_.from_top(depth), required(depth)))
                return false;
        }
        return present == count || frames_.back().unreachable;
    }
    [[nodiscard]] bool top_matches(Types required) const
    {
        return top_matches(required.size(), [&](std::size_t depth) { return required[required.size() - depth]; });
    }
    template <class Required>
    bool pop_many(std::size_t count, Required required);
    bool pop_all(Types required, std::string_view who = "instruction");
    bool pop(std::initializer_list<ValType> required) { return pop_all({required.begin(), required.size()}); }
    bool pop(ValType required)
    {
        if (stack_.above_floor() == 0 || stack_.from_top(1) != required) [[unlikely]]
            return pop_all({&required, 1});
        stack_.drop(1);
        return true;
    }
    ValType pop_any(bool& ok);
    bool pop_reference(ValType& type);
    void push(ValType type) { stack_.push(type); }
    void push_all(Types types);
    bool set_unreachable();

    // Blocks.
    bool resolve(const BlockType& block, ControlFrame& frame);
    void push_frame(const ControlFrame& frame);
    bool pop_frame(ControlFrame& frame);
    bool open_block(Op op);
    bool continue_with(Op op, Types operands);
    bool label(std::uint32_t depth, Types& types);
    bool check_catch(const CatchClause& clause);
    void forget_locals_set_since(std::uint32_t count);

    // What indices name.
    bool known_type(ValType type);
    bool known_heap(HeapType type);
    bool function_type(std::uint32_t index, const FuncType*& type);
    const StructType* struct_type(std::uint32_t index); ///< null: failed
    bool array_type(std::uint32_t index, FieldType& element);
    const TableType* table(std::uint32_t index); ///< null: failed
    bool memory(std::uint32_t index, ValType& address)
    {
        if (index >= module_->memory_types.size()) [[unlikely]]
            return unknown("memory", index);
        address = module_->memory_types[index].limits.address_type();
        return true;
    }
    bool tag_parameters(std::uint32_t index, Types& types);
    bool data_segment(std::uint32_t index);
    bool element_segment(std::uint32_t index, ValType& type);
    bool local(std::uint32_t index, ValType& type)
    {
        if (index < flat_locals_.size()) [[likely]] {
            type = flat_locals_[index];
            return true;
        }
        return far_local(index, type);
    }
    bool far_local(std::uint32_t index, ValType& type);
    bool is_set(std::uint32_t index) const { return set_flags_[index]; }
    void mark_set(std::uint32_t index);

    // Families of instructions.
    bool call(const FuncType& type);
    bool return_call(const FuncType& type);
    bool call_indirect_operands(const FuncType*& type);
    bool call_ref_operands(const FuncType*& type);
    bool field(FieldType& type, ValType& reference);
    bool get_field(bool packed);
    bool array_element(FieldType& element, ValType& reference);
    bool get_element(bool packed);
    bool mutable_element(FieldType& element, ValType& reference);
    bool numeric_element(const FieldType& element);
    bool segment_matches(ValType segment, const FieldType& element);
    bool test_or_cast(ValType result);
    bool cast_branch(ValType carried, ValType kept);
    bool memory_access(ValType& address, std::uint8_t size_log2)
    {
        if (!memory(instruction_.index, address)) [[unlikely]]
            return false;
        if (instruction_.align_log2 > size_log2) [[unlikely]]
            return invalid("alignment must not be larger than natural");
        if (address == i32 && instruction_.value > UINT32_MAX) [[unlikely]]
            return invalid("offset out of range");
        return true;
    }
    bool lane_below(std::uint32_t count);
    bool shuffle_lanes();

    bool on(Rule<Op::unreachable>) { return set_unreachable(); }
    bool on(Rule<Op::nop>) { return true; }
    bool on(Rule<Op::block>) { return open_block(Op::block); }
    bool on(Rule<Op::loop>) { return open_block(Op::loop); }
    bool on(Rule<Op::if_>);
    bool on(Rule<Op::else_>);
    bool on(Rule<Op::try_>) { return open_block(Op::try_); }
    bool on(Rule<Op::catch_>);
    bool on(Rule<Op::throw_>);
    bool on(Rule<Op::rethrow>);
    bool on(Rule<Op::throw_ref>) { return pop(exnref) && set_unreachable(); }
    bool on(Rule<Op::end>);
    bool on(Rule<Op::br>);
    bool on(Rule<Op::br_if>);
    bool on(Rule<Op::br_table>);
    bool on(Rule<Op::return_>);
    bool on(Rule<Op::call>);
    bool on(Rule<Op::call_indirect>);
    bool on(Rule<Op::return_call>);
    bool on(Rule<Op::return_call_indirect>);
    bool on(Rule<Op::call_ref>);
    bool on(Rule<Op::return_call_ref>);
    bool on(Rule<Op::delegate>);
    bool on(Rule<Op::catch_all>);
    bool on(Rule<Op::drop>)
    {
        bool ok = true;
        pop_any(ok);
        return ok;
    }
    bool on(Rule<Op::select>);
    bool on(Rule<Op::select_t>);
    bool on(Rule<Op::try_table>);
    bool on(Rule<Op::local_get>)
    {
        ValType type;
        if (!local(instruction_.index, type)) [[unlikely]]
            return false;
        if (!type.defaultable() && !is_set(instruction_.index)) [[unlikely]]
            return invalid("uninitialized local");
        push(type);
        return true;
    }
    bool on(Rule<Op::local_set>)
    {
        ValType type;
        if (!local(instruction_.index, type) || !pop(type)) [[unlikely]]
            return false;
        if (!type.defaultable()) [[unlikely]]
            mark_set(instruction_.index);
        return true;
    }
    bool on(Rule<Op::local_tee>)
    {
        ValType type;
        if (!local(instruction_.index, type) || !pop(type)) [[unlikely]]
            return false;
        if (!type.defaultable()) [[unlikely]]
            mark_set(instruction_.index);
        push(type);
        return true;
    }
    bool on(Rule<Op::global_get>);
    bool on(Rule<Op::global_set>);
    bool on(Rule<Op::table_get>);
    bool on(Rule<Op::table_set>);
    bool on(Rule<Op::ref_null>);
    bool on(Rule<Op::ref_is_null>);
    bool on(Rule<Op::ref_func>);
    bool on(Rule<Op::ref_eq>);
    bool on(Rule<Op::ref_as_non_null>);
    bool on(Rule<Op::br_on_null>);
    bool on(Rule<Op::br_on_non_null>);
    bool on(Rule<Op::struct_new>);
    bool on(Rule<Op::struct_new_default>);
    bool on(Rule<Op::struct_get>) { return get_field(false); }
    bool on(Rule<Op::struct_get_s>) { return get_field(true); }
    bool on(Rule<Op::struct_get_u>) { return get_field(true); }
    bool on(Rule<Op::struct_set>);
    bool on(Rule<Op::array_new>);
    bool on(Rule<Op::array_new_default>);
    bool on(Rule<Op::array_new_fixed>);
    bool on(Rule<Op::array_new_data>);
    bool on(Rule<Op::array_new_elem>);
    bool on(Rule<Op::array_get>) { return get_element(false); }
    bool on(Rule<Op::array_get_s>) { return get_element(true); }
    bool on(Rule<Op::array_get_u>) { return get_element(true); }
    bool on(Rule<Op::array_set>);
    bool on(Rule<Op::array_len>);
    bool on(Rule<Op::array_fill>);
    bool on(Rule<Op::array_copy>);
    bool on(Rule<Op::array_init_data>);
    bool on(Rule<Op::array_init_elem>);
    bool on(Rule<Op::ref_test>) { return test_or_cast(i32); }
    bool on(Rule<Op::ref_test_null>) { return test_or_cast(i32); }
    bool on(Rule<Op::ref_cast>) { return test_or_cast(instruction_.type); }
    bool on(Rule<Op::ref_cast_null>) { return test_or_cast(instruction_.type); }
    bool on(Rule<Op::br_on_cast>);
    bool on(Rule<Op::br_on_cast_fail>);
    bool on(Rule<Op::any_convert_extern>);
    bool on(Rule<Op::extern_convert_any>);
    bool on(Rule<Op::ref_i31>);
    bool on(Rule<Op::i31_get_s>);
    bool on(Rule<Op::i31_get_u>);
    bool on(Rule<Op::memory_init>);
    bool on(Rule<Op::data_drop>);
    bool on(Rule<Op::memory_copy>);
    bool on(Rule<Op::memory_fill>);
    bool on(Rule<Op::table_init>);
    bool on(Rule<Op::elem_drop>);
    bool on(Rule<Op::table_copy>);
    bool on(Rule<Op::table_grow>);
    bool on(Rule<Op::table_size>);
    bool on(Rule<Op::table_fill>);
    bool on(Rule<Op::atomic_fence>) { return true; }

    static constexpr ValType type_of(char letter, ValType address)
    {
        switch (letter) {
        case 'i':
            return i32;
        case 'I':
            return i64;
        case 'f':
            return f32;
        case 'F':
            return f64;
        case 'v':
            return v128;
        default:
            return address;
        }
    }

    template <SimpleSignature signature, std::size_t... k>
    bool operands_equal(ValType address, std::index_sequence<k...>) const
    {
        return (... && (stack_.from_top(sizeof...(k) - k) == type_of(signature.operands[k], address)));
    }

    template <SimpleSignature signature>
    [[gnu::noinline]] bool pop_slowly(ValType address)
    {
        std::array<ValType, signature.operand_count> required;
        for (std::size_t k = 0; k < required.size(); ++k)
            required[k] = type_of(signature.operands[k], address);
        return pop_all(required);
    }

    template <Op op, SimpleSignature signature, Immediate immediate>
    [[gnu::always_inline]] bool simple()
    {
        ValType address = i32;
        if constexpr (immediate == Immediate::memory_access || immediate == Immediate::memory_access_lane) {
            if (!memory_access(address, access_size_log2(op))) [[unlikely]]
                return false;
            constexpr bool atomic = std::ranges::find(opcodes::atomic, op) != opcodes::atomic.end();
            if (atomic && instruction_.align_log2 != access_size_log2(op)) [[unlikely]]
                return invalid("alignment must be equal to natural");
        }
        if constexpr (immediate == Immediate::memory) {
            if (!memory(instruction_.index, address)) [[unlikely]]
                return false;
        }
        if constexpr (immediate == Immediate::memory_access_lane) {
            if (!lane_below(16u >> access_size_log2(op)))
                return false;
        }
        if constexpr (immediate == Immediate::lane) {
            if (!lane_below(lanes_of(op)))
                return false;
        }
        if constexpr (immediate == Immediate::shuffle) {
            if (!shuffle_lanes())
                return false;
        }
        if constexpr (signature.operand_count != 0) {
            constexpr std::size_t count = signature.operand_count;
            if (stack_.above_floor() >= count && operands_equal<signature>(address, std::make_index_sequence<count>()))
                [[likely]]
                stack_.drop(count);
            else if (!pop_slowly<signature>(address))
                return false;
        }
        for (std::size_t k = 0; k < signature.result_count; ++k)
            stack_.push(type_of(signature.results[k], address));
        return true;
    }

    /// From the shape in front of the name: i16x8.extract_lane_s has 8.
    static std::uint32_t lanes_of(Op op);

    const Module* module_;
    std::span<const std::shared_ptr<const CanonicalType>> types_;
    SingleByteOps single_byte_ops_;
    InstructionReader reader_;
    Instruction instruction_;
    OperandStack stack_;
    std::vector<ControlFrame> frames_;
    std::optional<Error> error_;

    // Locals: the first ones one by one, the rest as runs, so that a short body with many locals costs little.
    std::vector<ValType> flat_locals_;
    std::span<const InstructionReader::LocalRun> local_runs_;
    std::vector<std::uint32_t> run_ends_;   ///< per run, the index behind its last local
    std::vector<bool> set_flags_;           ///< of locals without default; empty where there are none
    std::vector<std::uint32_t> set_locals_; ///< those that became set, in order
    FuncType constant_type_;                ///< of the constant expression being checked
    Types function_results_;
    std::uint32_t visible_globals_ = 0;
    bool in_constant_ = false;
};

/// Walks the instructions of the function or expression the rules were started with, up to its last end. The sink has
/// `instruction(const Instruction&)` and a constant `reports`; see function_walk.hpp for what it is told.
template <class Sink>
bool walk_instructions(FunctionRules& rules, Sink& sink)
{
    InstructionReader& reader = rules.reader();
    InstructionReader::Position position = reader.position();
    while (rules.open()) {
        Instruction& instruction = rules.instruction();
        if (!reader.read_opcode(rules.single_byte_ops(), position, instruction)) [[unlikely]]
            return false;
        bool report = false;
        if constexpr (Sink::reports) {
            const Op op = instruction.op;
            const bool delimiter =
                op == Op::end || op == Op::else_ || op == Op::catch_ || op == Op::catch_all || op == Op::delegate;
            report = !rules.frame().dead && (delimiter || !rules.frame().unreachable);
        }
        bool ok = false;
        switch (instruction.op) {
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape)                            \
    case Op::name:                                                                                                     \
        ok = reader.read_immediate<Immediate::immediate>(position, instruction) &&                                     \
             rules.check<Op::name, SimpleSignature::parse(signature), Immediate::immediate>();                         \
        break;
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
        case Op::count_:
            break;
        }
        if (!ok) [[unlikely]]
            return false;
        if constexpr (Sink::reports) {
            if (report)
                sink.instruction(instruction);
        }
    }
    reader.seek(position);
    return rules.finish();
}

} // namespace trellis::wasm
