// Modules together with their compiled code: from the code cache, from an artifact, or compiled now. Any thread.
#pragma once

#include "embed/code_cache.hpp"
#include "embed/compiler_library.hpp"
#include "wasm/jit/jit.hpp"
#include "wasm/syntax/type_registry.hpp"

#include <map>
#include <mutex>
#include <optional>

namespace trellis::embed {

/// The words of --tier.
enum class CodeChoice : std::uint8_t {
    interpreter,
    jit, ///< interpreted at first
    aot, ///< compiled before anything runs
};

/// Finds or makes code and attaches it to a module that is valid and has none; instances that are made afterwards may
/// use it. `cache` may be null; `threads` compile, 0: as many as there are processors. Errors: as of compiling.
Result<> give_code(const wasm::Module& module, CodeWishes wishes, const CodeCache* cache, unsigned threads = 0);

/// Attaches what is in the cache only; whether there was something.
bool give_cached_code(const wasm::Module& module, CodeWishes wishes, const CodeCache* cache);
/// Code of a module that is decoded, from the cache (or null: none); nothing where there is none, or it is of another
/// make. Who has found some may leave the module's function bodies unchecked: they were checked when it was made.
std::shared_ptr<const wasm::native::CodeImage> code_in_cache(const wasm::Module& module, CodeWishes wishes,
                                                             const CodeCache* cache);

/// A Jit with these settings goes on where earlier runs of the module were.
void use_cache(wasm::jit::Settings& settings, const CodeCache& cache);

/// Of load_with_code: what happens where there is no code in the cache.
enum class IfMissing : std::uint8_t { compile, leave };

/// A module file with its code. Where the code is in the cache, function bodies are not even looked at: they were when
/// they were compiled. Errors: as of reading, loading and compiling.
Result<std::shared_ptr<const wasm::Module>> load_with_code(std::string_view path, wasm::TypeRegistry& registry,
                                                           wasm::Features features, CodeWishes wishes,
                                                           const CodeCache* cache,
                                                           IfMissing if_missing = IfMissing::compile);

/// Modules with their code that are made while others run, such as adapters between components: of equal bytes there is
/// one, for all stores of the registry. Any thread.
class GeneratedModules {
public:
    GeneratedModules(std::shared_ptr<wasm::TypeRegistry> registry, CodeWishes wishes, std::optional<CodeCache> cache)
        : registry_(std::move(registry)), wishes_(wishes), cache_(std::move(cache))
    {
    }
    /// Null where there can be no code.
    std::shared_ptr<const wasm::Module> find(SharedBytes binary);

private:
    [[nodiscard]] Result<std::shared_ptr<const wasm::Module>> make(SharedBytes binary) const;

    std::shared_ptr<wasm::TypeRegistry> registry_;
    CodeWishes wishes_;
    std::optional<CodeCache> cache_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const wasm::Module>, std::less<>> made_; ///< by their bytes
};

/// The module of an artifact; with its code, unless that wants memory guarded and there is too little address space:
/// then the module comes without code. What is in the file is trusted. Errors: not_found, denied, io, malformed,
/// unsupported (another version or processor).
Result<std::shared_ptr<const wasm::Module>> load_artifact(std::string_view path, wasm::TypeRegistry& registry,
                                                          wasm::Features features);

} // namespace trellis::embed
