// Compiled code of one module that was made piece by piece, put into one.
#pragma once

#include "wasm/native/image.hpp"

namespace trellis::wasm::native {

/// The functions of `piece` go behind the code of `whole`, which is of the same module and mode; where both have one,
/// the one of `whole` stays. Ways into loops are left out: they are of use to who runs now.
void append(CompiledModule& whole, const CompiledModule& piece);

} // namespace trellis::wasm::native
