// The rules for memories, tables and their segments, and for vector lanes.
#include "base/format.hpp"
#include "wasm/validation/function_rules.hpp"

namespace trellis::wasm {

bool FunctionRules::lane_below(std::uint32_t count)
{
    return instruction_.lane < count || invalid("invalid lane index");
}

bool FunctionRules::shuffle_lanes()
{
    return std::ranges::all_of(instruction_.bytes, [](std::uint8_t lane) { return lane < 32; }) ||
           invalid("invalid lane index");
}

std::uint32_t FunctionRules::lanes_of(Op op)
{
    const std::string_view text = info(op).text;
    const std::size_t x = text.find('x');
    std::uint32_t lanes = 0;
    for (std::size_t i = x + 1; text[i] >= '0' && text[i] <= '9'; ++i)
        lanes = lanes * 10 + static_cast<std::uint32_t>(text[i] - '0');
    return lanes;
}

bool FunctionRules::data_segment(std::uint32_t index)
{
    if (!module_->data_count)
        return malformed("data count section required");
    return index < module_->data.size() || unknown("data segment", index);
}

bool FunctionRules::element_segment(std::uint32_t index, ValType& type)
{
    if (index >= module_->elements.size())
        return unknown("elem segment", index);
    type = module_->elements[index].type;
    return true;
}

bool FunctionRules::on(Rule<Op::memory_init>)
{
    ValType address;
    return memory(instruction_.index2, address) && data_segment(instruction_.index) && pop({address, i32, i32});
}

bool FunctionRules::on(Rule<Op::data_drop>)
{
    return data_segment(instruction_.index);
}

namespace {

/// Of the length of a copy between two address types.
ValType smaller(ValType a, ValType b)
{
    return a == i32 ? a : b;
}

} // namespace

bool FunctionRules::on(Rule<Op::memory_copy>)
{
    ValType destination, source;
    return memory(instruction_.index, destination) && memory(instruction_.index2, source) &&
           pop({destination, source, smaller(destination, source)});
}

bool FunctionRules::on(Rule<Op::memory_fill>)
{
    ValType address;
    return memory(instruction_.index, address) && pop({address, i32, address});
}

const TableType* FunctionRules::table(std::uint32_t index)
{
    if (index < module_->table_types.size())
        return &module_->table_types[index];
    unknown("table", index);
    return nullptr;
}

bool FunctionRules::on(Rule<Op::table_get>)
{
    const TableType* type = table(instruction_.index);
    if (type == nullptr || !pop(type->limits.address_type()))
        return false;
    push(type->element);
    return true;
}

bool FunctionRules::on(Rule<Op::table_set>)
{
    const TableType* type = table(instruction_.index);
    return type != nullptr && pop({type->limits.address_type(), type->element});
}

bool FunctionRules::on(Rule<Op::table_init>)
{
    const TableType* destination = table(instruction_.index2);
    ValType source;
    if (destination == nullptr || !element_segment(instruction_.index, source))
        return false;
    if (!is_subtype_of(source, destination->element))
        return invalid(format("type mismatch: element segment's type {} does not match table's element type {}",
                              to_string(source), to_string(destination->element)));
    return pop({destination->limits.address_type(), i32, i32});
}

bool FunctionRules::on(Rule<Op::elem_drop>)
{
    ValType type;
    return element_segment(instruction_.index, type);
}

bool FunctionRules::on(Rule<Op::table_copy>)
{
    const TableType* destination = table(instruction_.index);
    const TableType* source = destination != nullptr ? table(instruction_.index2) : nullptr;
    if (source == nullptr)
        return false;
    if (!is_subtype_of(source->element, destination->element))
        return invalid(format("type mismatch: source element type {} does not match destination element type {}",
                              to_string(source->element), to_string(destination->element)));
    const ValType to = destination->limits.address_type(), from = source->limits.address_type();
    return pop({to, from, smaller(to, from)});
}

bool FunctionRules::on(Rule<Op::table_grow>)
{
    const TableType* type = table(instruction_.index);
    if (type == nullptr || !pop({type->element, type->limits.address_type()}))
        return false;
    push(type->limits.address_type());
    return true;
}

bool FunctionRules::on(Rule<Op::table_size>)
{
    const TableType* type = table(instruction_.index);
    if (type == nullptr)
        return false;
    push(type->limits.address_type());
    return true;
}

bool FunctionRules::on(Rule<Op::table_fill>)
{
    const TableType* type = table(instruction_.index);
    if (type == nullptr)
        return false;
    const ValType address = type->limits.address_type();
    return pop({address, type->element, address});
}

} // namespace trellis::wasm
