#include "sandbox/wasi/descriptors.hpp"

#include "base/result.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>

namespace trellis::sandbox::preview1 {

namespace {

/// Stream sockets and datagram sockets are the same to fstat.
FileType refined_type(int fd, mode_t mode)
{
    int type = 0;
    socklen_t size = sizeof type;
    if (S_ISSOCK(mode) && ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM)
        return FileType::socket_dgram;
    return file_type_of(mode);
}

Descriptor socket_descriptor(HostFd fd, Rights base, Rights inheriting)
{
    return {.object = Stream(std::move(fd), S_IFSOCK),
            .type = FileType::socket_stream,
            .base = base,
            .inheriting = inheriting};
}

} // namespace

int Descriptor::fd() const
{
    return std::visit([](const auto& held) { return held.fd(); }, object);
}

FileType file_type_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFBLK:
        return FileType::block_device;
    case S_IFCHR:
        return FileType::character_device;
    case S_IFDIR:
        return FileType::directory;
    case S_IFREG:
        return FileType::regular_file;
    case S_IFSOCK:
        return FileType::socket_stream;
    case S_IFLNK:
        return FileType::symbolic_link;
    default:
        return FileType::unknown; // also FIFOs, which WASI has no word for
    }
}

FileType file_type_of_entry(unsigned char type)
{
    return file_type_of(DTTOIF(type));
}

Rights rights_of(FileType type)
{
    switch (type) {
    case FileType::directory:
        return right::directory;
    case FileType::regular_file:
    case FileType::block_device:
        return right::regular_file;
    case FileType::socket_dgram:
    case FileType::socket_stream:
        return right::connection;
    default:
        return right::stream;
    }
}

Descriptor descriptor_of(OpenedFile file, const Directory& found_in, Rights base, Rights inheriting,
                         std::uint32_t flags)
{
    const auto mode = file.status.st_mode;
    const auto type = file_type_of(mode);
    const bool is_directory = type == FileType::directory;
    Descriptor descriptor = {
        .object = is_directory ? std::variant<Directory, Stream>(found_in.below(std::move(file.fd)))
                               : std::variant<Directory, Stream>(Stream(std::move(file.fd), mode)),
        .type = type,
        .base = base & rights_of(type),
        .inheriting = is_directory ? inheriting : 0,
        .flags = flags,
        .read_only = found_in.read_only(),
    };
    if (auto* stream = std::get_if<Stream>(&descriptor.object))
        stream->set_non_blocking(flags & fdflags::nonblock);
    return descriptor;
}

Outcome<Descriptor> standard_stream(int host_fd, Rights direction)
{
    const auto status = TRELLIS_TRY(status_of(host_fd));
    const int host_flags = ::fcntl(host_fd, F_GETFL);
    const auto type = refined_type(host_fd, status.st_mode);
    const auto opposite = right::fd_read | right::fd_write;
    return Descriptor{.object = Stream(HostFd::borrowed(host_fd), status.st_mode),
                      .type = type,
                      .base = (rights_of(type) & ~opposite) | direction,
                      .inheriting = 0,
                      .flags = host_flags & O_APPEND ? fdflags::append : 0};
}

Descriptor standard_stream(Channel& channel, Rights direction)
{
    return {.object = Stream(channel),
            .type = FileType::unknown,
            .base = (right::stream & ~(right::fd_read | right::fd_write)) | direction,
            .inheriting = 0};
}

Descriptor granted_directory(Directory directory, std::string name)
{
    const bool read_only = directory.read_only();
    return {.object = std::move(directory),
            .type = FileType::directory,
            .base = right::directory,
            .inheriting = right::directory_inheriting,
            .read_only = read_only,
            .preopen = std::move(name)};
}

Descriptor listening_socket(HostFd fd)
{
    auto descriptor = socket_descriptor(std::move(fd), right::listener, right::connection);
    descriptor.listening = true;
    return descriptor;
}

Descriptor connection(HostFd fd, std::uint32_t flags)
{
    auto descriptor = socket_descriptor(std::move(fd), right::connection, 0);
    descriptor.flags = flags;
    std::get<Stream>(descriptor.object).set_non_blocking(flags & fdflags::nonblock);
    return descriptor;
}

Outcome<std::uint32_t> DescriptorTable::add(Descriptor descriptor)
{
    if (!has_room())
        return failure(EMFILE);
    const auto number = lowest_free_;
    if (number == slots_.size())
        slots_.emplace_back();
    slots_[number] = std::move(descriptor);
    ++open_;
    while (lowest_free_ < slots_.size() && slots_[lowest_free_])
        ++lowest_free_;
    return number;
}

void DescriptorTable::set_standard(std::uint32_t number, Descriptor descriptor)
{
    slots_[number] = std::move(descriptor);
    ++open_;
}

Outcome<> DescriptorTable::close(std::uint32_t number)
{
    TRELLIS_TRY(find(number));
    slots_[number].reset();
    --open_;
    if (number >= first_free_number && number < lowest_free_)
        lowest_free_ = number;
    return {};
}

Outcome<> DescriptorTable::renumber(std::uint32_t from, std::uint32_t to)
{
    TRELLIS_TRY(find(from));
    TRELLIS_TRY(find(to));
    if (from == to)
        return {};
    slots_[to] = std::move(slots_[from]);
    return close(from);
}

Outcome<Descriptor*> DescriptorTable::find(std::uint32_t number, Rights needed)
{
    if (number >= slots_.size() || !slots_[number])
        return failure(EBADF);
    TRELLIS_TRY(slots_[number]->require(needed));
    return &*slots_[number];
}

Outcome<Directory*> DescriptorTable::find_directory(std::uint32_t number, Rights needed)
{
    auto* descriptor = TRELLIS_TRY(find(number));
    auto* directory = std::get_if<Directory>(&descriptor->object);
    if (directory == nullptr)
        return failure(ENOTDIR);
    TRELLIS_TRY(descriptor->require(needed));
    return directory;
}

Outcome<Stream*> DescriptorTable::find_stream(std::uint32_t number, Rights needed)
{
    auto* descriptor = TRELLIS_TRY(find(number));
    auto* stream = std::get_if<Stream>(&descriptor->object);
    if (stream == nullptr)
        return failure(EISDIR);
    TRELLIS_TRY(descriptor->require(needed));
    return stream;
}

Outcome<Stream*> DescriptorTable::find_socket(std::uint32_t number, Rights needed)
{
    auto* descriptor = TRELLIS_TRY(find(number));
    auto* stream = std::get_if<Stream>(&descriptor->object);
    if (stream == nullptr || !stream->is_socket())
        return failure(ENOTSOCK);
    TRELLIS_TRY(descriptor->require(needed));
    return stream;
}

} // namespace trellis::sandbox::preview1
