// wasi:filesystem: each function is one of sandbox/file_object.
#include "sandbox/wasi/p3/filesystem_types.hpp"
#include "sandbox/wasi/p3/state.hpp"
#include "wasm/binary/cursor.hpp"

#include <dirent.h>

namespace trellis::sandbox::preview3 {

namespace {

using namespace wasm::component;

bool is_text(const std::string& bytes)
{
    return wasm::is_utf8({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

using Self = Borrow<FileObject>;
using Done = std::expected<void, FileError>;
template <class T>
using Answer = std::expected<T, FileError>;

Trap give(const Outcome<>& outcome, Done& result)
{
    result = result_of<FileError>(outcome, file_error);
    return Trap::none;
}

/// What `make` makes of the outcome's value.
template <class T, class Value, class Make>
Trap give(const Outcome<Value>& outcome, Answer<T>& result, Make make)
{
    if (outcome)
        result = make(*outcome);
    else
        result = std::unexpected(file_error(outcome.error()));
    return Trap::none;
}

FileObject& object(ComponentStore& store, Self self)
{
    return *static_cast<FileObject*>(store.objects.find(self.rep));
}

// Streams

Trap read_via_stream(State& state, ComponentStore& store, Self self, std::uint64_t offset,
                     ReadableBytes<FileError>& result)
{
    Source source{.read = [file = object_of(store, self), offset](std::span<std::uint8_t> to, Wait& wait) mutable {
        const auto count = file->read_at(to, offset, wait);
        offset += count.value_or(0);
        return count;
    }};
    return give_stream(state, store, std::move(source), file_error, result);
}

Trap write_to_file(State& state, ComponentStore& store, const FileObject& file, StreamOf<std::uint8_t> data, Sink sink,
                   Finished<FileError>& result)
{
    if (const auto may = file.may_write(); !may) {
        StreamReader<std::uint8_t>(std::move(data)).drop();
        return give_value<Done>(store, result_of<FileError>(may, file_error), result);
    }
    return take_stream(state, store, std::move(data), std::move(sink), file_error, result);
}

Trap write_via_stream(State& state, ComponentStore& store, Self self, StreamOf<std::uint8_t> data, std::uint64_t offset,
                      Finished<FileError>& result)
{
    const auto file = object_of(store, self);
    Sink sink{.write = [file, offset](std::span<const std::uint8_t> bytes, Wait& wait) mutable {
        const auto count = file->write_at(bytes, offset, wait);
        offset += count.value_or(0);
        return count;
    }};
    return write_to_file(state, store, *file, std::move(data), std::move(sink), result);
}

Trap append_via_stream(State& state, ComponentStore& store, Self self, StreamOf<std::uint8_t> data,
                       Finished<FileError>& result)
{
    const auto file = object_of(store, self);
    Sink sink{.write = [file](std::span<const std::uint8_t> bytes, Wait& wait) { return file->append(bytes, wait); }};
    return write_to_file(state, store, *file, std::move(data), std::move(sink), result);
}

/// Names that are no text can't be given to a guest, and are passed over.
Outcome<std::optional<NamedEntry>> next_entry(DirectoryReader& reader)
{
    while (true) {
        auto entry = TRELLIS_TRY(reader.next());
        if (!entry)
            return std::nullopt;
        if (is_text(entry->name))
            return NamedEntry{descriptor_type(DTTOIF(entry->type)), std::move(entry->name)};
    }
}

Trap list_directory(ComponentStore& store, Outcome<DirectoryReader>& reader, StreamWriter<NamedEntry>& to,
                    Outcome<>& outcome)
{
    if (!reader) {
        outcome = failure(reader.error());
        return Trap::none;
    }
    while (!to.is_dropped()) {
        auto entry = next_entry(*reader);
        if (!entry || !*entry) {
            outcome = entry ? Outcome<>() : failure(entry.error());
            return Trap::none;
        }
        if (const Trap trap = to.write(store, {&**entry, 1}); failed(trap))
            return trap;
    }
    return Trap::none;
}

Trap read_directory(State&, ComponentStore& store, Self self,
                    std::tuple<StreamOf<NamedEntry>, Finished<FileError>>& result)
{
    const auto to = std::make_shared<StreamWriter<NamedEntry>>(StreamWriter<NamedEntry>::make(store));
    const auto ending = std::make_shared<FutureWriter<Done>>(FutureWriter<Done>::make(store));
    const auto reader = std::make_shared<Outcome<DirectoryReader>>(object(store, self).list());
    result = {to->readable(), ending->readable()};
    return spawn(store, [&store, reader, to, ending] {
        Outcome<> outcome;
        if (const Trap trap = list_directory(store, *reader, *to, outcome); failed(trap))
            return trap;
        to->drop();
        return ending->set(result_of<FileError>(outcome, file_error));
    });
}

// Of the object itself

Trap advise(State&, ComponentStore& store, Self self, std::uint64_t offset, std::uint64_t length, Advice advice,
            Done& result)
{
    return give(object(store, self).advise(offset, length, system_advice(advice)), result);
}

template <bool data_only>
Trap synchronize(State&, ComponentStore& store, Self self, Done& result)
{
    return give(object(store, self).synchronize(data_only), result);
}

Trap get_flags(State&, ComponentStore& store, Self self, Answer<DescriptorFlags>& result)
{
    result = descriptor_flags(object(store, self).uses());
    return Trap::none;
}

Trap get_type(State&, ComponentStore& store, Self self, Answer<DescriptorType>& result)
{
    const auto type = [](const struct stat& status) { return descriptor_type(status.st_mode); };
    return give(object(store, self).status(), result, type);
}

Trap set_size(State&, ComponentStore& store, Self self, std::uint64_t size, Done& result)
{
    return give(object(store, self).set_size(size), result);
}

Trap set_times(State&, ComponentStore& store, Self self, NewTimestamp accessed, NewTimestamp modified, Done& result)
{
    const auto times = file_times(accessed, modified);
    return give(times ? object(store, self).set_times(*times) : failure(times.error()), result);
}

Trap stat(State&, ComponentStore& store, Self self, Answer<DescriptorStat>& result)
{
    return give(object(store, self).status(), result, descriptor_stat);
}

Trap is_same_object(State&, ComponentStore& store, Self self, Self other, bool& result)
{
    const auto one = object(store, self).status(), two = object(store, other).status();
    result = one && two && sandbox::is_same_object(*one, *two);
    return Trap::none;
}

Trap give_hash(State& state, ComponentStore& store, const Outcome<struct stat>& status,
               Answer<MetadataHashValue>& result)
{
    if (!state.secret) {
        Secret secret;
        Wait wait = wait_of(state, store);
        if (!fill_with_randomness(std::as_writable_bytes(std::span(secret)), wait))
            return failed(wait.trap) ? wait.trap : store.trap("the system has no randomness");
        state.secret = secret;
    }
    return give(status, result, [&state](const struct stat& known) {
        const auto hash = sandbox::metadata_hash(*state.secret, known);
        return MetadataHashValue{hash.lower, hash.upper};
    });
}

Trap metadata_hash(State& state, ComponentStore& store, Self self, Answer<MetadataHashValue>& result)
{
    return give_hash(state, store, object(store, self).status(), result);
}

// Of what is below

bool follows(PathFlags flags)
{
    return (flags.bits & 1) != 0;
}

Trap metadata_hash_at(State& state, ComponentStore& store, Self self, PathFlags flags, std::string path,
                      Answer<MetadataHashValue>& result)
{
    return give_hash(state, store, object(store, self).status_at(path, follows(flags)), result);
}

Trap create_directory_at(State&, ComponentStore& store, Self self, std::string path, Done& result)
{
    return give(object(store, self).make_directory_at(path), result);
}

Trap stat_at(State&, ComponentStore& store, Self self, PathFlags flags, std::string path,
             Answer<DescriptorStat>& result)
{
    return give(object(store, self).status_at(path, follows(flags)), result, descriptor_stat);
}

Trap set_times_at(State&, ComponentStore& store, Self self, PathFlags flags, std::string path, NewTimestamp accessed,
                  NewTimestamp modified, Done& result)
{
    const auto times = file_times(accessed, modified);
    return give(times ? object(store, self).set_times_at(path, follows(flags), *times) : failure(times.error()),
                result);
}

Trap link_at(State&, ComponentStore& store, Self self, PathFlags flags, std::string path, Self target,
             std::string target_path, Done& result)
{
    return give(object(store, self).link_at(path, follows(flags), object(store, target), target_path), result);
}

Trap open_at(State&, ComponentStore& store, Self self, PathFlags path_flags, std::string path, OpenFlags open_flags,
             DescriptorFlags flags, Answer<Own<FileObject>>& result)
{
    auto opened = object(store, self).open_at(path, open_wishes(path_flags, open_flags), file_uses(flags));
    if (opened)
        result = give_object(store, std::make_shared<FileObject>(std::move(*opened)));
    else
        result = std::unexpected(file_error(opened.error()));
    return Trap::none;
}

Trap readlink_at(State&, ComponentStore& store, Self self, std::string path, Answer<std::string>& result)
{
    auto contents = object(store, self).read_link_at(path);
    if (contents && !is_text(*contents))
        contents = failure(EILSEQ);
    return give(contents, result, [](const std::string& text) { return text; });
}

Trap remove_directory_at(State&, ComponentStore& store, Self self, std::string path, Done& result)
{
    return give(object(store, self).remove_directory_at(path), result);
}

Trap rename_at(State&, ComponentStore& store, Self self, std::string path, Self target, std::string target_path,
               Done& result)
{
    return give(object(store, self).rename_at(path, object(store, target), target_path), result);
}

Trap symlink_at(State&, ComponentStore& store, Self self, std::string contents, std::string path, Done& result)
{
    return give(object(store, self).make_symbolic_link_at(contents, path), result);
}

Trap unlink_file_at(State&, ComponentStore& store, Self self, std::string path, Done& result)
{
    return give(object(store, self).remove_file_at(path), result);
}

// preopens

Trap get_directories(State& state, ComponentStore& store, std::vector<std::tuple<Own<FileObject>, std::string>>& result)
{
    for (const auto& [name, directory] : state.directories)
        if (auto again = directory.reopen())
            result.emplace_back(give_object(store, std::make_shared<FileObject>(std::move(*again))), name);
    return Trap::none;
}

constexpr std::array functions = {
    host_function<read_via_stream>("[method]descriptor.read-via-stream"),
    host_function<write_via_stream>("[method]descriptor.write-via-stream"),
    host_function<append_via_stream>("[method]descriptor.append-via-stream"),
    async_host_function<advise>("[method]descriptor.advise"),
    async_host_function<synchronize<true>>("[method]descriptor.sync-data"),
    async_host_function<get_flags>("[method]descriptor.get-flags"),
    async_host_function<get_type>("[method]descriptor.get-type"),
    async_host_function<set_size>("[method]descriptor.set-size"),
    async_host_function<set_times>("[method]descriptor.set-times"),
    host_function<read_directory>("[method]descriptor.read-directory"),
    async_host_function<synchronize<false>>("[method]descriptor.sync"),
    async_host_function<create_directory_at>("[method]descriptor.create-directory-at"),
    async_host_function<stat>("[method]descriptor.stat"),
    async_host_function<stat_at>("[method]descriptor.stat-at"),
    async_host_function<set_times_at>("[method]descriptor.set-times-at"),
    async_host_function<link_at>("[method]descriptor.link-at"),
    async_host_function<open_at>("[method]descriptor.open-at"),
    async_host_function<readlink_at>("[method]descriptor.readlink-at"),
    async_host_function<remove_directory_at>("[method]descriptor.remove-directory-at"),
    async_host_function<rename_at>("[method]descriptor.rename-at"),
    async_host_function<symlink_at>("[method]descriptor.symlink-at"),
    async_host_function<unlink_file_at>("[method]descriptor.unlink-file-at"),
    async_host_function<is_same_object>("[method]descriptor.is-same-object"),
    async_host_function<metadata_hash>("[method]descriptor.metadata-hash"),
    async_host_function<metadata_hash_at>("[method]descriptor.metadata-hash-at"),
};
constexpr std::array resources = {host_resource<FileObject>("descriptor")};
constexpr std::array preopen_functions = {host_function<get_directories>("get-directories")};

constexpr std::array interfaces = {
    HostInterface{"wasi:filesystem/types@0.3.0", functions, resources},
    HostInterface{"wasi:filesystem/preopens@0.3.0", preopen_functions, resources},
};

} // namespace

std::span<const HostInterface> filesystem_interfaces()
{
    return interfaces;
}

} // namespace trellis::sandbox::preview3
