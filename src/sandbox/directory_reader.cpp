#include "sandbox/directory_reader.hpp"

#include "base/result.hpp"

#include <dirent.h>
#include <fcntl.h>

namespace trellis::sandbox {

namespace {

constexpr std::size_t read_at_once = 256;

} // namespace

Outcome<DirectoryReader> DirectoryReader::open(const Directory& directory)
{
    return DirectoryReader(TRELLIS_TRY(directory.reopen()));
}

unsigned char DirectoryReader::type_of(const DirectoryEntry& entry) const
{
    struct stat status;
    if (entry.type != DT_UNKNOWN) // not every file system knows
        return entry.type;
    const std::string name(entry.name);
    const bool found = ::fstatat(directory_.fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    return found ? static_cast<unsigned char>(IFTODT(status.st_mode)) : DT_UNKNOWN;
}

Outcome<std::optional<DirectoryReader::Entry>> DirectoryReader::next()
{
    if (read_.empty())
        TRELLIS_TRY(directory_.list(position_, [this](const DirectoryEntry& entry) {
            position_ = entry.position;
            if (entry.name != "." && entry.name != "..")
                read_.push_back({.name = std::string(entry.name), .type = type_of(entry)});
            return read_.size() < read_at_once;
        }));
    if (read_.empty())
        return std::nullopt;
    auto entry = std::optional(std::move(read_.front()));
    read_.pop_front();
    return entry;
}

} // namespace trellis::sandbox
