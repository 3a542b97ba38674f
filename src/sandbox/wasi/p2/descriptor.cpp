#include "sandbox/wasi/p2/descriptor.hpp"

#include "base/result.hpp"

namespace trellis::sandbox::preview2 {
namespace {

iovec part_of(std::span<const std::byte> bytes)
{
    return {.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
}

/// What is no regular file has no offsets; it may have to be waited for.
Need need_of(const Stream& stream, short events)
{
    return stream.is_regular() ? Need::nothing() : Need::of(stream.fd(), events);
}

} // namespace

Descriptor Descriptor::of(OpenedFile opened, const Directory& found_in, std::shared_ptr<DescriptorPlace> place)
{
    if (S_ISDIR(opened.status.st_mode))
        return {found_in.below(std::move(opened.fd)), std::move(place)};
    Stream stream(std::move(opened.fd), opened.status.st_mode);
    stream.set_non_blocking(true);
    return Descriptor(std::make_shared<OpenFile>(std::move(stream), found_in.read_only(), std::move(place)));
}

int Descriptor::fd() const
{
    const auto* directory = std::get_if<Directory>(&object_);
    return directory ? directory->fd() : std::get<std::shared_ptr<OpenFile>>(object_)->stream.fd();
}

bool Descriptor::read_only() const
{
    const auto* directory = std::get_if<Directory>(&object_);
    return directory ? directory->read_only() : std::get<std::shared_ptr<OpenFile>>(object_)->read_only;
}

Outcome<const Directory*> Descriptor::directory() const
{
    const auto* directory = std::get_if<Directory>(&object_);
    return directory ? Outcome<const Directory*>(directory) : failure(ENOTDIR);
}

Outcome<std::shared_ptr<OpenFile>> Descriptor::file() const
{
    const auto* file = std::get_if<std::shared_ptr<OpenFile>>(&object_);
    return file ? Outcome<std::shared_ptr<OpenFile>>(*file) : failure(EISDIR);
}

Outcome<std::shared_ptr<OpenFile>> Descriptor::file_to_read() const
{
    auto there = TRELLIS_TRY(file());
    if (!TRELLIS_TRY(access_of(fd())).read)
        return failure(EBADF);
    return there;
}

Outcome<std::shared_ptr<OpenFile>> Descriptor::file_to_write() const
{
    auto there = TRELLIS_TRY(file());
    if (!TRELLIS_TRY(access_of(fd())).write)
        return failure(EBADF);
    return there;
}

Outcome<std::size_t> FileInput::try_read(std::span<std::byte> to, Wait& wait)
{
    iovec part = part_of(to);
    Stream& stream = file_->stream;
    const auto count =
        TRELLIS_TRY(stream.is_regular() ? stream.read_at({&part, 1}, offset_, wait) : stream.read({&part, 1}, wait));
    offset_ += count;
    return count;
}

Need FileInput::readable() const
{
    return need_of(file_->stream, POLLIN);
}

Outcome<std::size_t> FileOutput::try_write(std::span<const std::byte> bytes, Wait& wait)
{
    iovec part = part_of(bytes);
    Stream& stream = file_->stream;
    if (!stream.is_regular())
        return stream.write({&part, 1}, wait);
    if (!offset_)
        return stream.append({&part, 1}, wait);
    const auto count = TRELLIS_TRY(stream.write_at({&part, 1}, *offset_, wait));
    *offset_ += count;
    return count;
}

Need FileOutput::writable() const
{
    return need_of(file_->stream, POLLOUT);
}

} // namespace trellis::sandbox::preview2
