// The numeric functions as bitcode: numeric_functions.cpp, compiled when the compiler was built.
#pragma once

#include <string_view>

namespace trellis::wasm::compiler {

std::string_view numeric_bitcode();

} // namespace trellis::wasm::compiler
