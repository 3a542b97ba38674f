// Reads a directory from its beginning, entry by entry, without those for itself and its parent. Readers of the same
// directory do not disturb each other. One thread at a time.
#pragma once

#include "sandbox/files.hpp"

#include <deque>
#include <optional>
#include <string>

namespace trellis::sandbox {

class DirectoryReader {
public:
    static Outcome<DirectoryReader> open(const Directory& directory);

    struct Entry {
        std::string name;   ///< bytes of the host's choice, perhaps no UTF-8
        unsigned char type; ///< DT_REG, ...; DT_UNKNOWN only for what has gone meanwhile
    };
    /// Absent: there are no more.
    Outcome<std::optional<Entry>> next();

private:
    explicit DirectoryReader(Directory directory) : directory_(std::move(directory)) {}
    [[nodiscard]] unsigned char type_of(const DirectoryEntry& entry) const;

    Directory directory_;
    std::deque<Entry> read_; ///< and not given yet
    std::uint64_t position_ = 0;
};

} // namespace trellis::sandbox
