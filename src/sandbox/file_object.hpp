// A file or directory as WASI has it from 0.2 on: opened for certain things, which all that is found below a directory
// inherits; no position of its own. Nothing waits but for the disk. Paths are the guest's words, with any bytes. One
// thread at a time.
#pragma once

#include "sandbox/directory_reader.hpp"
#include "sandbox/file_identity.hpp"
#include "sandbox/streams.hpp"

#include <variant>

namespace trellis::sandbox {

/// What an object is opened for.
struct FileUses {
    bool read = false, write = false;
    bool file_sync = false, data_sync = false, requested_write_sync = false;
    bool mutate_directory = false; ///< of directories: whether anything below may be changed
};

struct OpenWishes {
    bool follow = false; ///< a symbolic link at the end of the path
    bool create = false, directory = false, exclusive = false, truncate = false;
};

class FileObject {
public:
    /// A granted directory.
    explicit FileObject(Directory directory);

    [[nodiscard]] bool is_directory() const { return std::holds_alternative<Directory>(object_); }
    [[nodiscard]] const FileUses& uses() const { return uses_; }
    [[nodiscard]] Outcome<struct stat> status() const { return status_of(fd()); }

    // Of files. Errors besides the system's: EISDIR or EBADF (directory; not opened for that), EINVAL (offset).
    Outcome<std::size_t> read_at(std::span<std::uint8_t> to, std::uint64_t offset, Wait& wait);
    Outcome<std::size_t> write_at(std::span<const std::uint8_t> bytes, std::uint64_t offset, Wait& wait);
    Outcome<std::size_t> append(std::span<const std::uint8_t> bytes, Wait& wait);
    /// Whether reading or writing could succeed at all.
    [[nodiscard]] Outcome<> may_read() const;
    [[nodiscard]] Outcome<> may_write() const;
    [[nodiscard]] Outcome<> set_size(std::uint64_t size) const;
    /// `advice`: POSIX_FADV_...
    [[nodiscard]] Outcome<> advise(std::uint64_t offset, std::uint64_t length, int advice) const;

    // Of both.
    [[nodiscard]] Outcome<> synchronize(bool data_only) const { return sandbox::synchronize(fd(), data_only); }
    [[nodiscard]] Outcome<> set_times(const FileTimes& times) const;

    // Of directories. Errors besides the system's: ENOTDIR, EROFS, outside_grant, EILSEQ for paths with a NUL.
    [[nodiscard]] Outcome<DirectoryReader> list() const;
    [[nodiscard]] Outcome<FileObject> open_at(const std::string& path, const OpenWishes& wishes,
                                              const FileUses& uses) const;
    [[nodiscard]] Outcome<struct stat> status_at(const std::string& path, bool follow) const;
    [[nodiscard]] Outcome<> set_times_at(const std::string& path, bool follow, const FileTimes& times) const;
    [[nodiscard]] Outcome<> make_directory_at(const std::string& path) const;
    [[nodiscard]] Outcome<> remove_directory_at(const std::string& path) const;
    [[nodiscard]] Outcome<> remove_file_at(const std::string& path) const;
    [[nodiscard]] Outcome<std::string> read_link_at(const std::string& path) const;
    [[nodiscard]] Outcome<> make_symbolic_link_at(const std::string& contents, const std::string& path) const;
    /// Never follows a symbolic link at the end: `follow` is EINVAL.
    [[nodiscard]] Outcome<> link_at(const std::string& path, bool follow, const FileObject& target,
                                    const std::string& target_path) const;
    [[nodiscard]] Outcome<> rename_at(const std::string& path, const FileObject& target,
                                      const std::string& target_path) const;

private:
    FileObject(OpenedFile file, const Directory& found_in, const FileUses& uses);
    [[nodiscard]] int fd() const;
    [[nodiscard]] Outcome<const Directory*> directory() const;
    [[nodiscard]] Outcome<const Stream*> file() const;

    std::variant<Directory, Stream> object_;
    FileUses uses_;
};

} // namespace trellis::sandbox
