// The numeric functions as bitcode: numeric_functions.cpp, compiled when the compiler was built.
#pragma once

#include <string_view>

namespace trellis::wasm::compiler {

std::string_view numeric_bitcode_x86_64();
/// For every processor.
std::string_view numeric_bitcode_portable();

} // namespace trellis::wasm::compiler
