// A folder that belongs to one user alone, for files whose content has to be trusted: opened once, checked by its
// descriptor, and used by its descriptor from then on, so that what its path leads to later does not matter. Files are
// opened without following links and appear and are replaced whole, whenever the process or the system dies. Any number
// of processes at once; one thread per object.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "sandbox/system.hpp"

#include <string>
#include <vector>

namespace trellis::embed {

class CacheFolder {
public:
    /// Errors: not_found, denied (a link, somebody else's, or open to others; the message says what to do), io.
    static Result<CacheFolder> open(const std::string& path);
    /// The same, and makes it and the folders above it where they are missing.
    static Result<CacheFolder> open_or_make(const std::string& path);

    struct OpenFile {
        sandbox::HostFd descriptor;
        std::uint64_t bytes;
    };
    /// For reading. Errors: not_found, denied (a link, no plain file, somebody else's or for others to write), io.
    Result<OpenFile> open_file(const std::string& name) const;

    /// Writes the file anew. A file of that name is there as it was or as it will be, never in between. Errors: io,
    /// denied; the message names the folder.
    Result<> replace_file(const std::string& name, std::initializer_list<Bytes> parts) const;
    /// Writes the file unless there is one, and sees to it that it outlives a crash. Errors: the same.
    Result<> make_file(const std::string& name, Bytes content) const;
    /// Whether there was one.
    bool remove_file(const std::string& name) const;

    struct File {
        std::string name;
        std::uint64_t bytes;
        std::int64_t used; ///< seconds since 1970: when it was last written or marked as used
    };
    /// Plain files, in no order.
    [[nodiscard]] std::vector<File> files() const;

private:
    CacheFolder(sandbox::HostFd folder, std::string path) : folder_(std::move(folder)), path_(std::move(path)) {}
    [[nodiscard]] std::unexpected<Error> failed_to(std::string_view what) const;
    Result<sandbox::HostFd> write_new(const std::string& name, std::initializer_list<Bytes> parts) const;

    sandbox::HostFd folder_;
    std::string path_;
};

/// Marks a file as used now. What can't be marked stays as it is.
void mark_as_used(const sandbox::HostFd& file);

/// `to` filled from that place of the file; false: it is shorter, or can't be read.
bool read_at(const sandbox::HostFd& file, std::uint64_t offset, std::span<std::uint8_t> to);

/// Names of files that are being written begin with this; who writes one may have died.
inline constexpr std::string_view unfinished_prefix = "new.";

} // namespace trellis::embed
