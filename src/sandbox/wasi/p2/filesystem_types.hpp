// The types of wasi:filesystem/types, in the words of the interface. Values.
#pragma once

#include "sandbox/wasi/p2/datetime.hpp"
#include "sandbox/wasi/p2/guest.hpp"

namespace trellis::sandbox::preview2 {

enum class DescriptorType : std::uint8_t {
    unknown,
    block_device,
    character_device,
    directory,
    fifo,
    symbolic_link,
    regular_file,
    socket,
};

enum class FileError : std::uint8_t {
    access,
    would_block,
    already,
    bad_descriptor,
    busy,
    deadlock,
    quota,
    exist,
    file_too_large,
    illegal_byte_sequence,
    in_progress,
    interrupted,
    invalid,
    io,
    is_directory,
    loop,
    too_many_links,
    message_size,
    name_too_long,
    no_device,
    no_entry,
    no_lock,
    insufficient_memory,
    insufficient_space,
    not_directory,
    not_empty,
    not_recoverable,
    unsupported,
    no_tty,
    no_such_device,
    overflow,
    not_permitted,
    pipe,
    read_only,
    invalid_seek,
    text_file_busy,
    cross_device,
};

enum class Advice : std::uint8_t { normal, sequential, random, will_need, dont_need, no_reuse };

struct DescriptorFlagNames {
    static constexpr std::array<std::string_view, 6> names = {
        "read", "write", "file-integrity-sync", "data-integrity-sync", "requested-write-sync", "mutate-directory"};
};
using DescriptorFlags = Flags<DescriptorFlagNames>;
namespace descriptor_flag {
constexpr std::uint32_t read = 1, write = 2, file_integrity_sync = 4, data_integrity_sync = 8,
                        requested_write_sync = 16, mutate_directory = 32;
}

struct PathFlagNames {
    static constexpr std::array<std::string_view, 1> names = {"symlink-follow"};
};
using PathFlags = Flags<PathFlagNames>;
inline bool follows(PathFlags flags)
{
    return flags.bits != 0;
}

struct OpenFlagNames {
    static constexpr std::array<std::string_view, 4> names = {"create", "directory", "exclusive", "truncate"};
};
using OpenFlags = Flags<OpenFlagNames>;
namespace open_flag {
constexpr std::uint32_t create = 1, directory = 2, exclusive = 4, truncate = 8;
}

struct NewTimestampNames {
    static constexpr std::array<std::string_view, 3> names = {"no-change", "now", "timestamp"};
};
using NewTimestamp = Variant<NewTimestampNames, std::monostate, std::monostate, Datetime>;

struct DescriptorStat {
    DescriptorType type = DescriptorType::unknown;
    std::uint64_t link_count = 0;
    std::uint64_t size = 0;
    std::optional<Datetime> accessed = {}, modified = {}, status_changed = {};

    static constexpr auto fields = std::tuple{
        wasm::component::Field{"type", &DescriptorStat::type},
        wasm::component::Field{"link-count", &DescriptorStat::link_count},
        wasm::component::Field{"size", &DescriptorStat::size},
        wasm::component::Field{"data-access-timestamp", &DescriptorStat::accessed},
        wasm::component::Field{"data-modification-timestamp", &DescriptorStat::modified},
        wasm::component::Field{"status-change-timestamp", &DescriptorStat::status_changed},
    };
};

struct DirectoryEntryRecord {
    DescriptorType type = DescriptorType::unknown;
    std::string name = {};

    static constexpr auto fields = std::tuple{wasm::component::Field{"type", &DirectoryEntryRecord::type},
                                              wasm::component::Field{"name", &DirectoryEntryRecord::name}};
};

struct MetadataHashValue {
    std::uint64_t lower = 0, upper = 0;

    static constexpr auto fields = std::tuple{wasm::component::Field{"lower", &MetadataHashValue::lower},
                                              wasm::component::Field{"upper", &MetadataHashValue::upper}};
};

/// The one place where errors of files become the guest's.
FileError file_error_of(SystemError error);

DescriptorType descriptor_type_of(mode_t mode);
/// `type`: DT_REG, ...
DescriptorType descriptor_type_of_entry(unsigned char type);
DescriptorStat descriptor_stat_of(const struct stat& status);
/// Errors: EINVAL.
Outcome<FileTimes> file_times_of(const NewTimestamp& accessed, const NewTimestamp& modified);

} // namespace trellis::sandbox::preview2

namespace trellis::wasm::component {

template <>
inline constexpr std::array<std::string_view, 8> case_names<sandbox::preview2::DescriptorType> = {
    "unknown", "block-device", "character-device", "directory", "fifo", "symbolic-link", "regular-file", "socket"};

template <>
inline constexpr std::array<std::string_view, 37> case_names<sandbox::preview2::FileError> = {
    "access",
    "would-block",
    "already",
    "bad-descriptor",
    "busy",
    "deadlock",
    "quota",
    "exist",
    "file-too-large",
    "illegal-byte-sequence",
    "in-progress",
    "interrupted",
    "invalid",
    "io",
    "is-directory",
    "loop",
    "too-many-links",
    "message-size",
    "name-too-long",
    "no-device",
    "no-entry",
    "no-lock",
    "insufficient-memory",
    "insufficient-space",
    "not-directory",
    "not-empty",
    "not-recoverable",
    "unsupported",
    "no-tty",
    "no-such-device",
    "overflow",
    "not-permitted",
    "pipe",
    "read-only",
    "invalid-seek",
    "text-file-busy",
    "cross-device",
};

template <>
inline constexpr std::array<std::string_view, 6> case_names<sandbox::preview2::Advice> = {
    "normal", "sequential", "random", "will-need", "dont-need", "no-reuse"};

} // namespace trellis::wasm::component
