// A guest's descriptors: small numbers for the directories, files, streams and sockets it may use, each with the rights
// it still has. Rights only ever shrink. One thread at a time.
#pragma once

#include "sandbox/files.hpp"
#include "sandbox/streams.hpp"
#include "sandbox/wasi/types.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace trellis::sandbox::preview1 {

struct Descriptor {
    std::variant<Directory, Stream> object;
    FileType type;
    Rights base;
    Rights inheriting;
    std::uint32_t flags = 0;              ///< fdflags
    bool read_only = false;               ///< found in a directory granted read-only
    bool listening = false;               ///< a socket that accepts connections
    std::optional<std::string> preopen{}; ///< the guest's name of a granted directory

    [[nodiscard]] int fd() const;
    [[nodiscard]] Outcome<> require(Rights rights) const
    {
        if ((base & rights) != rights)
            return failure(SystemError::missing_right);
        return {};
    }
};

/// What the system calls a file, in WASI's words.
FileType file_type_of(mode_t mode);
FileType file_type_of_entry(unsigned char type);
/// The rights that make sense for a file of that type.
Rights rights_of(FileType type);

/// A descriptor for what the host was asked to open. `flags`: fdflags.
Descriptor descriptor_of(OpenedFile file, const Directory& found_in, Rights base, Rights inheriting,
                         std::uint32_t flags);
/// A descriptor for one of the host's own, borrowed; `direction`: the right to read or write. Errors: EBADF.
Outcome<Descriptor> standard_stream(int host_fd, Rights direction);
Descriptor standard_stream(Channel& channel, Rights direction);
Descriptor granted_directory(Directory directory, std::string name);
Descriptor listening_socket(HostFd fd);
Descriptor connection(HostFd fd, std::uint32_t flags);

class DescriptorTable {
public:
    /// The numbers of the standard streams are never given to anything else.
    static constexpr std::uint32_t first_free_number = 3;

    explicit DescriptorTable(std::uint32_t limit) : limit_(limit) {}

    /// At the smallest free number from 3 on. Errors: EMFILE.
    Outcome<std::uint32_t> add(Descriptor descriptor);
    /// At a number below 3, when the guest is made.
    void set_standard(std::uint32_t number, Descriptor descriptor);
    Outcome<> close(std::uint32_t number);
    /// Moves `from` over `to`; both must be open.
    Outcome<> renumber(std::uint32_t from, std::uint32_t to);
    [[nodiscard]] bool has_room() const { return open_ < limit_; }

    // Errors of all: EBADF, missing_right; and of those that want a certain kind: ENOTDIR, EISDIR, ENOTSOCK.
    // Pointers are good until the next change of the table.
    Outcome<Descriptor*> find(std::uint32_t number, Rights needed = 0);
    Outcome<Directory*> find_directory(std::uint32_t number, Rights needed);
    Outcome<Stream*> find_stream(std::uint32_t number, Rights needed);
    Outcome<Stream*> find_socket(std::uint32_t number, Rights needed);

private:
    std::uint32_t limit_;
    std::uint32_t open_ = 0;
    std::uint32_t lowest_free_ = first_free_number;
    std::vector<std::optional<Descriptor>> slots_ = std::vector<std::optional<Descriptor>>(first_free_number);
};

} // namespace trellis::sandbox::preview1
