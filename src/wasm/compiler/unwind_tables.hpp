// From what LLVM says about unwinding to the rows that native/unwind reads. All functions have a frame pointer, so one
// row a function is enough.
#pragma once

#include "wasm/compiler/object_file.hpp"
#include "wasm/compiler/processor.hpp"
#include "wasm/native/image.hpp"

#include <map>

namespace trellis::wasm::compiler {

/// Where the sections of an object file are in the code, by their index.
using SectionPlaces = std::map<std::uint64_t, std::uint64_t>;

/// Adds the rows of an object file's functions.
void add_unwind_tables(const ObjectFile& object, const SectionPlaces& places, const Processor& processor,
                       native::CompiledModule& to);

} // namespace trellis::wasm::compiler
