// The parts of the generated files that depend on the world's name alone: memory, strings, error contexts, and the
// functions around tasks, subtasks and sets of waitables.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Concurrency.md
#pragma once

#include <string>
#include <string_view>

namespace trellis::wasm::component::bindgen {

/// A part of the header, and what defines it in the source; with @world@ and @WORLD@ in it.
struct FixedPart {
    std::string_view header_types;
    std::string_view header_functions;
    std::string_view source;
};

extern const FixedPart string_part;
extern const FixedPart error_context_part;
extern const FixedPart async_part;
/// cabi_realloc, which callers use to put lists and strings into our memory.
extern const std::string_view realloc_definition;

} // namespace trellis::wasm::component::bindgen
