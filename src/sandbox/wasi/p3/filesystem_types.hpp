// The types of wasi:filesystem as C++ types, and what they are to the system.
#pragma once

#include "base/result.hpp"
#include "sandbox/file_object.hpp"
#include "sandbox/wasi/p3/system_clock.hpp"
#include "sandbox/wasi/p3/variants.hpp"

namespace trellis::sandbox::preview3 {

using wasm::component::Field;
using wasm::component::Flags;
using wasm::component::Variant;

// In the order of the interface.
enum class FileErrorCode : std::uint8_t {
    access,
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
    other,
};
using FileError = OrOther<FileErrorCode>;

enum class FileKind : std::uint8_t {
    block_device,
    character_device,
    directory,
    fifo,
    symbolic_link,
    regular_file,
    socket,
    other
};
using DescriptorType = OrOther<FileKind>;

enum class Advice : std::uint8_t { normal, sequential, random, will_need, dont_need, no_reuse };

struct DescriptorFlagNames {
    static constexpr std::array<std::string_view, 6> names = {
        "read", "write", "file-integrity-sync", "data-integrity-sync", "requested-write-sync", "mutate-directory"};
};
using DescriptorFlags = Flags<DescriptorFlagNames>;

struct PathFlagNames {
    static constexpr std::array<std::string_view, 1> names = {"symlink-follow"};
};
using PathFlags = Flags<PathFlagNames>;

struct OpenFlagNames {
    static constexpr std::array<std::string_view, 4> names = {"create", "directory", "exclusive", "truncate"};
};
using OpenFlags = Flags<OpenFlagNames>;

struct NewTimestampNames {
    static constexpr std::array<std::string_view, 3> names = {"no-change", "now", "timestamp"};
};
using NewTimestamp = Variant<NewTimestampNames, std::monostate, std::monostate, SystemInstant>;

struct DescriptorStat {
    DescriptorType type;
    std::uint64_t link_count = 0;
    std::uint64_t size = 0;
    std::optional<SystemInstant> accessed, modified, changed;

    static constexpr std::tuple fields{Field{"type", &DescriptorStat::type},
                                       Field{"link-count", &DescriptorStat::link_count},
                                       Field{"size", &DescriptorStat::size},
                                       Field{"data-access-timestamp", &DescriptorStat::accessed},
                                       Field{"data-modification-timestamp", &DescriptorStat::modified},
                                       Field{"status-change-timestamp", &DescriptorStat::changed}};
};

struct NamedEntry {
    DescriptorType type;
    std::string name;

    static constexpr std::tuple fields{Field{"type", &NamedEntry::type}, Field{"name", &NamedEntry::name}};
};

struct MetadataHashValue {
    std::uint64_t lower = 0, upper = 0;

    static constexpr std::tuple fields{Field{"lower", &MetadataHashValue::lower},
                                       Field{"upper", &MetadataHashValue::upper}};
};

FileError file_error(SystemError error);
/// Of S_IFMT bits.
DescriptorType descriptor_type(mode_t mode);
DescriptorStat descriptor_stat(const struct stat& status);
DescriptorFlags descriptor_flags(const FileUses& uses);
FileUses file_uses(DescriptorFlags flags);
OpenWishes open_wishes(PathFlags path_flags, OpenFlags open_flags);
/// Errors: EINVAL (no time the system has).
Outcome<FileTimes> file_times(const NewTimestamp& accessed, const NewTimestamp& modified);
int system_advice(Advice advice);

} // namespace trellis::sandbox::preview3

namespace trellis::wasm::component {

template <>
inline constexpr std::array<std::string_view, 37> case_names<sandbox::preview3::FileErrorCode> = {
    "access",
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
    "other",
};

template <>
inline constexpr std::array<std::string_view, 8> case_names<sandbox::preview3::FileKind> = {
    "block-device", "character-device", "directory", "fifo", "symbolic-link", "regular-file", "socket", "other"};

template <>
inline constexpr std::array<std::string_view, 6> case_names<sandbox::preview3::Advice> = {
    "normal", "sequential", "random", "will-need", "dont-need", "no-reuse"};

} // namespace trellis::wasm::component
