// What the operations on heap objects share.
#pragma once

#include "wasm/execution/heap.hpp"

namespace trellis::wasm {

/// The layout of the module's type, found once per instance.
inline const ObjectLayout& layout_of(Instance& instance, TypeIndex type)
{
    auto& known = instance.layouts[number(type)];
    if (!known)
        known = &instance.store->heap().layout_of(*instance.types[number(type)]);
    return *known;
}

} // namespace trellis::wasm
