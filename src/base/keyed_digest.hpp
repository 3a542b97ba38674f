// A digest of bytes that only the holder of a secret can make: the tag of AES-256-GCM-SIV, of which nothing else is
// used. Whoever lacks the secret can neither make nor find two contents of the same digest, and the same content may
// have its digest taken any number of times. Chosen for speed: a carry-less multiplication for every 16 bytes, so that
// megabytes of code are verified in a fraction of a millisecond. Values; any thread.
// https://www.rfc-editor.org/rfc/rfc8452
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <string_view>
#include <vector>

namespace trellis {

using Secret = std::array<std::uint8_t, 32>;
using KeyedDigest = std::array<std::uint8_t, 16>;

/// Of two parts in this order; where one ends and the next begins counts. `purpose`: up to 12 letters; digests of
/// different purposes tell nothing about each other.
KeyedDigest keyed_digest(const Secret& secret, std::string_view purpose, Bytes first, Bytes second);

/// Takes the same time whatever differs.
bool equal_digests(const KeyedDigest& a, const KeyedDigest& b);

/// The two operations it is made of.
struct DigestOperations {
    using Block = std::array<std::uint8_t, 16>;
    /// AES-256 of one block.
    Block (*encrypt)(const Secret& key, const Block& block);
    /// POLYVAL of whole blocks, going on from `sum`; RFC 8452, section 3.
    Block (*polyval)(const Block& key, Block sum, Bytes blocks);
};

/// In plain C++: some hundred times slower, for processors without instructions for it, and to test those against.
extern const DigestOperations portable_digest_operations;
/// With this processor's instructions, the fastest first; perhaps it has none.
std::vector<const DigestOperations*> fast_digest_operations();

KeyedDigest keyed_digest(const DigestOperations& with, const Secret& secret, std::string_view purpose, Bytes first,
                         Bytes second);

} // namespace trellis
