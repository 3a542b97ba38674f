// Reads function bodies for their grammar only, as a decoder that has no validator behind it. Only failures need it:
// the decoder locates bodies and the validator reads them, so that a bad module can be found invalid before a later
// malformed body is seen; the specification wants the malformed one named.
#pragma once

#include "base/result.hpp"
#include "wasm/syntax/module.hpp"

namespace trellis::wasm {

/// The first malformed body of those located so far, if there is one.
Result<> scan_bodies(const Module& module);

} // namespace trellis::wasm
