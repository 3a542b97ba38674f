#include "wasm/preinit/same_objects.hpp"

#include "wasm/execution/heap.hpp"

#include <cstring>

namespace trellis::wasm {
namespace {

std::size_t bytes_of(ValType type)
{
    switch (type.kind()) {
    case Kind::i32:
    case Kind::f32:
        return 4; // the upper half of the slot is unspecified
    case Kind::v128:
        return 16;
    default:
        return 8;
    }
}

} // namespace

bool SameObjects::same(ValType type, const Slot* value, const Slot* of_twin)
{
    if (!type.is_ref())
        return std::memcmp(value, of_twin, bytes_of(type)) == 0;
    const std::span types(instance_.types, instance_.module->types.size());
    return is_heap_reference(type, types) ? same_heap_reference(value->ref, of_twin->ref)
                                          : same_function(value->ref, of_twin->ref);
}

bool SameObjects::same_function(Ref value, Ref of_twin) const
{
    if (value == of_twin) // null, or an import
        return true;
    if (value == null_ref || of_twin == null_ref)
        return false;
    const auto& function = *reinterpret_cast<const Function*>(value);
    const auto& other = *reinterpret_cast<const Function*>(of_twin);
    return function.instance == &instance_ && other.instance == &twin_ && function.index == other.index;
}

bool SameObjects::same_heap_reference(Ref value, Ref of_twin)
{
    if (!pair_up({value, of_twin}))
        return false;
    while (!unread_.empty()) {
        const auto pair = unread_.back();
        unread_.pop_back();
        if (!same_contents(pair))
            return false;
    }
    return true;
}

bool SameObjects::pair_up(Pair pair)
{
    const auto [value, of_twin] = pair;
    if (value == null_ref || of_twin == null_ref || is_i31(value) || is_i31(of_twin))
        return value == of_twin;
    const auto known = twin_of_.try_emplace(value, of_twin);
    const auto known_of_twin = original_of_.try_emplace(of_twin, value);
    if (known.second)
        unread_.push_back(pair);
    return known.first->second == of_twin && known_of_twin.first->second == value;
}

bool SameObjects::same_contents(Pair pair)
{
    auto& heap = instance_.store->heap();
    const auto& layout = heap.layout(pair.first);
    if (&layout != &heap.layout(pair.second))
        return false;
    if (layout.kind == ObjectLayout::Kind::structure)
        return same_structure(layout, std::get<StructType>(layout.type->type.composite), pair);
    if (layout.kind == ObjectLayout::Kind::array)
        return same_array(layout, std::get<ArrayType>(layout.type->type.composite), pair);
    return false; // exceptions and the host's objects are in no constant expression
}

bool SameObjects::same_structure(const ObjectLayout& layout, const StructType& type, Pair pair)
{
    for (std::size_t i = 0; i < layout.fields.size(); ++i)
        if (!same_field(type.fields[i].storage, layout.fields[i].form, layout.fields[i].offset, pair))
            return false;
    return true;
}

bool SameObjects::same_array(const ObjectLayout& layout, const ArrayType& type, Pair pair)
{
    auto& heap = instance_.store->heap();
    const auto length = heap.header(pair.first).length;
    if (length != heap.header(pair.second).length)
        return false;
    const auto [first, form] = layout.fields[0];
    for (std::uint32_t i = 0; i < length; ++i)
        if (!same_field(type.element.storage, form, first + i * layout.element_size, pair))
            return false;
    return true;
}

bool SameObjects::same_field(ValType storage, FieldForm form, std::uint32_t offset, Pair pair)
{
    auto& heap = instance_.store->heap();
    const auto* field = heap.address(pair.first) + offset;
    const auto* of_twin = heap.address(pair.second) + offset;
    if (!storage.is_ref())
        return std::memcmp(field, of_twin, size_of(form)) == 0;
    std::array<Slot, 2> value{};
    std::array<Slot, 2> other{};
    read_field(field, form, Extension::none, value.data());
    read_field(of_twin, form, Extension::none, other.data());
    return form == FieldForm::heap_ref ? pair_up({value[0].ref, other[0].ref})
                                       : same_function(value[0].ref, other[0].ref);
}

} // namespace trellis::wasm
