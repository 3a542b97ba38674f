// Instructions of the text format, flat and folded, written to binary as they are read. A folded instruction's own
// bytes wait until its operands are written. Nesting lives on a heap-allocated stack, so any depth is linear in the
// text and safe.
// https://webassembly.github.io/spec/core/text/instructions.html
#pragma once

#include "wasm/binary/writer.hpp"
#include "wasm/text/branch_hints.hpp"
#include "wasm/text/keyword.hpp"
#include "wasm/text/type_parser.hpp"

namespace trellis::wasm {

class InstructionParser {
public:
    InstructionParser(Parser& parser, TypeParser& types, Writer& out) : parser_(parser), types_(types), out_(out) {}

    /// Instructions up to the parenthesis that closes what they stand in, which is left to the caller. No `end`.
    Result<> parse_sequence();
    /// Exactly one folded instruction.
    Result<> parse_folded();

    IndexSpace locals{"local"};
    NameMap label_names;
    BranchHints hints;
    bool uses_data_segments = false;

    /// Forgets what belongs to a function: locals, labels, hints.
    void start_function();

private:
    enum class FrameKind : std::uint8_t {
        operands,  ///< ( op imm... here ): folded instructions only
        condition, ///< ( if here (then ...) (else ...) )
        folded_block,
        arm,        ///< (then here), (else here), (do here), (catch here)
        folded_try, ///< ( try here )
        flat_block,
        flat_if,
        flat_else,
        flat_try,
        flat_catch_all,
    };

    struct Frame {
        FrameKind kind;
        std::uint8_t arms = 0; ///< of condition and folded_try: how many were seen
        bool last_arm = false; ///< no further one may follow
        std::optional<std::uint8_t> hint;
        Op op{};                 ///< whose bytes wait
        std::size_t pending = 0; ///< where they begin
    };

    Result<> step();
    Result<> close_frame();
    Result<> parse_flat();
    Result<> parse_open();
    Result<> parse_open_instruction();
    Result<> parse_if_arm();
    Result<> parse_try_arm();
    Result<> parse_folded_delegate();
    Result<> parse_flat_else();
    Result<> parse_flat_catch(Op op);
    Result<> parse_flat_delegate();
    Result<> parse_end();
    Result<> check_end_label();

    Result<Op> parse_mnemonic();
    Result<> parse_immediates(Instruction& instruction);
    Result<Binding> parse_block_header(Instruction& instruction);
    Result<BlockType> parse_block_type();
    Result<> parse_catches();
    Result<std::uint32_t> parse_label();
    Result<> parse_labels(Instruction& instruction);
    Result<> parse_type_table(Instruction& instruction);
    Result<> parse_select(Instruction& instruction);
    Result<> parse_memory_access_lane(Instruction& instruction);
    Result<> parse_offset_and_alignment(Instruction& instruction);
    Result<> parse_number(Instruction& instruction);
    Result<std::uint64_t> parse_lane(const LaneShape& shape);
    Result<> parse_vector(Instruction& instruction);
    Result<> parse_shuffle(Instruction& instruction);
    Result<> parse_reference_type(Instruction& instruction);
    Result<> parse_field(Instruction& instruction);
    Result<> parse_optional_outer(Instruction& instruction, const IndexSpace& outer, const IndexSpace& inner);
    Result<> parse_optional_pair(Instruction& instruction, const IndexSpace& space);

    Result<std::optional<std::uint8_t>> take_hint();
    Result<> write(const Instruction& instruction, std::optional<std::uint8_t> hint);
    Result<> note_hint(std::optional<std::uint8_t> hint, Op op);
    Result<> write_pending(const Frame& frame);
    void enter_block(const Binding& label);
    void leave_block();

    Parser& parser_;
    TypeParser& types_;
    Writer& out_;
    std::vector<Frame> frames_;
    Writer pending_;
    std::vector<Binding> waiting_labels_; ///< of the `if`s whose condition is being read
    LabelScope labels_;
    std::uint32_t label_count_ = 0;
    // What the spans of the instruction being parsed point to.
    std::vector<std::uint32_t> targets_;
    std::vector<ValType> value_types_;
    std::vector<CatchClause> catches_;
};

} // namespace trellis::wasm
