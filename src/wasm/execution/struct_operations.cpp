#include "wasm/execution/gc_access.hpp"
#include "wasm/execution/operations.hpp"

namespace trellis::wasm {
namespace {

/// Of a type that is not a function: whether the object is of it.
bool is_object_of(Heap& heap, Ref value, const CanonicalType* target)
{
    const auto& layout = heap.layout(value);
    return layout.kind <= ObjectLayout::Kind::array && is_subtype(layout.type, target);
}

bool test_abstract(Heap& heap, Ref value, HeapType target)
{
    using Kind = ObjectLayout::Kind;
    if (target == HeapType::func || target == HeapType::any || target == HeapType::extern_ || target == HeapType::exn)
        return true;
    if (target == HeapType::i31)
        return is_i31(value);
    if (target == HeapType::eq)
        return is_i31(value) || heap.layout(value).kind <= Kind::array;
    if (target == HeapType::struct_)
        return !is_i31(value) && heap.layout(value).kind == Kind::structure;
    if (target == HeapType::array)
        return !is_i31(value) && heap.layout(value).kind == Kind::array;
    return false; // the bottom types
}

} // namespace

Ref ref_func(Instance& instance, FuncIndex index)
{
    return reinterpret_cast<Ref>(function_of(instance, index));
}

bool ref_test(Instance& instance, Ref value, HeapType target)
{
    if (value == null_ref)
        return false;
    auto& heap = instance.store->heap();
    if (!target.is_index())
        return test_abstract(heap, value, target);
    const auto* type = instance.types[number(target.index())];
    if (type->is_function())
        return is_subtype(reinterpret_cast<const Function*>(value)->type, type);
    return !is_i31(value) && is_object_of(heap, value, type);
}

Trap struct_new(Instance& instance, TypeIndex type, const Slot* fields, Ref& result)
{
    auto& heap = instance.store->heap();
    const auto& layout = layout_of(instance, type);
    if (const auto trap = heap.allocate(layout, 0, result); failed(trap))
        return trap;
    auto* object = heap.address(result);
    for (const auto& field : layout.fields) {
        write_field(object + field.offset, field.form, fields);
        fields += field.form == FieldForm::bits128 ? 2 : 1;
    }
    return Trap::none;
}

Trap struct_new_default(Instance& instance, TypeIndex type, Ref& result)
{
    return instance.store->heap().allocate(layout_of(instance, type), 0, result);
}

Trap struct_get(Instance& instance, TypeIndex type, std::uint32_t field, Extension extension, Ref object, Slot* result)
{
    if (object == null_ref)
        return Trap::null_structure_reference;
    const auto [offset, form] = layout_of(instance, type).fields[field];
    read_field(instance.store->heap().address(object) + offset, form, extension, result);
    return Trap::none;
}

Trap struct_set(Instance& instance, TypeIndex type, std::uint32_t field, Ref object, const Slot* value)
{
    if (object == null_ref)
        return Trap::null_structure_reference;
    const auto [offset, form] = layout_of(instance, type).fields[field];
    write_field(instance.store->heap().address(object) + offset, form, value);
    return Trap::none;
}

} // namespace trellis::wasm
