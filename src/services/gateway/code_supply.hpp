// How the server's modules run: interpreted, or with compiled code, that comes from an artifact, from the code cache,
// or from the compiler. With CodeChoice::jit a module is interpreted until its code is there: a thread in the
// background compiles one module after another and hands the code to the instances that are made from then on. load()
// on one thread at a time; the background is its own.
#pragma once

#include "services/gateway/guest_program.hpp"
#include "services/gateway/watcher.hpp"
#include "wasm/execution/store.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace trellis::gateway {

using embed::CodeChoice;

/// A file's program, kept as long as the file stays the same.
struct ModuleFile {
    ModuleFile(std::string file, embed::CodeWishes code, std::shared_ptr<const GuestProgram> made, FileStatus read)
        : path(std::move(file)), wishes(code), program(std::move(made)), status(read)
    {
    }

    std::string path;
    embed::CodeWishes wishes; ///< what its compiled code has to do beside what the module says
    std::shared_ptr<const GuestProgram> program;
    FileStatus status;
    std::atomic<const wasm::Tier*> tier;         ///< of new instances
    mutable std::atomic<bool> was_short = false; ///< an instance had to do without its code, which was said
};

class CodeSupply {
public:
    /// `note` gets lines for people, from any thread; may be empty.
    CodeSupply(CodeChoice choice, std::optional<embed::CodeCache> cache, std::function<void(std::string_view)> note);
    /// Does not wait for what is being compiled: that is not used then.
    ~CodeSupply();
    CodeSupply(const CodeSupply&) = delete;
    CodeSupply& operator=(const CodeSupply&) = delete;

    /// A module that several instances may run at once. Errors: as of reading, loading, linking and (aot) compiling.
    Result<std::shared_ptr<ModuleFile>> load(const std::string& path, embed::CodeWishes wishes, FileStatus status,
                                             const std::shared_ptr<wasm::TypeRegistry>& registry);

private:
    struct Background;

    [[nodiscard]] const embed::CodeCache* cache() const { return cache_ ? &*cache_ : nullptr; }
    Result<std::shared_ptr<const wasm::Module>> load_module(const std::string& path, embed::CodeWishes wishes,
                                                            wasm::TypeRegistry& registry) const;

    Result<std::shared_ptr<const GuestProgram>> load_program(const std::string& path, embed::CodeWishes wishes,
                                                             const std::shared_ptr<wasm::TypeRegistry>& registry) const;

    void compile_later(const std::shared_ptr<ModuleFile>& file);

    CodeChoice choice_;
    std::optional<embed::CodeCache> cache_;
    std::shared_ptr<Background> background_;
    bool has_thread_ = false; ///< made for the first module that has to be compiled
};

} // namespace trellis::gateway
