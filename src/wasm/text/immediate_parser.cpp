// The part of InstructionParser that reads what stands behind a mnemonic.
#include "wasm/text/instruction_parser.hpp"

#include "base/format.hpp"
#include "wasm/text/keyword.hpp"
#include "wasm/text/number.hpp"

#include <algorithm>
#include <bit>

namespace trellis::wasm {

namespace {

bool is_number(const Token& token)
{
    return token.kind == TokenKind::natural || token.kind == TokenKind::integer || token.kind == TokenKind::floating;
}

} // namespace

Result<> InstructionParser::parse_immediates(Instruction& instruction)
{
    const auto index = [&](const IndexSpace& space) -> Result<> {
        instruction.index = TRELLIS_TRY(parser_.parse_index(space));
        return {};
    };
    const auto type_and = [&](const IndexSpace& space) -> Result<> {
        instruction.index = TRELLIS_TRY(parser_.parse_index(parser_.types));
        instruction.index2 = TRELLIS_TRY(parser_.parse_index(space));
        return {};
    };
    const auto optional_index = [&](const IndexSpace& space) -> Result<> {
        if (parser_.at_index())
            instruction.index = TRELLIS_TRY(parser_.parse_index(space));
        return {};
    };
    const auto immediate = info(instruction.op).immediate;
    uses_data_segments = uses_data_segments || immediate == Immediate::type_data || immediate == Immediate::data ||
                         immediate == Immediate::data_memory;
    switch (immediate) {
    case Immediate::none:
        return instruction.op == Op::select ? parse_select(instruction) : Result<>{};
    case Immediate::label:
        instruction.index = TRELLIS_TRY(parse_label());
        return {};
    case Immediate::labels:
        return parse_labels(instruction);
    case Immediate::function:
        return index(parser_.functions);
    case Immediate::type:
        return index(parser_.types);
    case Immediate::local:
        return index(locals);
    case Immediate::global:
        return index(parser_.globals);
    case Immediate::tag:
        return index(parser_.tags);
    case Immediate::data:
        return index(parser_.data);
    case Immediate::element:
        return index(parser_.elements);
    case Immediate::table:
        return optional_index(parser_.tables);
    case Immediate::memory:
        return optional_index(parser_.memories);
    case Immediate::type_table:
        return parse_type_table(instruction);
    case Immediate::memory_access:
        TRELLIS_TRY(optional_index(parser_.memories));
        return parse_offset_and_alignment(instruction);
    case Immediate::memory_access_lane:
        return parse_memory_access_lane(instruction);
    case Immediate::i32:
    case Immediate::i64:
    case Immediate::f32:
    case Immediate::f64:
        return parse_number(instruction);
    case Immediate::v128:
        return parse_vector(instruction);
    case Immediate::shuffle:
        return parse_shuffle(instruction);
    case Immediate::lane:
        instruction.lane = TRELLIS_TRY(parser_.parse_u8());
        return {};
    case Immediate::heap_type:
    case Immediate::cast:
        return parse_reference_type(instruction);
    case Immediate::type_field:
        return parse_field(instruction);
    case Immediate::type_count:
        instruction.index = TRELLIS_TRY(parser_.parse_index(parser_.types));
        instruction.index2 = TRELLIS_TRY(parser_.parse_u32());
        return {};
    case Immediate::type_data:
        return type_and(parser_.data);
    case Immediate::type_element:
        return type_and(parser_.elements);
    case Immediate::type_type:
        return type_and(parser_.types);
    case Immediate::data_memory:
        return parse_optional_outer(instruction, parser_.memories, parser_.data);
    case Immediate::element_table:
        return parse_optional_outer(instruction, parser_.tables, parser_.elements);
    case Immediate::memory_memory:
        return parse_optional_pair(instruction, parser_.memories);
    case Immediate::table_table:
        return parse_optional_pair(instruction, parser_.tables);
    case Immediate::zero_byte:
        return {};
    case Immediate::block:
    case Immediate::try_table:
    case Immediate::value_types:
        break; // parse_block_header; no mnemonic of its own
    }
    return parser_.unexpected();
}

Result<Binding> InstructionParser::parse_block_header(Instruction& instruction)
{
    const auto label = TRELLIS_TRY(parser_.parse_binding());
    instruction.block_type = TRELLIS_TRY(parse_block_type());
    if (instruction.op == Op::try_table) {
        TRELLIS_TRY(parse_catches());
        instruction.catches = catches_;
    }
    return label;
}

Result<BlockType> InstructionParser::parse_block_type()
{
    const auto use = TRELLIS_TRY(types_.parse_type_use(TypeParser::Names::forbidden));
    BlockType type;
    if (!use.index && !use.is_inline())
        return type;
    if (!use.index && use.type.params.empty() && use.type.results.size() == 1) {
        type.form = BlockType::Form::value;
        type.value = use.type.results[0];
        return type;
    }
    type.form = BlockType::Form::type;
    type.type = TypeIndex{TRELLIS_TRY(types_.resolve(use))};
    return type;
}

Result<> InstructionParser::parse_catches()
{
    struct Row {
        std::string_view word;
        CatchClause::Form form;
        bool has_tag;
    };
    static constexpr Row rows[] = {
        {"catch", CatchClause::Form::catch_, true},
        {"catch_ref", CatchClause::Form::catch_ref, true},
        {"catch_all", CatchClause::Form::catch_all, false},
        {"catch_all_ref", CatchClause::Form::catch_all_ref, false},
    };
    catches_.clear();
    while (true) {
        const auto* const row = std::ranges::find_if(rows, [&](const Row& r) { return parser_.at_field(r.word); });
        if (row == std::end(rows))
            return {};
        parser_.advance(2);
        CatchClause clause{.form = row->form, .label = 0};
        if (row->has_tag)
            clause.tag = TagIndex{TRELLIS_TRY(parser_.parse_index(parser_.tags))};
        clause.label = TRELLIS_TRY(parse_label());
        TRELLIS_TRY(parser_.close());
        catches_.push_back(clause);
    }
}

Result<std::uint32_t> InstructionParser::parse_label()
{
    if (parser_.at(TokenKind::natural))
        return parser_.parse_u32();
    if (!parser_.at(TokenKind::identifier))
        return parser_.unexpected();
    const auto id = parser_.id_of(parser_.peek());
    const auto depth = labels_.find(id);
    if (!depth)
        return parser_.error(format("unknown label ${}", id));
    parser_.advance();
    return *depth;
}

Result<> InstructionParser::parse_labels(Instruction& instruction)
{
    targets_.clear();
    do
        targets_.push_back(TRELLIS_TRY(parse_label()));
    while (parser_.at_index());
    instruction.index = targets_.back();
    targets_.pop_back();
    instruction.targets = targets_;
    return {};
}

Result<> InstructionParser::parse_type_table(Instruction& instruction)
{
    if (parser_.at_index())
        instruction.index2 = TRELLIS_TRY(parser_.parse_index(parser_.tables));
    const auto use = TRELLIS_TRY(types_.parse_type_use(TypeParser::Names::forbidden));
    instruction.index = TRELLIS_TRY(types_.resolve(use));
    return {};
}

Result<> InstructionParser::parse_select(Instruction& instruction)
{
    if (!parser_.at_field("result"))
        return {};
    value_types_.clear();
    while (parser_.take_field("result")) {
        while (!parser_.at(TokenKind::right))
            value_types_.push_back(TRELLIS_TRY(types_.parse_value_type()));
        parser_.advance();
    }
    instruction.op = Op::select_t;
    instruction.types = value_types_;
    return {};
}

Result<> InstructionParser::parse_memory_access_lane(Instruction& instruction)
{
    // A single number is the lane; two, or one in front of offset or alignment, begin with the memory.
    const auto& next = parser_.peek(1);
    const bool memory =
        parser_.at(TokenKind::identifier) ||
        (parser_.at(TokenKind::natural) && (next.kind == TokenKind::natural || next.kind == TokenKind::keyword) &&
         (next.kind == TokenKind::natural || parser_.text(next).starts_with("offset=") ||
          parser_.text(next).starts_with("align=")));
    if (memory)
        instruction.index = TRELLIS_TRY(parser_.parse_index(parser_.memories));
    TRELLIS_TRY(parse_offset_and_alignment(instruction));
    instruction.lane = TRELLIS_TRY(parser_.parse_u8());
    return {};
}

Result<> InstructionParser::parse_offset_and_alignment(Instruction& instruction)
{
    const auto argument = [&](std::string_view prefix) -> Result<std::optional<std::uint64_t>> {
        if (!parser_.at(TokenKind::keyword) || !parser_.peek_text().starts_with(prefix))
            return std::nullopt;
        const auto digits = parser_.peek_text().substr(prefix.size());
        if (classify_number(digits) != NumberForm::natural)
            return parser_.unexpected();
        const auto value = parse_natural(digits);
        if (!value)
            return parser_.error("i64 constant out of range");
        parser_.advance();
        return value;
    };
    instruction.value = TRELLIS_TRY(argument("offset=")).value_or(0);
    instruction.align_log2 = access_size_log2(instruction.op);
    const auto& at = parser_.peek();
    if (const auto alignment = TRELLIS_TRY(argument("align="))) {
        if (!std::has_single_bit(*alignment))
            return parser_.error_at(at.offset, "alignment must be a power of two");
        instruction.align_log2 = static_cast<std::uint8_t>(std::countr_zero(*alignment));
    }
    return {};
}

Result<> InstructionParser::parse_number(Instruction& instruction)
{
    if (!is_number(parser_.peek()))
        return parser_.unexpected();
    const auto word = parser_.peek_text();
    std::optional<std::uint64_t> value;
    switch (info(instruction.op).immediate) {
    case Immediate::i32:
        value = parse_integer(word, 32);
        if (value)
            value = static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int32_t>(*value)));
        break;
    case Immediate::i64:
        value = parse_integer(word, 64);
        break;
    case Immediate::f32:
        value = parse_f32(word);
        break;
    default:
        value = parse_f64(word);
        break;
    }
    if (!value)
        return parser_.error("constant out of range");
    instruction.value = *value;
    parser_.advance();
    return {};
}

