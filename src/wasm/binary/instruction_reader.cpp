#include "wasm/binary/instruction_reader.hpp"

#include "base/format.hpp"
#include "wasm/syntax/implementation_limits.hpp"

namespace trellis::wasm {

namespace {

/// Legacy exceptions share one opcode with their successor.
Features with_shared_opcodes(Features features)
{
    return features.has(Feature::legacy_exceptions) ? features.with(Feature::exceptions) : features;
}

Op allowed(Op op, Features features)
{
    return op != Op::count_ && features.has(opcodes::features[static_cast<std::size_t>(op)]) ? op : Op::count_;
}

/// The same as SingleByteOps, found one by one.
struct FewSingleByteOps {
    Features features;
    Op operator[](std::uint8_t byte) const { return allowed(opcodes::single[byte], features); }
};

} // namespace

SingleByteOps::SingleByteOps(Features features)
{
    std::ranges::transform(opcodes::single, ops_.begin(),
                           [&](Op op) { return allowed(op, with_shared_opcodes(features)); });
}

InstructionReader::InstructionReader(const Module& module, ByteRange range)
    : module_(&module), features_(with_shared_opcodes(module.features)), cursor_(module.binary.view(), range)
{
}

void InstructionReader::restart(ByteRange range)
{
    cursor_.restart(range);
}

Result<std::span<const InstructionReader::LocalRun>> InstructionReader::read_locals()
{
    locals_.clear();
    const std::uint32_t at = cursor_.offset();
    const std::uint32_t runs = cursor_.length();
    std::uint64_t total = 0;
    for (std::uint32_t i = 0; i < runs && cursor_.ok(); ++i) {
        const std::uint32_t count = cursor_.u32();
        const ValType type = read_value_type(cursor_, features_);
        total += count;
        if (total > UINT32_MAX)
            cursor_.fail("too many locals", at);
        locals_.push_back({count, type});
    }
    if (total > implementation_limits::locals)
        cursor_.fail(format("too many locals: {} where {} are supported", total, implementation_limits::locals), at,
                     ErrorCode::limit);
    if (!cursor_.ok())
        return std::unexpected(cursor_.error());
    return std::span<const LocalRun>(locals_);
}

bool InstructionReader::read_rare_opcode(Position& position, Instruction& instruction)
{
    cursor_.seek(position);
    const std::uint32_t at = instruction.offset;
    const std::uint8_t first = module_->binary.view()[at];
    if (first < 0xfb || first > 0xfe)
        return cursor_.fail(format("illegal opcode {:02x}", first), at);
    const std::uint32_t code = cursor_.u32();
    const auto look_up = [code](const auto& table) { return code < table.size() ? table[code] : Op::count_; };
    const Op op = first == 0xfb   ? look_up(opcodes::gc)
                  : first == 0xfc ? look_up(opcodes::miscellaneous)
                  : first == 0xfd ? look_up(opcodes::vector)
                                  : look_up(opcodes::atomic);
    if (allowed(op, features_) == Op::count_)
        return cursor_.fail(format("illegal opcode {:02x} {:02x}", first, code), at);
    instruction.op = op;
    position = cursor_.position();
    return cursor_.ok();
}

bool InstructionReader::read_immediates(Position& position, Instruction& instruction)
{
    switch (info(instruction.op).immediate) {
#define TRELLIS_CASE(immediate)                                                                                        \
    case Immediate::immediate:                                                                                         \
        return read_immediate<Immediate::immediate>(position, instruction);
        TRELLIS_CASE(none)
        TRELLIS_CASE(block)
        TRELLIS_CASE(label)
        TRELLIS_CASE(labels)
        TRELLIS_CASE(function)
        TRELLIS_CASE(type)
        TRELLIS_CASE(type_table)
        TRELLIS_CASE(value_types)
        TRELLIS_CASE(local)
        TRELLIS_CASE(global)
        TRELLIS_CASE(table)
        TRELLIS_CASE(memory)
        TRELLIS_CASE(tag)
        TRELLIS_CASE(memory_access)
        TRELLIS_CASE(memory_access_lane)
        TRELLIS_CASE(i32)
        TRELLIS_CASE(i64)
        TRELLIS_CASE(f32)
        TRELLIS_CASE(f64)
        TRELLIS_CASE(v128)
        TRELLIS_CASE(shuffle)
        TRELLIS_CASE(lane)
        TRELLIS_CASE(heap_type)
        TRELLIS_CASE(type_field)
        TRELLIS_CASE(type_count)
        TRELLIS_CASE(type_data)
        TRELLIS_CASE(type_element)
        TRELLIS_CASE(type_type)
        TRELLIS_CASE(cast)
        TRELLIS_CASE(data)
        TRELLIS_CASE(element)
        TRELLIS_CASE(data_memory)
        TRELLIS_CASE(element_table)
        TRELLIS_CASE(memory_memory)
        TRELLIS_CASE(table_table)
        TRELLIS_CASE(zero_byte)
        TRELLIS_CASE(try_table)
#undef TRELLIS_CASE
    }
    return false;
}

Result<> InstructionReader::read(Instruction& instruction)
{
    Position position = cursor_.position();
    if (!read_opcode(FewSingleByteOps{features_}, position, instruction) || !read_immediates(position, instruction))
        return std::unexpected(cursor_.error());
    cursor_.seek(position);
    return {};
}

/// Before there could be many, a zero byte stood for the only one.
void InstructionReader::read_index(Feature of_many, std::uint32_t& index)
{
    if (features_.has(of_many)) {
        index = cursor_.u32();
        return;
    }
    read_zero_byte();
    index = 0;
}

void InstructionReader::read_memory_access(Instruction& instruction)
{
    const std::uint32_t at = cursor_.offset();
    const std::uint32_t flags = cursor_.u32();
    if (flags >= (features_.has(Feature::multi_memory) ? 2 * multi_memory_flag : multi_memory_flag))
        cursor_.fail("malformed memop flags", at);
    instruction.align_log2 = static_cast<std::uint8_t>(flags & (multi_memory_flag - 1));
    instruction.index = (flags & multi_memory_flag) != 0 ? cursor_.u32() : 0;
    instruction.value = features_.has(Feature::memory64) ? cursor_.u64() : cursor_.u32();
}

void InstructionReader::read_labels(Instruction& instruction)
{
    const std::uint32_t count = cursor_.length();
    targets_.clear();
    for (std::uint32_t i = 0; i < count && cursor_.ok(); ++i)
        targets_.push_back(cursor_.u32());
    instruction.targets = targets_;
    instruction.index = cursor_.u32();
}

void InstructionReader::read_value_types(Instruction& instruction)
{
    const std::uint32_t count = cursor_.length();
    types_.clear();
    for (std::uint32_t i = 0; i < count && cursor_.ok(); ++i)
        types_.push_back(read_value_type(cursor_, features_));
    instruction.types = types_;
}

void InstructionReader::read_bytes(Instruction& instruction)
{
    std::ranges::copy(cursor_.take(instruction.bytes.size()), instruction.bytes.begin());
}

void InstructionReader::read_shuffle(Instruction& instruction)
{
    for (std::uint8_t& lane : instruction.bytes)
        lane = cursor_.byte();
}

ValType InstructionReader::read_cast_target(Op op)
{
    const HeapType heap = read_heap_type(cursor_, features_);
    const bool nullable = op != Op::ref_test && op != Op::ref_cast;
    return nullable ? ValType::ref_null(heap) : ValType::ref(heap);
}

void InstructionReader::read_cast(Instruction& instruction)
{
    const std::uint32_t at = cursor_.offset();
    const std::uint8_t flags = cursor_.byte();
    if (flags > 3)
        cursor_.fail("malformed br_on_cast flags", at);
    instruction.index = cursor_.u32();
    const HeapType source = read_heap_type(cursor_, features_);
    const HeapType target = read_heap_type(cursor_, features_);
    instruction.type = (flags & 1) != 0 ? ValType::ref_null(source) : ValType::ref(source);
    instruction.type2 = (flags & 2) != 0 ? ValType::ref_null(target) : ValType::ref(target);
}

void InstructionReader::read_zero_byte()
{
    const std::uint32_t at = cursor_.offset();
    if (cursor_.byte() != 0)
        cursor_.fail("zero byte expected", at);
}

void InstructionReader::read_catches(Instruction& instruction)
{
    using Form = CatchClause::Form;
    const std::uint32_t count = cursor_.length();
    catches_.clear();
    for (std::uint32_t i = 0; i < count && cursor_.ok(); ++i) {
        const std::uint32_t at = cursor_.offset();
        const std::uint8_t form = cursor_.byte();
        if (form > static_cast<std::uint8_t>(Form::catch_all_ref))
            cursor_.fail("malformed catch clause", at);
        CatchClause clause{.form = static_cast<Form>(form), .label = 0};
        if (clause.form == Form::catch_ || clause.form == Form::catch_ref)
            clause.tag = static_cast<TagIndex>(cursor_.u32());
        clause.label = cursor_.u32();
        catches_.push_back(clause);
    }
    instruction.catches = catches_;
}

} // namespace trellis::wasm
