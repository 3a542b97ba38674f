// Components from files, and code for the core modules inside them. Any thread.
#pragma once

#include "embed/compiled_module.hpp"
#include "wasm/component/syntax/component.hpp"

namespace trellis::embed {

/// Validated. Errors: those of reading, decoding and validating, with the file's name.
Result<std::shared_ptr<const wasm::component::Component>> load_component_file(std::string_view path,
                                                                              wasm::TypeRegistry& registry);

/// As give_code of a module, for each core module of the component and of those nested in it.
Result<> give_code(const wasm::component::Component& component, CodeWishes wishes, const CodeCache* cache,
                   unsigned threads = 0);
/// The same with what is in the cache only; whether all of them have code now.
bool give_cached_code(const wasm::component::Component& component, CodeWishes wishes, const CodeCache* cache);

} // namespace trellis::embed