Result<std::uint64_t> InstructionParser::parse_lane(const LaneShape& shape)
{
    const auto word = parser_.peek_text();
    std::optional<std::uint64_t> value;
    if (!shape.floating)
        value = parse_integer(word, shape.bits);
    else if (shape.bits == 32)
        value = parse_f32(word);
    else
        value = parse_f64(word);
    if (!value)
        return parser_.error("constant out of range");
    return *value;
}

Result<> InstructionParser::parse_vector(Instruction& instruction)
{
    const auto* const shape = std::ranges::find(lane_shapes, parser_.peek_text(), &LaneShape::name);
    if (!parser_.at(TokenKind::keyword) || shape == std::end(lane_shapes))
        return parser_.unexpected();
    parser_.advance();
    std::uint32_t count = 0;
    while (is_number(parser_.peek(count)))
        ++count;
    if (count == 0 && !parser_.at(TokenKind::right) && !parser_.at(TokenKind::left))
        return parser_.unexpected();
    if (count != shape->lanes)
        return parser_.error("wrong number of lane literals");
    const unsigned size = shape->bits / 8u;
    for (unsigned lane = 0; lane < count; ++lane, parser_.advance()) {
        const auto value = TRELLIS_TRY(parse_lane(*shape));
        for (unsigned i = 0; i < size; ++i)
            instruction.bytes[lane * size + i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    return {};
}

Result<> InstructionParser::parse_shuffle(Instruction& instruction)
{
    const auto start = parser_.peek().offset;
    std::size_t count = 0;
    for (; is_number(parser_.peek()); ++count) {
        const auto lane = parse_integer(parser_.peek_text(), 8);
        if (!parser_.at(TokenKind::natural) || !lane)
            return parser_.error("i8 constant out of range");
        if (count < instruction.bytes.size())
            instruction.bytes[count] = static_cast<std::uint8_t>(*lane);
        parser_.advance();
    }
    if (count != instruction.bytes.size())
        return parser_.error_at(start, "invalid lane length");
    return {};
}

Result<> InstructionParser::parse_reference_type(Instruction& instruction)
{
    switch (instruction.op) {
    case Op::ref_null:
        instruction.type = ValType::ref_null(TRELLIS_TRY(types_.parse_heap_type()));
        return {};
    case Op::br_on_cast:
    case Op::br_on_cast_fail:
        instruction.index = TRELLIS_TRY(parse_label());
        instruction.type = TRELLIS_TRY(types_.parse_reference_type());
        instruction.type2 = TRELLIS_TRY(types_.parse_reference_type());
        return {};
    default:
        instruction.type = TRELLIS_TRY(types_.parse_reference_type());
        break;
    }
    if (instruction.type.nullable())
        instruction.op = instruction.op == Op::ref_test ? Op::ref_test_null : Op::ref_cast_null;
    return {};
}

Result<> InstructionParser::parse_field(Instruction& instruction)
{
    instruction.index = TRELLIS_TRY(parser_.parse_index(parser_.types));
    static const IndexSpace none("field");
    const auto fields = parser_.fields.find(instruction.index);
    instruction.index2 = TRELLIS_TRY(parser_.parse_index(fields == parser_.fields.end() ? none : fields->second));
    return {};
}

Result<> InstructionParser::parse_optional_outer(Instruction& instruction, const IndexSpace& outer,
                                                 const IndexSpace& inner)
{
    const auto next = parser_.peek(1).kind;
    if (parser_.at_index() && (next == TokenKind::natural || next == TokenKind::identifier))
        instruction.index2 = TRELLIS_TRY(parser_.parse_index(outer));
    instruction.index = TRELLIS_TRY(parser_.parse_index(inner));
    return {};
}

Result<> InstructionParser::parse_optional_pair(Instruction& instruction, const IndexSpace& space)
{
    if (!parser_.at_index())
        return {};
    instruction.index = TRELLIS_TRY(parser_.parse_index(space));
    instruction.index2 = TRELLIS_TRY(parser_.parse_index(space));
    return {};
}

} // namespace trellis::wasm
