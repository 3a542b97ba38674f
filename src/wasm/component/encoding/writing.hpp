// What the writers of this folder share: vectors, optional parts, indices.
#pragma once

#include "wasm/binary/writer.hpp"

#include <optional>

namespace trellis::wasm::component::encoding {

template <class Index>
void write_index(Writer& writer, Index index)
{
    writer.u32(number(index));
}

template <class List, class Write>
void write_vector(Writer& writer, const List& list, Write write_one)
{
    writer.u64(list.size());
    for (const auto& one : list)
        write_one(one);
}

template <class Value, class Write>
void write_optional(Writer& writer, const std::optional<Value>& value, Write write_one)
{
    writer.byte(value ? 1 : 0);
    if (value)
        write_one(*value);
}

} // namespace trellis::wasm::component::encoding
