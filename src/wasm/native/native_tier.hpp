// The native tier runs compiled code, wherever it comes from; it knows no compiler. A module's code is attached to it
// before its first instance is made.
#pragma once

#include "wasm/native/image.hpp"

namespace trellis::wasm {

extern const Tier native_tier;

namespace native {

/// Of a module that is not shared with other threads yet.
void attach(const Module& module, std::shared_ptr<const CodeImage> image);
/// Whether that has been done.
bool has_code(const Module& module);

} // namespace native
} // namespace trellis::wasm
