#include "sandbox/file_identity.hpp"

#include <cstring>

namespace trellis::sandbox {

bool is_same_object(const struct stat& a, const struct stat& b)
{
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

MetadataHash metadata_hash(const Secret& secret, const struct stat& status)
{
    const std::array facts = {
        static_cast<std::uint64_t>(status.st_dev),         static_cast<std::uint64_t>(status.st_ino),
        static_cast<std::uint64_t>(status.st_mode),        static_cast<std::uint64_t>(status.st_size),
        static_cast<std::uint64_t>(status.st_mtim.tv_sec), static_cast<std::uint64_t>(status.st_mtim.tv_nsec),
        static_cast<std::uint64_t>(status.st_ctim.tv_sec), static_cast<std::uint64_t>(status.st_ctim.tv_nsec),
    };
    std::array<std::uint8_t, sizeof facts> bytes;
    std::memcpy(bytes.data(), facts.data(), sizeof facts);
    const auto digest = keyed_digest(secret, "metadata", bytes, {});
    MetadataHash hash;
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
}

} // namespace trellis::sandbox
