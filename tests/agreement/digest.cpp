#include "agreement/digest.hpp"

#include "wasm/execution/heap.hpp"

#include <cmath>
#include <cstring>

namespace trellis::agreement {

using namespace wasm;

void Digest::bytes(std::span<const std::byte> bytes)
{
    number(bytes.size());
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
        std::uint64_t word;
        std::memcpy(&word, bytes.data(), sizeof word);
        number(word);
    }
    for (const auto byte : bytes)
        number(static_cast<std::uint64_t>(byte));
}

void Digest::number_value(ValType type, const Slot* slots)
{
    constexpr std::uint64_t any_nan = 0x4e61'4e4e;
    if (type == i32 || type.is_packed())
        return number(slots->u32);
    if (type == f32 && !raw_nans_ && std::isnan(slots->f32))
        return number(any_nan);
    if (type == f32)
        return number(slots->u32);
    if (type == f64 && !raw_nans_ && std::isnan(slots->f64))
        return number(any_nan);
    number(slots->u64);
    if (type == v128)
        number(slots[1].u64);
}

void Digest::function(Ref ref)
{
    if (ref == null_ref)
        return number(0);
    const auto& function = *reinterpret_cast<const Function*>(ref);
    number(function.instance ? 1 : 2);
    number(wasm::number(function.index));
}

void Digest::field(ValType type, std::span<const CanonicalType* const> types, const Slot* slots, int depth)
{
    if (!type.is_ref())
        return number_value(type, slots);
    if (is_heap_reference(type, types))
        return object(slots->ref, depth);
    function(slots->ref);
}

/// Of the any, extern and exn hierarchies.
void Digest::object(Ref ref, int depth)
{
    if (ref == null_ref || is_i31(ref))
        return number(ref);
    const auto& layout = store_.heap().layout(ref);
    number(static_cast<std::uint64_t>(layout.kind) + 100);
    if (depth >= deepest)
        return;
    const auto read = [&](const std::byte* at, FieldForm form, ValType type) {
        std::array<Slot, 2> slots{};
        read_field(at, form, Extension::zero, slots.data());
        field(type, layout.type->references, slots.data(), depth + 1);
    };
    const auto* const base = store_.heap().address(ref);
    if (layout.kind == ObjectLayout::Kind::array) {
        const auto length = store_.heap().header(ref).length;
        number(length);
        const auto element = std::get<ArrayType>(layout.type->type.composite).element.storage;
        for (std::uint32_t i = 0; i < std::min(length, 40u); ++i)
            read(base + layout.fields[0].offset + std::size_t(i) * layout.element_size, layout.fields[0].form, element);
    } else if (layout.kind == ObjectLayout::Kind::structure) {
        const auto& fields = std::get<StructType>(layout.type->type.composite).fields;
        for (std::size_t i = 0; i < fields.size(); ++i)
            read(base + layout.fields[i].offset, layout.fields[i].form, fields[i].storage);
    } else if (layout.kind == ObjectLayout::Kind::exception) {
        const auto& params = layout.type->function().params;
        for (std::size_t i = 0; i < params.size(); ++i)
            read(base + layout.fields[i].offset, layout.fields[i].form, params[i]);
    }
}

void Digest::value(ValType type, std::span<const std::shared_ptr<const CanonicalType>> types, const Slot* slots)
{
    if (!type.is_ref())
        return number_value(type, slots);
    std::vector<const CanonicalType*> plain;
    for (const auto& one : types)
        plain.push_back(one.get());
    field(type, plain, slots, 0);
}

} // namespace trellis::agreement
