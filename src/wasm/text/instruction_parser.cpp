// The structure of instruction sequences: flat, folded, blocks. Immediates are in immediate_parser.cpp.
#include "wasm/text/instruction_parser.hpp"

#include "base/format.hpp"
#include "wasm/text/keyword.hpp"

namespace trellis::wasm {

namespace {

bool is_block(Op op)
{
    return op == Op::block || op == Op::loop || op == Op::if_ || op == Op::try_ || op == Op::try_table;
}

Instruction plain(Op op)
{
    Instruction instruction;
    instruction.op = op;
    return instruction;
}

} // namespace

void InstructionParser::start_function()
{
    locals.clear();
    label_names.clear();
    hints.clear();
    labels_.clear();
    labels_.enter({});
    label_count_ = 0;
}

Result<> InstructionParser::parse_sequence()
{
    const auto base = frames_.size();
    while (frames_.size() > base || !parser_.at(TokenKind::right))
        TRELLIS_TRY(step());
    return {};
}

Result<> InstructionParser::parse_folded()
{
    const auto base = frames_.size();
    if (!parser_.at(TokenKind::left))
        return parser_.unexpected();
    do
        TRELLIS_TRY(step());
    while (frames_.size() > base);
    return {};
}

Result<> InstructionParser::step()
{
    if (parser_.at(TokenKind::left))
        return parse_open();
    if (parser_.at(TokenKind::right))
        return close_frame();
    const auto kind = frames_.empty() ? FrameKind::flat_block : frames_.back().kind;
    if (kind == FrameKind::operands || kind == FrameKind::condition || kind == FrameKind::folded_try)
        return parser_.unexpected();
    return parse_flat();
}

Result<> InstructionParser::close_frame()
{
    const auto frame = frames_.back();
    switch (frame.kind) {
    case FrameKind::operands:
        TRELLIS_TRY(write_pending(frame));
        break;
    case FrameKind::condition:
    case FrameKind::folded_try:
        if (frame.arms == 0)
            return parser_.unexpected();
        [[fallthrough]];
    case FrameKind::folded_block:
        leave_block();
        break;
    case FrameKind::arm:
        break;
    default: // a flat block that lacks its end
        return parser_.unexpected();
    }
    frames_.pop_back();
    parser_.advance();
    return {};
}

Result<Op> InstructionParser::parse_mnemonic()
{
    const auto op = parser_.at(TokenKind::keyword) ? find_mnemonic(parser_.peek_text()) : std::nullopt;
    if (!op || !parser_.options().features.has(info(*op).feature))
        return parser_.unexpected();
    parser_.advance();
    return *op;
}

Result<> InstructionParser::parse_flat()
{
    const auto hint = TRELLIS_TRY(take_hint());
    auto instruction = plain(TRELLIS_TRY(parse_mnemonic()));
    switch (instruction.op) {
    case Op::end:
        return parse_end();
    case Op::else_:
        return parse_flat_else();
    case Op::catch_:
    case Op::catch_all:
        return parse_flat_catch(instruction.op);
    case Op::delegate:
        return parse_flat_delegate();
    default:
        break;
    }
    if (!is_block(instruction.op)) {
        TRELLIS_TRY(parse_immediates(instruction));
        return write(instruction, hint);
    }
    const auto label = TRELLIS_TRY(parse_block_header(instruction));
    TRELLIS_TRY(write(instruction, hint));
    enter_block(label);
    const auto kind = instruction.op == Op::if_    ? FrameKind::flat_if
                      : instruction.op == Op::try_ ? FrameKind::flat_try
                                                   : FrameKind::flat_block;
    frames_.push_back({.kind = kind, .hint = {}});
    return {};
}

Result<> InstructionParser::check_end_label()
{
    if (!parser_.at(TokenKind::identifier))
        return {};
    if (parser_.id_of(parser_.peek()) != labels_.innermost())
        return parser_.error("mismatching label");
    parser_.advance();
    return {};
}

Result<> InstructionParser::parse_end()
{
    if (frames_.empty() || frames_.back().kind < FrameKind::flat_block) {
        parser_.move_to(parser_.position() - 1);
        return parser_.unexpected();
    }
    TRELLIS_TRY(check_end_label());
    leave_block();
    frames_.pop_back();
    return {};
}

Result<> InstructionParser::parse_flat_else()
{
    if (frames_.empty() || frames_.back().kind != FrameKind::flat_if) {
        parser_.move_to(parser_.position() - 1);
        return parser_.unexpected();
    }
    TRELLIS_TRY(check_end_label());
    frames_.back().kind = FrameKind::flat_else;
    out_.instruction(plain(Op::else_));
    return {};
}

Result<> InstructionParser::parse_flat_catch(Op op)
{
    if (frames_.empty() || frames_.back().kind != FrameKind::flat_try) {
        parser_.move_to(parser_.position() - 1);
        return parser_.unexpected();
    }
    frames_.back().arms = 1;
    if (op == Op::catch_all)
        frames_.back().kind = FrameKind::flat_catch_all;
    auto instruction = plain(op);
    TRELLIS_TRY(parse_immediates(instruction));
    out_.instruction(instruction);
    return {};
}

Result<> InstructionParser::parse_flat_delegate()
{
    if (frames_.empty() || frames_.back().kind != FrameKind::flat_try || frames_.back().arms > 0) {
        parser_.move_to(parser_.position() - 1);
        return parser_.unexpected();
    }
    labels_.leave(); // its target is counted from outside the try
    frames_.pop_back();
    auto instruction = plain(Op::delegate);
    TRELLIS_TRY(parse_immediates(instruction));
    out_.instruction(instruction);
    return {};
}

Result<> InstructionParser::parse_open()
{
    if (!frames_.empty() && frames_.back().kind == FrameKind::condition &&
        (frames_.back().arms > 0 || parser_.at_field("then")))
        return parse_if_arm();
    if (!frames_.empty() && frames_.back().kind == FrameKind::folded_try)
        return parse_try_arm();
    return parse_open_instruction();
}

Result<> InstructionParser::parse_open_instruction()
{
    const auto hint = TRELLIS_TRY(take_hint());
    parser_.advance();
    auto instruction = plain(TRELLIS_TRY(parse_mnemonic()));
    const auto op = instruction.op;
    if (op == Op::end || op == Op::else_ || op == Op::catch_ || op == Op::catch_all || op == Op::delegate) {
        parser_.move_to(parser_.position() - 1);
        return parser_.unexpected();
    }
    Frame frame{.kind = FrameKind::operands, .hint = hint, .op = op, .pending = pending_.size()};
    if (!is_block(op)) {
        TRELLIS_TRY(parse_immediates(instruction));
        pending_.instruction(instruction);
        frames_.push_back(frame);
        return {};
    }
    const auto label = TRELLIS_TRY(parse_block_header(instruction));
    if (op == Op::if_) {
        frame.kind = FrameKind::condition;
        pending_.instruction(instruction);
        waiting_labels_.push_back(label);
    } else {
        frame.kind = op == Op::try_ ? FrameKind::folded_try : FrameKind::folded_block;
        TRELLIS_TRY(write(instruction, hint));
        enter_block(label);
    }
    frames_.push_back(frame);
    return {};
}

Result<> InstructionParser::parse_if_arm()
{
    auto& frame = frames_.back();
    if (frame.arms == 0 && parser_.take_field("then")) {
        TRELLIS_TRY(write_pending(frame));
        enter_block(waiting_labels_.back());
        waiting_labels_.pop_back();
    } else if (frame.arms == 1 && parser_.take_field("else")) {
        out_.instruction(plain(Op::else_));
    } else {
        parser_.advance();
        return parser_.unexpected();
    }
    ++frame.arms;
    frames_.push_back({.kind = FrameKind::arm, .hint = {}});
    return {};
}

Result<> InstructionParser::parse_try_arm()
{
    auto& frame = frames_.back();
    const bool first = frame.arms == 0;
    if (first && parser_.take_field("do")) {
        frame.arms = 1;
    } else if (frame.arms == 1 && parser_.at_field("delegate")) {
        return parse_folded_delegate();
    } else if (!first && !frame.last_arm && (parser_.at_field("catch") || parser_.at_field("catch_all"))) {
        frame.arms = 2;
        frame.last_arm = parser_.at_field("catch_all");
        parser_.advance();
        auto instruction = plain(TRELLIS_TRY(parse_mnemonic()));
        TRELLIS_TRY(parse_immediates(instruction));
        out_.instruction(instruction);
    } else {
        parser_.advance();
        return parser_.unexpected();
    }
    frames_.push_back({.kind = FrameKind::arm, .hint = {}});
    return {};
}

/// The clause and the parenthesis of the try around it.
Result<> InstructionParser::parse_folded_delegate()
{
    parser_.advance(2);
    labels_.leave();
    frames_.pop_back();
    auto instruction = plain(Op::delegate);
    TRELLIS_TRY(parse_immediates(instruction));
    out_.instruction(instruction);
    TRELLIS_TRY(parser_.close());
    return parser_.close();
}

void InstructionParser::enter_block(const Binding& label)
{
    Parser::note_name(label_names, label_count_++, label);
    labels_.enter(label.id);
}

void InstructionParser::leave_block()
{
    labels_.leave();
    out_.instruction(plain(Op::end));
}

Result<> InstructionParser::write(const Instruction& instruction, std::optional<std::uint8_t> hint)
{
    TRELLIS_TRY(note_hint(hint, instruction.op));
    out_.instruction(instruction);
    return {};
}

Result<> InstructionParser::write_pending(const Frame& frame)
{
    TRELLIS_TRY(note_hint(frame.hint, frame.op));
    out_.raw(pending_.bytes().subspan(frame.pending));
    pending_.truncate(frame.pending);
    return {};
}

Result<> InstructionParser::note_hint(std::optional<std::uint8_t> hint, Op op)
{
    if (!hint)
        return {};
    if (parser_.options().check_annotations && op != Op::if_ && op != Op::br_if)
        return fail(ErrorCode::invalid, "@metadata.code.branch_hint annotation: invalid target", parser_.peek().offset);
    hints.emplace_back(static_cast<std::uint32_t>(out_.size()), *hint);
    return {};
}

Result<std::optional<std::uint8_t>> InstructionParser::take_hint()
{
    const auto* annotation = parser_.take_annotation(AnnotationKind::branch_hint);
    if (annotation == nullptr)
        return std::nullopt;
    const bool check = parser_.options().check_annotations;
    const auto prefix = [](std::string_view message) {
        return format("@metadata.code.branch_hint annotation: {}", message);
    };
    std::string value;
    for (const auto& item : parser_.items(*annotation)) {
        if (item.kind == TokenKind::string)
            value += unescape(parser_.text(item));
        else if (check)
            return parser_.error_at(item.offset, prefix("unexpected token"));
    }
    const bool valid = value == std::string_view("\0", 1) || value == "\1";
    if (check && !valid)
        return parser_.error_at(annotation->offset, prefix("invalid hint value"));
    if (check && parser_.take_annotation(AnnotationKind::branch_hint) != nullptr)
        return parser_.error_at(annotation->offset, prefix("duplicate annotation"));
    return valid ? std::optional(static_cast<std::uint8_t>(value[0])) : std::nullopt;
}

} // namespace trellis::wasm
