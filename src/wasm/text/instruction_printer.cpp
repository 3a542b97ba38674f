#include "wasm/text/instruction_printer.hpp"

#include "base/format.hpp"
#include "wasm/text/keyword.hpp"
#include "wasm/text/number.hpp"

#include <algorithm>

namespace trellis::wasm {

namespace {

const Identifiers no_identifiers;

bool opens_block(Op op)
{
    const auto immediate = info(op).immediate;
    return immediate == Immediate::block || immediate == Immediate::try_table;
}

/// Ends one part of a block and begins another.
bool divides_block(Op op)
{
    return op == Op::else_ || op == Op::catch_ || op == Op::catch_all;
}

std::string vector_text(const std::array<std::uint8_t, 16>& bytes)
{
    std::string text = " i32x4";
    for (std::size_t lane = 0; lane < 16; lane += 4)
        text += format(" 0x{:02x}{:02x}{:02x}{:02x}", bytes[lane + 3], bytes[lane + 2], bytes[lane + 1], bytes[lane]);
    return text;
}

std::string shuffle_text(const std::array<std::uint8_t, 16>& bytes)
{
    std::string text;
    for (const auto lane : bytes)
        text += format(" {}", lane);
    return text;
}

/// Whether a constant expression is one instruction and its end.
bool is_single_instruction(const Module& module, const ConstExpr& expression)
{
    InstructionReader reader(module, expression.bytes);
    Instruction instruction;
    const bool has_first = reader.read(instruction).has_value() && !reader.at_end();
    return has_first && reader.read(instruction).has_value() && reader.at_end();
}

} // namespace

ModuleIdentifiers::ModuleIdentifiers(const Names& names, const Module& module)
{
    const std::size_t counts[] = {module.function_types.size(), module.types.size(),        module.table_types.size(),
                                  module.memory_types.size(),   module.global_types.size(), module.elements.size(),
                                  module.data.size(),           module.tag_types.size()};
    static_assert(std::size(counts) == static_cast<std::size_t>(NameSpace::count_));
    for (std::size_t i = 0; i < std::size(counts); ++i)
        spaces.emplace_back(names.maps[i], counts[i]);
    for (const auto& [type, map] : names.of(InnerNameSpace::field))
        if (type < module.types.size())
            if (const auto* structure = std::get_if<StructType>(&module.types[type].composite))
                fields.emplace(type, Identifiers(map, structure->fields.size()));
}

const Identifiers& ModuleIdentifiers::fields_of(std::uint32_t type) const
{
    const auto found = fields.find(type);
    return found == fields.end() ? no_identifiers : found->second;
}

std::string ModuleIdentifiers::heap_type(HeapType type) const
{
    if (type.is_index())
        return reference(NameSpace::type, number(type.index()));
    return std::string(std::ranges::find(named_types, type, &NamedType::type)->heap);
}

std::string ModuleIdentifiers::value_type(ValType type) const
{
    if (!type.is_ref())
        return std::string(std::ranges::find(named_kinds, type.kind(), &NamedKind::kind)->name);
    if (type.nullable() && !type.heap().is_index())
        return std::string(std::ranges::find(named_types, type.heap(), &NamedType::type)->reference);
    return format("(ref {}{})", type.nullable() ? "null " : "", heap_type(type.heap()));
}

std::string ModuleIdentifiers::type_use(std::uint32_t index) const
{
    return format(" (type {})", reference(NameSpace::type, index));
}

Result<> InstructionPrinter::print_body(InstructionReader& reader, ByteRange body, const Identifiers& locals,
                                        const Identifiers& labels, const BranchHints& hints)
{
    locals_ = &locals;
    label_ids_ = &labels;
    open_blocks_.clear();
    block_count_ = 0;
    auto hint = hints.begin();
    Instruction instruction;
    while (!reader.at_end()) {
        TRELLIS_TRY(reader.read(instruction));
        TRELLIS_TRY(out_.check());
        const auto offset = instruction.offset - body.offset;
        if (hint != hints.end() && hint->first == offset)
            out_.line(format("(@{} \"\\0{}\")", branch_hint_section, (hint++)->second));
        if (instruction.op == Op::end && open_blocks_.empty() && reader.at_end())
            return {};
        if (!is_in_place(instruction.op))
            return fail(ErrorCode::malformed, format("misplaced {} opcode", info(instruction.op).text),
                        instruction.offset);
        print(instruction);
    }
    return fail(ErrorCode::malformed, "END opcode expected", reader.offset());
}

/// Whether an instruction that ends or divides a block has one of its kind around it.
bool InstructionPrinter::is_in_place(Op op) const
{
    const bool closes = op == Op::end || op == Op::delegate;
    if (!closes && !divides_block(op))
        return true;
    if (open_blocks_.empty())
        return false;
    const auto part = open_blocks_.back().part;
    if (op == Op::else_)
        return part == Op::if_;
    if (op == Op::delegate)
        return part == Op::try_;
    return op == Op::end || part == Op::try_ || part == Op::catch_;
}

void InstructionPrinter::print(const Instruction& instruction)
{
    const auto op = instruction.op;
    const bool closes = op == Op::end || op == Op::delegate;
    if (closes || divides_block(op))
        out_.outdent();
    if (closes)
        open_blocks_.pop_back();
    out_.line(info(op).text);
    if (opens_block(op)) {
        out_.append(label_ids_->binding(block_count_));
        printed_labels_ += label_ids_->has(block_count_) ? 1 : 0;
    }
    out_.append(immediates(instruction));
    if (opens_block(op))
        open_blocks_.push_back({block_count_++, op});
    if (divides_block(op))
        open_blocks_.back().part = op;
    if (opens_block(op) || divides_block(op))
        out_.indent();
}

Result<> InstructionPrinter::print_constant(const ConstExpr& expression, std::string_view keyword)
{
    locals_ = label_ids_ = &no_identifiers;
    open_blocks_.clear();
    const bool folded = is_single_instruction(module_, expression);
    const bool wrapped = folded || !keyword.empty();
    if (wrapped)
        out_.append(format(" ({}", folded ? "" : keyword));
    std::string_view space = folded ? "" : " ";
    InstructionReader reader(module_, expression.bytes);
    Instruction instruction;
    while (!reader.at_end()) {
        TRELLIS_TRY(reader.read(instruction));
        if (instruction.op == Op::end && reader.at_end())
            break;
        if (opens_block(instruction.op) || !is_in_place(instruction.op))
            return fail(ErrorCode::malformed, "constant expression required", instruction.offset);
        out_.append(std::exchange(space, " "));
        out_.append(info(instruction.op).text);
        out_.append(immediates(instruction));
        TRELLIS_TRY(out_.check());
    }
    out_.append(wrapped ? ")" : "");
    return {};
}

std::string InstructionPrinter::label(std::uint32_t depth) const
{
    if (depth >= open_blocks_.size())
        return format(" {}", depth);
    const auto block = open_blocks_[open_blocks_.size() - 1 - depth].number;
    return format(" {}", label_ids_->has(block) ? label_ids_->reference(block) : format("{}", depth));
}

std::string InstructionPrinter::labels(const Instruction& instruction) const
{
    std::string text;
    for (const auto target : instruction.targets)
        text += label(target);
    return text + label(instruction.index);
}

std::string InstructionPrinter::block_type(const BlockType& type) const
{
    switch (type.form) {
    case BlockType::Form::empty:
        return "";
    case BlockType::Form::value:
        return format(" (result {})", ids_.value_type(type.value));
    case BlockType::Form::type:
        break;
    }
    return ids_.type_use(number(type.type));
}

std::string InstructionPrinter::catches(std::span<const CatchClause> clauses) const
{
    static constexpr std::string_view words[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
    std::string text;
    for (const auto& clause : clauses) {
        const bool has_tag = clause.form == CatchClause::Form::catch_ || clause.form == CatchClause::Form::catch_ref;
        text += format(" ({}", words[static_cast<std::size_t>(clause.form)]);
        if (has_tag)
            text += " " + ids_.reference(NameSpace::tag, number(clause.tag));
        text += label(clause.label) + ")";
    }
    return text;
}

std::string InstructionPrinter::memory_access(const Instruction& instruction) const
{
    std::string text;
    if (instruction.index != 0)
        text += " " + ids_.reference(NameSpace::memory, instruction.index);
    if (instruction.value != 0)
        text += format(" offset={}", instruction.value);
    if (instruction.align_log2 != access_size_log2(instruction.op))
        text += format(" align={}", std::uint64_t{1} << instruction.align_log2);
    return text;
}

std::string InstructionPrinter::heap_immediate(const Instruction& instruction) const
{
    const auto heap = instruction.type.heap();
    if (instruction.op == Op::ref_null)
        return " " + ids_.heap_type(heap);
    const bool nullable = instruction.op == Op::ref_test_null || instruction.op == Op::ref_cast_null;
    return " " + ids_.value_type(nullable ? ValType::ref_null(heap) : ValType::ref(heap));
}

std::string InstructionPrinter::immediates(const Instruction& instruction) const
{
    const auto& i = instruction;
    const auto one = [&](NameSpace space, std::uint32_t index) { return " " + ids_.reference(space, index); };
    const auto unless_zero = [&](NameSpace space, std::uint32_t index) {
        return index == 0 ? std::string() : one(space, index);
    };
    const auto two = [&](NameSpace first, NameSpace second) { return one(first, i.index) + one(second, i.index2); };
    const auto two_unless_zero = [&](NameSpace space) {
        return i.index == 0 && i.index2 == 0 ? std::string() : two(space, space);
    };
    switch (info(i.op).immediate) {
    case Immediate::none:
    case Immediate::zero_byte:
        return "";
    case Immediate::block:
        return block_type(i.block_type);
    case Immediate::try_table:
        return block_type(i.block_type) + catches(i.catches);
    case Immediate::label:
        return label(i.index);
    case Immediate::labels:
        return labels(i);
    case Immediate::function:
        return one(NameSpace::function, i.index);
    case Immediate::type:
        return one(NameSpace::type, i.index);
    case Immediate::local:
        return " " + locals_->reference(i.index);
    case Immediate::global:
        return one(NameSpace::global, i.index);
    case Immediate::tag:
        return one(NameSpace::tag, i.index);
    case Immediate::data:
        return one(NameSpace::data, i.index);
    case Immediate::element:
        return one(NameSpace::element, i.index);
    case Immediate::table:
        return unless_zero(NameSpace::table, i.index);
    case Immediate::memory:
        return unless_zero(NameSpace::memory, i.index);
    case Immediate::type_table:
        return unless_zero(NameSpace::table, i.index2) + ids_.type_use(i.index);
    case Immediate::value_types: {
        std::string text = " (result";
        for (const auto type : i.types)
            text += " " + ids_.value_type(type);
        return text + ")";
    }
    case Immediate::memory_access:
        return memory_access(i);
    case Immediate::memory_access_lane:
        return memory_access(i) + format(" {}", i.lane);
    case Immediate::lane:
        return format(" {}", i.lane);
    case Immediate::i32:
        return format(" {}", static_cast<std::int32_t>(i.value));
    case Immediate::i64:
        return format(" {}", static_cast<std::int64_t>(i.value));
    case Immediate::f32:
        return " " + print_f32(static_cast<std::uint32_t>(i.value));
    case Immediate::f64:
        return " " + print_f64(i.value);
    case Immediate::v128:
        return vector_text(i.bytes);
    case Immediate::shuffle:
        return shuffle_text(i.bytes);
    case Immediate::heap_type:
        return heap_immediate(i);
    case Immediate::cast:
        return label(i.index) + " " + ids_.value_type(i.type) + " " + ids_.value_type(i.type2);
    case Immediate::type_field:
        return one(NameSpace::type, i.index) + " " + ids_.fields_of(i.index).reference(i.index2);
    case Immediate::type_count:
        return one(NameSpace::type, i.index) + format(" {}", i.index2);
    case Immediate::type_data:
        return two(NameSpace::type, NameSpace::data);
    case Immediate::type_element:
        return two(NameSpace::type, NameSpace::element);
    case Immediate::type_type:
        return two(NameSpace::type, NameSpace::type);
    case Immediate::data_memory:
        return unless_zero(NameSpace::memory, i.index2) + one(NameSpace::data, i.index);
    case Immediate::element_table:
        return unless_zero(NameSpace::table, i.index2) + one(NameSpace::element, i.index);
    case Immediate::memory_memory:
        return two_unless_zero(NameSpace::memory);
    case Immediate::table_table:
        return two_unless_zero(NameSpace::table);
    }
    return "";
}

} // namespace trellis::wasm
