// The rules for references, structures, arrays and casts.
#include "base/format.hpp"
#include "wasm/syntax/implementation_limits.hpp"
#include "wasm/validation/function_rules.hpp"

namespace trellis::wasm {

namespace {

ValType defined_reference(std::uint32_t index)
{
    return ValType::ref(HeapType(static_cast<TypeIndex>(index)));
}

ValType defined_reference_or_null(std::uint32_t index)
{
    return ValType::ref_null(HeapType(static_cast<TypeIndex>(index)));
}

constexpr ValType eqref = ValType::ref_null(HeapType::eq);
constexpr ValType i31ref = ValType::ref_null(HeapType::i31);
constexpr ValType arrayref = ValType::ref_null(HeapType::array);

} // namespace

template <class Required>
bool FunctionRules::pop_many(std::size_t count, Required required)
{
    if (top_matches(count, required)) {
        stack_.drop(std::min(count, stack_.above_floor()));
        return true;
    }
    std::vector<ValType> types;
    for (std::size_t depth = count; depth != 0; --depth)
        types.push_back(required(depth));
    return mismatch(types);
}

bool FunctionRules::on(Rule<Op::ref_null>)
{
    if (!known_type(instruction_.type))
        return false;
    push(instruction_.type);
    return true;
}

bool FunctionRules::on(Rule<Op::ref_is_null>)
{
    ValType type;
    if (!pop_reference(type))
        return false;
    push(i32);
    return true;
}

bool FunctionRules::on(Rule<Op::ref_func>)
{
    const std::uint32_t index = instruction_.index;
    if (index >= module_->function_types.size())
        return unknown("function", index);
    if (!in_constant_ && !module_->declared_functions[index])
        return invalid(format("undeclared function reference {}", index));
    push(defined_reference(number(module_->function_types[index])));
    return true;
}

bool FunctionRules::on(Rule<Op::ref_eq>)
{
    if (!pop({eqref, eqref}))
        return false;
    push(i32);
    return true;
}

bool FunctionRules::on(Rule<Op::ref_as_non_null>)
{
    ValType type;
    if (!pop_reference(type))
        return false;
    push(ValType::ref(type.heap()));
    return true;
}

bool FunctionRules::on(Rule<Op::br_on_null>)
{
    ValType type;
    Types carried;
    if (!label(instruction_.index, carried) || !pop_reference(type) || !pop_all(carried))
        return false;
    push_all(carried);
    push(ValType::ref(type.heap()));
    return true;
}

bool FunctionRules::on(Rule<Op::br_on_non_null>)
{
    Types carried;
    if (!label(instruction_.index, carried))
        return false;
    if (carried.empty() || !carried.back().is_ref())
        return invalid("type mismatch: instruction requires reference type but label has none");
    const Types others = carried.first(carried.size() - 1);
    if (!pop(ValType::ref_null(carried.back().heap())) || !pop_all(others))
        return false;
    push_all(others);
    return true;
}

// Structures

const StructType* FunctionRules::struct_type(std::uint32_t index)
{
    if (index >= module_->types.size()) {
        unknown("type", index);
        return nullptr;
    }
    const auto* type = std::get_if<StructType>(&module_->types[index].composite);
    if (type == nullptr)
        invalid(format("non-structure type {}", index));
    return type;
}

bool FunctionRules::on(Rule<Op::struct_new>)
{
    const StructType* type = struct_type(instruction_.index);
    if (type == nullptr)
        return false;
    const std::vector<FieldType>& fields = type->fields;
    if (!pop_many(fields.size(), [&](std::size_t depth) { return fields[fields.size() - depth].storage.unpacked(); }))
        return false;
    push(defined_reference(instruction_.index));
    return true;
}

bool FunctionRules::on(Rule<Op::struct_new_default>)
{
    const StructType* type = struct_type(instruction_.index);
    if (type == nullptr)
        return false;
    if (!std::ranges::all_of(type->fields, [](const FieldType& field) { return field.storage.defaultable(); }))
        return invalid("field type is not defaultable");
    push(defined_reference(instruction_.index));
    return true;
}

/// The field an instruction names, and the type of the reference it is in.
bool FunctionRules::field(FieldType& type, ValType& reference)
{
    const StructType* structure = struct_type(instruction_.index);
    if (structure == nullptr)
        return false;
    if (instruction_.index2 >= structure->fields.size())
        return unknown("field", instruction_.index2);
    type = structure->fields[instruction_.index2];
    reference = defined_reference_or_null(instruction_.index);
    return true;
}

bool FunctionRules::get_field(bool packed)
{
    FieldType type;
    ValType reference;
    if (!field(type, reference))
        return false;
    if (type.storage.is_packed() != packed)
        return invalid(packed ? "field is unpacked" : "field is packed");
    if (!pop(reference))
        return false;
    push(type.storage.unpacked());
    return true;
}

bool FunctionRules::on(Rule<Op::struct_set>)
{
    FieldType type;
    ValType reference;
    if (!field(type, reference))
        return false;
    if (!type.is_mutable)
        return invalid("immutable field");
    return pop({reference, type.storage.unpacked()});
}

// Arrays

bool FunctionRules::array_type(std::uint32_t index, FieldType& element)
{
    if (index >= module_->types.size())
        return unknown("type", index);
    const auto* type = std::get_if<ArrayType>(&module_->types[index].composite);
    if (type == nullptr)
        return invalid(format("non-array type {}", index));
    element = type->element;
    return true;
}

bool FunctionRules::array_element(FieldType& element, ValType& reference)
{
    reference = defined_reference_or_null(instruction_.index);
    return array_type(instruction_.index, element);
}

bool FunctionRules::mutable_element(FieldType& element, ValType& reference)
{
    return array_element(element, reference) && (element.is_mutable || invalid("immutable array"));
}

bool FunctionRules::numeric_element(const FieldType& element)
{
    return !element.storage.is_ref() || invalid("array type is not numeric or vector");
}

bool FunctionRules::segment_matches(ValType segment, const FieldType& element)
{
    return is_subtype_of(segment, element.storage.unpacked()) ||
           invalid(format("type mismatch: element segment's type {} does not match array's field type {}",
                          to_string(segment), to_string(element.storage)));
}

bool FunctionRules::on(Rule<Op::array_new>)
{
    FieldType element;
    if (!array_type(instruction_.index, element) || !pop({element.storage.unpacked(), i32}))
        return false;
    push(defined_reference(instruction_.index));
    return true;
}

bool FunctionRules::on(Rule<Op::array_new_default>)
{
    FieldType element;
    if (!array_type(instruction_.index, element))
        return false;
    if (!element.storage.defaultable())
        return invalid("array type is not defaultable");
    if (!pop(i32))
        return false;
    push(defined_reference(instruction_.index));
    return true;
}

bool FunctionRules::on(Rule<Op::array_new_fixed>)
{
    FieldType element;
    if (!array_type(instruction_.index, element))
        return false;
    if (instruction_.index2 > implementation_limits::array_new_fixed_operands) {
        return over_limit(format("array.new_fixed has {} operands where {} are supported", instruction_.index2,
                                 implementation_limits::array_new_fixed_operands));
    }
    if (!pop_many(instruction_.index2, [&](std::size_t) { return element.storage.unpacked(); }))
        return false;
    push(defined_reference(instruction_.index));
    return true;
}

bool FunctionRules::on(Rule<Op::array_new_data>)
{
    FieldType element;
    if (!array_type(instruction_.index, element) || !data_segment(instruction_.index2) || !numeric_element(element) ||
        !pop({i32, i32}))
        return false;
    push(defined_reference(instruction_.index));
    return true;
}

bool FunctionRules::on(Rule<Op::array_new_elem>)
{
    FieldType element;
    ValType segment;
    if (!array_type(instruction_.index, element) || !element_segment(instruction_.index2, segment) ||
        !segment_matches(segment, element) || !pop({i32, i32}))
        return false;
    push(defined_reference(instruction_.index));
    return true;
}

bool FunctionRules::get_element(bool packed)
{
    FieldType element;
    ValType reference;
    if (!array_element(element, reference))
        return false;
    if (element.storage.is_packed() != packed)
        return invalid(packed ? "array is unpacked" : "array is packed");
    if (!pop({reference, i32}))
        return false;
    push(element.storage.unpacked());
    return true;
}

bool FunctionRules::on(Rule<Op::array_set>)
{
    FieldType element;
    ValType reference;
    return mutable_element(element, reference) && pop({reference, i32, element.storage.unpacked()});
}

bool FunctionRules::on(Rule<Op::array_len>)
{
    if (!pop(arrayref))
        return false;
    push(i32);
    return true;
}

bool FunctionRules::on(Rule<Op::array_fill>)
{
    FieldType element;
    ValType reference;
    return mutable_element(element, reference) && pop({reference, i32, element.storage.unpacked(), i32});
}

bool FunctionRules::on(Rule<Op::array_copy>)
{
    FieldType to, from;
    ValType destination;
    if (!array_element(to, destination) || !array_type(instruction_.index2, from))
        return false;
    if (!to.is_mutable)
        return invalid("immutable array");
    if (!is_subtype_of(from.storage, to.storage))
        return invalid("array types do not match");
    return pop({destination, i32, defined_reference_or_null(instruction_.index2), i32, i32});
}

bool FunctionRules::on(Rule<Op::array_init_data>)
{
    FieldType element;
    ValType reference;
    return mutable_element(element, reference) && data_segment(instruction_.index2) && numeric_element(element) &&
           pop({reference, i32, i32, i32});
}

bool FunctionRules::on(Rule<Op::array_init_elem>)
{
    FieldType element;
    ValType reference, segment;
    return mutable_element(element, reference) && element_segment(instruction_.index2, segment) &&
           segment_matches(segment, element) && pop({reference, i32, i32, i32});
}

// Casts

/// The operand may be anything of the target's hierarchy.
bool FunctionRules::test_or_cast(ValType result)
{
    if (!known_type(instruction_.type))
        return false;
    ValType operand;
    if (!pop_reference(operand))
        return false;
    const auto top = [&](ValType type) {
        for (HeapType candidate : {HeapType::func, HeapType::extern_, HeapType::exn}) {
            if (is_subtype_of(type, ValType::ref_null(candidate)))
                return candidate;
        }
        return HeapType::any;
    };
    const ValType allowed = ValType::ref_null(top(instruction_.type));
    if (!is_subtype_of(operand, allowed))
        return invalid(format("type mismatch: instruction requires [{}] but stack has [{}]", to_string(allowed),
                              to_string(operand)));
    push(result);
    return true;
}

/// br_on_cast and br_on_cast_fail: what goes along the branch and what stays on the stack.
bool FunctionRules::cast_branch(ValType carried, ValType kept)
{
    Types types;
    if (!label(instruction_.index, types))
        return false;
    if (types.empty() || !is_subtype_of(carried, types.back()))
        return invalid(format("type mismatch: instruction requires type {} but label has {}", to_string(carried),
                              types.empty() ? "nothing" : to_string(types.back())));
    const Types others = types.first(types.size() - 1);
    if (!pop(instruction_.type) || !pop_all(others))
        return false;
    push_all(others);
    push(kept);
    return true;
}

namespace {

/// What is left of `source` where a cast to `target` failed.
ValType difference(ValType source, ValType target)
{
    return target.nullable() ? ValType::ref(source.heap()) : source;
}

} // namespace

bool FunctionRules::on(Rule<Op::br_on_cast>)
{
    const ValType source = instruction_.type, target = instruction_.type2;
    if (!known_type(source) || !known_type(target))
        return false;
    if (!is_subtype_of(target, source))
        return invalid(
            format("type mismatch on cast: type {} does not match {}", to_string(target), to_string(source)));
    return cast_branch(target, difference(source, target));
}

bool FunctionRules::on(Rule<Op::br_on_cast_fail>)
{
    const ValType source = instruction_.type, target = instruction_.type2;
    if (!known_type(source) || !known_type(target))
        return false;
    if (!is_subtype_of(target, source))
        return invalid(
            format("type mismatch on cast: type {} does not match {}", to_string(target), to_string(source)));
    return cast_branch(difference(source, target), target);
}

bool FunctionRules::on(Rule<Op::any_convert_extern>)
{
    ValType type;
    if (!pop_reference(type))
        return false;
    if (!is_subtype_of(type, externref))
        return invalid(format("type mismatch: instruction requires [externref] but stack has [{}]", to_string(type)));
    push(type.nullable() ? anyref : ValType::ref(HeapType::any));
    return true;
}

bool FunctionRules::on(Rule<Op::extern_convert_any>)
{
    ValType type;
    if (!pop_reference(type))
        return false;
    if (!is_subtype_of(type, anyref))
        return invalid(format("type mismatch: instruction requires [anyref] but stack has [{}]", to_string(type)));
    push(type.nullable() ? externref : ValType::ref(HeapType::extern_));
    return true;
}

bool FunctionRules::on(Rule<Op::ref_i31>)
{
    if (!pop(i32))
        return false;
    push(ValType::ref(HeapType::i31));
    return true;
}

bool FunctionRules::on(Rule<Op::i31_get_s>)
{
    if (!pop(i31ref))
        return false;
    push(i32);
    return true;
}

bool FunctionRules::on(Rule<Op::i31_get_u>)
{
    if (!pop(i31ref))
        return false;
    push(i32);
    return true;
}

} // namespace trellis::wasm
