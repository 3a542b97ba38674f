// wasi:filesystem: types and preopens. Each function is a descriptor and one operation of a capability.
#include "base/result.hpp"
#include "sandbox/wasi/p2/filesystem_types.hpp"
#include "sandbox/wasi/p2/interfaces.hpp"
#include "wasm/binary/cursor.hpp"

#include <fcntl.h>

namespace trellis::sandbox::preview2 {
namespace {

using Bytes = std::vector<std::uint8_t>;

template <class T = void>
using FileResult = std::expected<T, FileError>;

/// What one read gives at most; a guest that wants more asks again.
constexpr std::uint64_t most_read = std::uint64_t(1) << 20;

// From outcomes to results

template <class T>
Trap file_answer(const Wait& wait, Outcome<T> outcome, FileResult<T>& result)
{
    if (!outcome && outcome.error() == SystemError::guest_trapped)
        return wait.trap;
    if (!outcome)
        result = std::unexpected(file_error_of(outcome.error()));
    else if constexpr (!std::is_void_v<T>)
        result = std::move(*outcome);
    return Trap::none;
}

/// One that gives the guest a new object.
template <class T>
Trap new_object(ComponentStore& store, Outcome<std::shared_ptr<T>> made, FileResult<Own<T>>& result)
{
    if (made)
        result = give(store, std::move(*made));
    else
        result = std::unexpected(file_error_of(made.error()));
    return Trap::none;
}

/// `work` is what the function does with a Wait.
template <class T, class Work>
Trap do_file(Guest& guest, ComponentStore& store, FileResult<T>& result, Work&& work)
{
    Wait wait = wait_of(guest, store);
    return file_answer(wait, Outcome<T>(work(wait)), result);
}

/// Paths reach the system as C strings.
Outcome<const char*> c_string(const std::string& path)
{
    if (path.find('\0') != std::string::npos)
        return failure(EINVAL);
    return path.c_str();
}

Outcome<std::string> utf8(std::string text)
{
    if (!wasm::is_utf8({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}))
        return failure(EILSEQ);
    return text;
}

Outcome<std::shared_ptr<DescriptorPlace>> take_place(Guest& guest)
{
    if (*guest.descriptors_left == 0)
        return failure(EMFILE);
    return std::make_shared<DescriptorPlace>(guest.descriptors_left);
}

Outcome<> must_be_writable(const Descriptor& descriptor)
{
    return descriptor.read_only() ? Outcome<>(failure(EROFS)) : Outcome<>();
}

// Streams

Trap read_via_stream(Guest&, ComponentStore& store, Borrow<Descriptor> self, std::uint64_t offset,
                     FileResult<Own<InputStream>>& result)
{
    const auto open = [&]() -> Outcome<std::shared_ptr<InputStream>> {
        return std::make_shared<FileInput>(TRELLIS_TRY(object(store, self).file_to_read()), offset);
    };
    return new_object(store, open(), result);
}

Trap open_output(ComponentStore& store, Borrow<Descriptor> self, std::optional<std::uint64_t> offset,
                 FileResult<Own<OutputStream>>& result)
{
    const auto open = [&]() -> Outcome<std::shared_ptr<OutputStream>> {
        return std::make_shared<FileOutput>(TRELLIS_TRY(object(store, self).file_to_write()), offset);
    };
    return new_object(store, open(), result);
}

Trap write_via_stream(Guest&, ComponentStore& store, Borrow<Descriptor> self, std::uint64_t offset,
                      FileResult<Own<OutputStream>>& result)
{
    return open_output(store, self, offset, result);
}

Trap append_via_stream(Guest&, ComponentStore& store, Borrow<Descriptor> self, FileResult<Own<OutputStream>>& result)
{
    return open_output(store, self, std::nullopt, result);
}

// Files

Trap advise_file(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, std::uint64_t offset,
                 std::uint64_t length, Advice advice, FileResult<>& result)
{
    constexpr std::array system = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                   POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
    return do_file(guest, store, result, [&](Wait&) -> Outcome<> {
        const auto file = TRELLIS_TRY(object(store, self).file());
        return advise(file->stream.fd(), offset, length, system[static_cast<std::size_t>(advice)]);
    });
}

template <bool data_only>
Trap synchronize_file(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, FileResult<>& result)
{
    return do_file(guest, store, result, [&](Wait&) { return synchronize(object(store, self).fd(), data_only); });
}

Trap get_flags(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, FileResult<DescriptorFlags>& result)
{
    return do_file(guest, store, result, [&](Wait&) -> Outcome<DescriptorFlags> {
        const Descriptor& descriptor = object(store, self);
        if (descriptor.directory())
            return DescriptorFlags{descriptor_flag::read |
                                   (descriptor.read_only() ? 0 : descriptor_flag::mutate_directory)};
        const FileAccess access = TRELLIS_TRY(access_of(descriptor.fd()));
        return DescriptorFlags{(access.read ? descriptor_flag::read : 0) | (access.write ? descriptor_flag::write : 0) |
                               (access.sync ? descriptor_flag::file_integrity_sync : 0) |
                               (access.data_sync ? descriptor_flag::data_integrity_sync : 0)};
    });
}

Trap get_type(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, FileResult<DescriptorType>& result)
{
    return do_file(guest, store, result, [&](Wait&) -> Outcome<DescriptorType> {
        return descriptor_type_of(TRELLIS_TRY(status_of(object(store, self).fd())).st_mode);
    });
}

Trap set_size(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, std::uint64_t size, FileResult<>& result)
{
    return do_file(guest, store, result, [&](Wait&) -> Outcome<> {
        const auto file = TRELLIS_TRY(object(store, self).file_to_write());
        return set_size_of(file->stream.fd(), size);
    });
}

Trap set_times(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, NewTimestamp accessed,
               NewTimestamp modified, FileResult<>& result)
{
    return do_file(guest, store, result, [&](Wait&) -> Outcome<> {
        const Descriptor& descriptor = object(store, self);
        TRELLIS_TRY(must_be_writable(descriptor));
        return set_times_of(descriptor.fd(), TRELLIS_TRY(file_times_of(accessed, modified)));
    });
}

Trap read(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, std::uint64_t length, std::uint64_t offset,
          FileResult<std::tuple<Bytes, bool>>& result)
{
    return do_file(guest, store, result, [&](Wait& wait) -> Outcome<std::tuple<Bytes, bool>> {
        const auto file = TRELLIS_TRY(object(store, self).file_to_read());
        Bytes bytes(std::min(length, most_read));
        iovec part = {.iov_base = bytes.data(), .iov_len = bytes.size()};
        bytes.resize(TRELLIS_TRY(file->stream.read_at({&part, 1}, offset, wait)));
        return std::tuple(std::move(bytes), length != 0 && part.iov_len != 0 && bytes.empty());
    });
}

Trap write(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, GuestBytes buffer, std::uint64_t offset,
           FileResult<std::uint64_t>& result)
{
    return do_file(guest, store, result, [&](Wait& wait) -> Outcome<std::uint64_t> {
        const auto file = TRELLIS_TRY(object(store, self).file_to_write());
        iovec part = {.iov_base = const_cast<std::byte*>(buffer.data()), .iov_len = buffer.size()};
        return TRELLIS_TRY(file->stream.write_at({&part, 1}, offset, wait));
    });
}

Trap stat(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, FileResult<DescriptorStat>& result)
{
    return do_file(guest, store, result, [&](Wait&) -> Outcome<DescriptorStat> {
        return descriptor_stat_of(TRELLIS_TRY(status_of(object(store, self).fd())));
    });
}

// Directories and paths

Trap read_directory(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, FileResult<Own<EntryReader>>& result)
{
    const auto open = [&]() -> Outcome<std::shared_ptr<EntryReader>> {
        const Directory* directory = TRELLIS_TRY(object(store, self).directory());
        auto place = TRELLIS_TRY(take_place(guest));
        return std::make_shared<EntryReader>(TRELLIS_TRY(DirectoryReader::open(*directory)), std::move(place));
    };
    return new_object(store, open(), result);
}

Trap read_directory_entry(Guest& guest, ComponentStore& store, Borrow<EntryReader> self,
                          FileResult<std::optional<DirectoryEntryRecord>>& result)
{
    return do_file(guest, store, result, [&](Wait&) -> Outcome<std::optional<DirectoryEntryRecord>> {
        auto entry = TRELLIS_TRY(object(store, self).reader.next());
        if (!entry)
            return std::optional<DirectoryEntryRecord>();
        return DirectoryEntryRecord{descriptor_type_of_entry(entry->type), TRELLIS_TRY(utf8(std::move(entry->name)))};
    });
}

/// What is done with one path.
using PathWork = Outcome<> (Directory::*)(const char*) const;

template <PathWork work>
Trap at_path(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, std::string path, FileResult<>& result)
{
    return do_file(guest, store, result, [&](Wait&) -> Outcome<> {
        return (TRELLIS_TRY(object(store, self).directory())->*work)(TRELLIS_TRY(c_string(path)));
    });
}

Outcome<struct stat> status_at(ComponentStore& store, Borrow<Descriptor> self, PathFlags flags, const std::string& path)
{
    const Directory* directory = TRELLIS_TRY(object(store, self).directory());
    return directory->status(TRELLIS_TRY(c_string(path)), follows(flags));
}

Trap stat_at(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, PathFlags flags, std::string path,
             FileResult<DescriptorStat>& result)
{
    return do_file(guest, store, result, [&](Wait&) -> Outcome<DescriptorStat> {
        return descriptor_stat_of(TRELLIS_TRY(status_at(store, self, flags, path)));
    });
}

Trap set_times_at(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, PathFlags flags, std::string path,
                  NewTimestamp accessed, NewTimestamp modified, FileResult<>& result)
{
    return do_file(guest, store, result, [&](Wait&) -> Outcome<> {
        const Directory* directory = TRELLIS_TRY(object(store, self).directory());
        return directory->set_times(TRELLIS_TRY(c_string(path)), follows(flags),
                                    TRELLIS_TRY(file_times_of(accessed, modified)));
    });
}

/// As in WASI 0.1, links are made to what the path names itself.
Trap link_at(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, PathFlags flags, std::string path,
             Borrow<Descriptor> target, std::string target_path, FileResult<>& result)
{
    return do_file(guest, store, result, [&](Wait&) -> Outcome<> {
        if (follows(flags))
            return failure(EINVAL);
        const Directory* from = TRELLIS_TRY(object(store, self).directory());
        const Directory* to = TRELLIS_TRY(object(store, target).directory());
        return from->make_hard_link(TRELLIS_TRY(c_string(path)), *to, TRELLIS_TRY(c_string(target_path)));
    });
}

Trap rename_at(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, std::string path,
               Borrow<Descriptor> target, std::string target_path, FileResult<>& result)
{
    return do_file(guest, store, result, [&](Wait&) -> Outcome<> {
        const Directory* from = TRELLIS_TRY(object(store, self).directory());
        const Directory* to = TRELLIS_TRY(object(store, target).directory());
        return from->rename(TRELLIS_TRY(c_string(path)), *to, TRELLIS_TRY(c_string(target_path)));
    });
}

Trap symlink_at(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, std::string contents, std::string path,
                FileResult<>& result)
{
    return do_file(guest, store, result, [&](Wait&) -> Outcome<> {
        const Directory* directory = TRELLIS_TRY(object(store, self).directory());
        return directory->make_symbolic_link(TRELLIS_TRY(c_string(contents)), TRELLIS_TRY(c_string(path)));
    });
}

Trap readlink_at(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, std::string path,
                 FileResult<std::string>& result)
{
    return do_file(guest, store, result, [&](Wait&) -> Outcome<std::string> {
        const Directory* directory = TRELLIS_TRY(object(store, self).directory());
        return utf8(TRELLIS_TRY(directory->relative_link(TRELLIS_TRY(c_string(path)))));
    });
}

OpenOptions options_of(PathFlags path_flags, OpenFlags open_flags, DescriptorFlags flags)
{
    return {.read = (flags.bits & descriptor_flag::read) != 0,
            .write = (flags.bits & descriptor_flag::write) != 0,
            .follow = follows(path_flags),
            .create = (open_flags.bits & open_flag::create) != 0,
            .exclusive = (open_flags.bits & open_flag::exclusive) != 0,
            .truncate = (open_flags.bits & open_flag::truncate) != 0,
            .directory = (open_flags.bits & open_flag::directory) != 0,
            .data_sync = (flags.bits & descriptor_flag::data_integrity_sync) != 0,
            .sync = (flags.bits & descriptor_flag::file_integrity_sync) != 0};
}

Trap open_at(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, PathFlags path_flags, std::string path,
             OpenFlags open_flags, DescriptorFlags flags, FileResult<Own<Descriptor>>& result)
{
    const auto open = [&]() -> Outcome<std::shared_ptr<Descriptor>> {
        const Directory* directory = TRELLIS_TRY(object(store, self).directory());
        if ((flags.bits & descriptor_flag::mutate_directory) != 0 && directory->read_only())
            return failure(EROFS);
        auto place = TRELLIS_TRY(take_place(guest));
        auto opened =
            TRELLIS_TRY(directory->open(TRELLIS_TRY(c_string(path)), options_of(path_flags, open_flags, flags)));
        return std::make_shared<Descriptor>(Descriptor::of(std::move(opened), *directory, std::move(place)));
    };
    return new_object(store, open(), result);
}

// Which file it is

Trap is_same(Guest&, ComponentStore& store, Borrow<Descriptor> self, Borrow<Descriptor> other, bool& result)
{
    const auto here = status_of(object(store, self).fd());
    const auto there = status_of(object(store, other).fd());
    result = here && there && is_same_object(*here, *there);
    return Trap::none;
}

MetadataHashValue hash_of(const Guest& guest, const struct stat& status)
{
    const MetadataHash hash = metadata_hash(guest.secret, status);
    return {hash.lower, hash.upper};
}

Trap hash(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, FileResult<MetadataHashValue>& result)
{
    return do_file(guest, store, result, [&](Wait&) -> Outcome<MetadataHashValue> {
        return hash_of(guest, TRELLIS_TRY(status_of(object(store, self).fd())));
    });
}

Trap hash_at(Guest& guest, ComponentStore& store, Borrow<Descriptor> self, PathFlags flags, std::string path,
             FileResult<MetadataHashValue>& result)
{
    return do_file(guest, store, result, [&](Wait&) -> Outcome<MetadataHashValue> {
        return hash_of(guest, TRELLIS_TRY(status_at(store, self, flags, path)));
    });
}

Trap error_code(Guest&, ComponentStore& store, Borrow<IoError> error, std::optional<FileError>& result)
{
    const IoError& there = object(store, error);
    if (there.origin == ErrorOrigin::file)
        result = file_error_of(there.error);
    return Trap::none;
}

// wasi:filesystem/preopens

Trap get_directories(Guest& guest, ComponentStore& store, std::vector<std::tuple<Own<Descriptor>, std::string>>& result)
{
    for (const auto& [descriptor, name] : guest.granted_directories)
        result.emplace_back(give(store, descriptor), name);
    return Trap::none;
}

constexpr HostResource type_resources[] = {
    host_resource<Descriptor>("descriptor"),
    host_resource<EntryReader>("directory-entry-stream"),
    host_resource<InputStream>("input-stream"),
    host_resource<OutputStream>("output-stream"),
    host_resource<IoError>("error"),
};
constexpr HostFunction type_functions[] = {
    host_function<read_via_stream>("[method]descriptor.read-via-stream"),
    host_function<write_via_stream>("[method]descriptor.write-via-stream"),
    host_function<append_via_stream>("[method]descriptor.append-via-stream"),
    host_function<advise_file>("[method]descriptor.advise"),
    host_function<synchronize_file<true>>("[method]descriptor.sync-data"),
    host_function<get_flags>("[method]descriptor.get-flags"),
    host_function<get_type>("[method]descriptor.get-type"),
    host_function<set_size>("[method]descriptor.set-size"),
    host_function<set_times>("[method]descriptor.set-times"),
    host_function<read>("[method]descriptor.read"),
    host_function<write>("[method]descriptor.write"),
    host_function<read_directory>("[method]descriptor.read-directory"),
    host_function<synchronize_file<false>>("[method]descriptor.sync"),
    host_function<at_path<&Directory::make_directory>>("[method]descriptor.create-directory-at"),
    host_function<stat>("[method]descriptor.stat"),
    host_function<stat_at>("[method]descriptor.stat-at"),
    host_function<set_times_at>("[method]descriptor.set-times-at"),
    host_function<link_at>("[method]descriptor.link-at"),
    host_function<open_at>("[method]descriptor.open-at"),
    host_function<readlink_at>("[method]descriptor.readlink-at"),
    host_function<at_path<&Directory::remove_directory>>("[method]descriptor.remove-directory-at"),
    host_function<rename_at>("[method]descriptor.rename-at"),
    host_function<symlink_at>("[method]descriptor.symlink-at"),
    host_function<at_path<&Directory::remove_file>>("[method]descriptor.unlink-file-at"),
    host_function<is_same>("[method]descriptor.is-same-object"),
    host_function<hash>("[method]descriptor.metadata-hash"),
    host_function<hash_at>("[method]descriptor.metadata-hash-at"),
    host_function<read_directory_entry>("[method]directory-entry-stream.read-directory-entry"),
    host_function<error_code>("filesystem-error-code"),
};

constexpr HostResource preopen_resources[] = {host_resource<Descriptor>("descriptor")};
constexpr HostFunction preopen_functions[] = {host_function<get_directories>("get-directories")};

} // namespace

const HostInterface filesystem_types = {"wasi:filesystem/types@0.2.12", type_functions, type_resources};
const HostInterface filesystem_preopens = {"wasi:filesystem/preopens@0.2.12", preopen_functions, preopen_resources};

} // namespace trellis::sandbox::preview2
