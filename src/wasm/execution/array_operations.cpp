#include "wasm/execution/gc_access.hpp"
#include "wasm/execution/operations.hpp"
#include "wasm/execution/slices.hpp"

#include <cstring>

namespace trellis::wasm {
namespace {

/// The elements of an array object.
struct Elements {
    std::byte* first;
    std::uint32_t length;
    std::uint32_t size; ///< of one, bytes
    FieldForm form;

    [[nodiscard]] std::byte* at(std::uint64_t index) const { return first + index * size; }
    [[nodiscard]] bool contains(std::uint64_t from, std::uint64_t count) const { return from + count <= length; }
    [[nodiscard]] std::uint64_t per_slice() const { return slice_bytes / size; }
};

Elements elements_of(Heap& heap, const ObjectLayout& layout, Ref array)
{
    return {heap.address(array) + header_bytes, heap.header(array).length, layout.element_size, layout.fields[0].form};
}

Elements elements_of(Instance& instance, TypeIndex type, Ref array)
{
    return elements_of(instance.store->heap(), layout_of(instance, type), array);
}

template <class T>
void fill_as(std::byte* to, const Slot* value, std::uint64_t count)
{
    T bits;
    std::memcpy(&bits, value, sizeof bits);
    for (std::uint64_t i = 0; i < count; ++i)
        std::memcpy(to + i * sizeof bits, &bits, sizeof bits);
}

void fill(const Elements& elements, std::uint64_t from, const Slot* value, std::uint64_t count)
{
    constexpr decltype(&fill_as<Vector>) by_form[] = {fill_as<std::uint8_t>,  fill_as<std::uint16_t>,
                                                      fill_as<std::uint32_t>, fill_as<std::uint64_t>,
                                                      fill_as<Vector>,        fill_as<std::uint32_t>};
    by_form[static_cast<std::size_t>(elements.form)](elements.at(from), value, count);
}

Trap fill_in_slices(Store& store, const Elements& elements, std::uint64_t from, const Slot* value, std::uint64_t count)
{
    return in_slices(store, count, elements.per_slice(),
                     [&](auto done, auto n) { fill(elements, from + done, value, n); });
}

Trap copy_references(Store& store, const Elements& elements, std::uint64_t to, const Ref* from, std::uint64_t count)
{
    return in_slices(store, count, slice_refs, [&](std::uint64_t done, std::uint64_t n) {
        for (auto i = done; i < done + n; ++i) {
            const Slot value{.ref = from[i]};
            write_field(elements.at(to + i), elements.form, &value);
        }
    });
}

Trap copy_bytes(Store& store, std::byte* to, const std::uint8_t* from, std::uint64_t bytes)
{
    return in_slices(store, bytes, slice_bytes, [&](auto done, auto n) { std::memcpy(to + done, from + done, n); });
}

/// Allocates and lets `initialise(elements)` fill; meanwhile a pin keeps the array, which no root has yet.
template <class Initialise>
Trap make_array(Instance& instance, TypeIndex type, std::uint32_t length, Ref& result, Initialise&& initialise)
{
    auto& store = *instance.store;
    auto& heap = store.heap();
    const auto& layout = layout_of(instance, type);
    if (const auto trap = charge_bulk(store, std::uint64_t(length) * layout.element_size); failed(trap))
        return trap;
    Ref array = null_ref;
    if (const auto trap = heap.allocate(layout, length, array); failed(trap))
        return trap;
    const bool is_long = std::uint64_t(length) * layout.element_size > slice_bytes;
    if (is_long)
        heap.pin(array);
    const Trap trap = initialise(elements_of(heap, layout, array));
    if (is_long)
        heap.unpin(array);
    result = array;
    return trap;
}

/// The bytes of a data segment for `count` elements, or nothing.
std::optional<Bytes> data_for(Instance& instance, DataIndex data, std::uint32_t from, std::uint64_t bytes)
{
    const auto& module = *instance.module;
    const auto segment = instance.dropped_data[number(data)] ? Bytes() : module.bytes(module.data[number(data)].bytes);
    if (from > segment.size() || bytes > segment.size() - from)
        return std::nullopt;
    return segment.subspan(from, bytes);
}

std::optional<std::span<const Ref>> references_for(Instance& instance, ElementIndex element, std::uint32_t from,
                                                   std::uint32_t count)
{
    const std::span<const Ref> segment = instance.elements[number(element)];
    if (from > segment.size() || count > segment.size() - from)
        return std::nullopt;
    return segment.subspan(from, count);
}

} // namespace

Trap array_new(Instance& instance, TypeIndex type, const Slot* value, std::uint32_t length, Ref& result)
{
    return make_array(instance, type, length, result, [&](const Elements& elements) {
        return fill_in_slices(*instance.store, elements, 0, value, length);
    });
}

Trap array_new_default(Instance& instance, TypeIndex type, std::uint32_t length, Ref& result)
{
    return make_array(instance, type, length, result, [](const Elements&) { return Trap::none; });
}

Trap array_new_fixed(Instance& instance, TypeIndex type, const Slot* values, std::uint32_t length, Ref& result)
{
    return make_array(instance, type, length, result, [&](const Elements& elements) {
        for (std::uint32_t i = 0; i < length; ++i) {
            write_field(elements.at(i), elements.form, values);
            values += elements.form == FieldForm::bits128 ? 2 : 1;
        }
        return Trap::none;
    });
}

Trap array_new_data(Instance& instance, TypeIndex type, DataIndex data, std::uint32_t from, std::uint32_t length,
                    Ref& result)
{
    const auto size = layout_of(instance, type).element_size;
    const auto source = data_for(instance, data, from, std::uint64_t(length) * size);
    if (!source)
        return Trap::out_of_bounds_memory_access;
    return make_array(instance, type, length, result, [&](const Elements& elements) {
        return copy_bytes(*instance.store, elements.first, source->data(), source->size());
    });
}

Trap array_new_elem(Instance& instance, TypeIndex type, ElementIndex element, std::uint32_t from, std::uint32_t length,
                    Ref& result)
{
    const auto source = references_for(instance, element, from, length);
    if (!source)
        return Trap::out_of_bounds_table_access;
    return make_array(instance, type, length, result, [&](const Elements& elements) {
        return copy_references(*instance.store, elements, 0, source->data(), length);
    });
}

Trap array_get(Instance& instance, TypeIndex type, Extension extension, Ref object, std::uint32_t index, Slot* result)
{
    if (object == null_ref)
        return Trap::null_array_reference;
    const auto elements = elements_of(instance, type, object);
    if (index >= elements.length)
        return Trap::out_of_bounds_array_access;
    read_field(elements.at(index), elements.form, extension, result);
    return Trap::none;
}

Trap array_set(Instance& instance, TypeIndex type, Ref object, std::uint32_t index, const Slot* value)
{
    if (object == null_ref)
        return Trap::null_array_reference;
    const auto elements = elements_of(instance, type, object);
    if (index >= elements.length)
        return Trap::out_of_bounds_array_access;
    write_field(elements.at(index), elements.form, value);
    return Trap::none;
}

Trap array_len(Instance& instance, Ref object, std::uint32_t& result)
{
    if (object == null_ref)
        return Trap::null_array_reference;
    result = instance.store->heap().header(object).length;
    return Trap::none;
}

Trap array_fill(Instance& instance, TypeIndex type, Ref object, std::uint32_t index, const Slot* value,
                std::uint32_t count)
{
    if (object == null_ref)
        return Trap::null_array_reference;
    const auto elements = elements_of(instance, type, object);
    if (!elements.contains(index, count))
        return Trap::out_of_bounds_array_access;
    if (const auto trap = charge_bulk(*instance.store, std::uint64_t(count) * elements.size); failed(trap))
        return trap;
    return fill_in_slices(*instance.store, elements, index, value, count);
}

Trap array_copy(Instance& instance, TypeIndex destination, TypeIndex source, Ref to, std::uint32_t to_index, Ref from,
                std::uint32_t from_index, std::uint32_t count)
{
    if (to == null_ref || from == null_ref)
        return Trap::null_array_reference;
    const auto target = elements_of(instance, destination, to);
    const auto origin = elements_of(instance, source, from);
    if (!target.contains(to_index, count) || !origin.contains(from_index, count))
        return Trap::out_of_bounds_array_access;
    auto& store = *instance.store;
    if (const auto trap = charge_bulk(store, std::uint64_t(count) * target.size); failed(trap))
        return trap;
    const auto copy = [&](std::uint64_t done, std::uint64_t n) {
        std::memmove(target.at(to_index + done), origin.at(from_index + done), n * target.size);
    };
    return to_index > from_index ? in_slices_backwards(store, count, target.per_slice(), copy)
                                 : in_slices(store, count, target.per_slice(), copy);
}

Trap array_init_data(Instance& instance, TypeIndex type, DataIndex data, Ref object, std::uint32_t to,
                     std::uint32_t from, std::uint32_t count)
{
    if (object == null_ref)
        return Trap::null_array_reference;
    const auto elements = elements_of(instance, type, object);
    if (!elements.contains(to, count))
        return Trap::out_of_bounds_array_access;
    const auto source = data_for(instance, data, from, std::uint64_t(count) * elements.size);
    if (!source)
        return Trap::out_of_bounds_memory_access;
    if (const auto trap = charge_bulk(*instance.store, source->size()); failed(trap))
        return trap;
    return copy_bytes(*instance.store, elements.at(to), source->data(), source->size());
}

Trap array_init_elem(Instance& instance, TypeIndex type, ElementIndex element, Ref object, std::uint32_t to,
                     std::uint32_t from, std::uint32_t count)
{
    if (object == null_ref)
        return Trap::null_array_reference;
    const auto elements = elements_of(instance, type, object);
    if (!elements.contains(to, count))
        return Trap::out_of_bounds_array_access;
    const auto source = references_for(instance, element, from, count);
    if (!source)
        return Trap::out_of_bounds_table_access;
    if (const auto trap = charge_bulk(*instance.store, std::uint64_t(count) * elements.size); failed(trap))
        return trap;
    return copy_references(*instance.store, elements, to, source->data(), count);
}

} // namespace trellis::wasm
