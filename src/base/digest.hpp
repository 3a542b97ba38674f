// SHA-256 of bytes in memory: names of things by their content. Own code of a page, because it is needed where no
// cryptography is (log folders) and the program must start without loading OpenSSL.
// https://doi.org/10.6028/NIST.FIPS.180-4
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <string>
#include <string_view>

namespace trellis {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(Bytes bytes);
Sha256 sha256(std::string_view text);
/// Lower case.
std::string hex(Bytes bytes);

} // namespace trellis
