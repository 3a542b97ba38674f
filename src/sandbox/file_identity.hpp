// Telling files apart without telling a guest their numbers: whether two are the same, and a hash that changes when a
// file does. Any thread.
#pragma once

#include "base/keyed_digest.hpp"

#include <cstdint>
#include <sys/stat.h>

namespace trellis::sandbox {

bool is_same_object(const struct stat& a, const struct stat& b);

struct MetadataHash {
    std::uint64_t lower, upper;
    bool operator==(const MetadataHash&) const = default;
};
/// Of which file it is, its size, and when it was changed. Without `secret`, which a guest never sees, none of these
/// follow from it.
MetadataHash metadata_hash(const Secret& secret, const struct stat& status);

} // namespace trellis::sandbox
