// Keeps compiled code between processes, by everything it depends on: the module's bytes, this build, the processor and
// how it was compiled. An entry carries a digest that only this user can make, over the very bytes that run, in memory
// of the process; one that is damaged, forged or of something else is as good as none. What goes wrong here costs time
// only: every error means "compile it". Any number of processes at once; one thread per object.
#pragma once

#include "base/keyed_digest.hpp"
#include "embed/cache_folder.hpp"
#include "wasm/native/image.hpp"

#include <functional>
#include <string>

namespace trellis::embed {

struct CacheSettings {
    std::string folder;
    std::uint64_t most_bytes = std::uint64_t(1) << 30; ///< beyond, what was used least recently goes
    std::function<void(std::string_view)> tell = {};   ///< what was found, kept, or why not; may be empty
};

/// $XDG_CACHE_HOME/trellis, else ~/.cache/trellis. Errors: not_found (neither is set).
Result<std::string> default_cache_folder();

class CodeCache {
public:
    explicit CodeCache(CacheSettings settings) : settings_(std::move(settings)) {}

    /// Code of the module, compiled in that way: `mode` names everything that was chosen. Errors: not_found (there is
    /// none), others (there is one that is not used, or the cache can't be; why).
    Result<std::shared_ptr<const wasm::native::CodeImage>> find(Bytes module, std::string_view mode) const;
    /// Keeps it for the next time. Errors: denied, io, limit.
    Result<> keep(Bytes module, std::string_view mode, const wasm::native::CompiledModule& compiled) const;

    struct Entry {
        std::string name; ///< of the file
        std::uint64_t bytes;
        std::int64_t used; ///< seconds since 1970
    };
    /// The most recently used first. Errors: denied, io.
    [[nodiscard]] Result<std::vector<Entry>> entries() const;
    /// Removes everything that is the cache's, the secret too; how many bytes that were. Errors: denied, io.
    [[nodiscard]] Result<std::uint64_t> clear() const;

    [[nodiscard]] const CacheSettings& settings() const { return settings_; }

private:
    Result<std::shared_ptr<const wasm::native::CodeImage>> find_entry(Bytes module, std::string_view mode) const;
    Result<> keep_entry(Bytes module, std::string_view mode, const wasm::native::CompiledModule& compiled) const;
    void tell(std::string_view what, const Error* error) const;

    CacheSettings settings_;
};

} // namespace trellis::embed
