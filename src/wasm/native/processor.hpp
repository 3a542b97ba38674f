// Which processor this is, as far as it matters to code that was compiled for exactly it.
#pragma once

#include <string>

namespace trellis::wasm::native {

/// The same text wherever the compiler would make the same code for "this processor"; a few words.
std::string processor_identity();

} // namespace trellis::wasm::native
