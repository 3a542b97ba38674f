#include "wasm/execution/heap.hpp"
#include "wasm/execution/operations.hpp"

#include <cstring>

namespace trellis::wasm {

Trap exception_new(Instance& instance, TagIndex index, const Slot* fields, Ref& result)
{
    const Tag* tag = instance.tags[number(index)];
    auto& heap = instance.store->heap();
    const auto& layout = heap.layout_of(*tag->type);
    if (const auto trap = heap.allocate(layout, 0, result); failed(trap))
        return trap;
    auto* object = heap.address(result);
    std::memcpy(object + header_bytes, &tag, sizeof tag);
    for (const auto& field : layout.fields) {
        write_field(object + field.offset, field.form, fields);
        fields += field.form == FieldForm::bits128 ? 2 : 1;
    }
    return Trap::none;
}

const Tag* exception_tag(Store& store, Ref exception)
{
    const Tag* tag;
    std::memcpy(&tag, store.heap().address(exception) + header_bytes, sizeof tag);
    return tag;
}

void exception_fields(Store& store, Ref exception, Slot* fields)
{
    const auto* object = store.heap().address(exception);
    for (const auto& field : store.heap().layout(exception).fields) {
        read_field(object + field.offset, field.form, Extension::none, fields);
        fields += field.form == FieldForm::bits128 ? 2 : 1;
    }
}

} // namespace trellis::wasm
