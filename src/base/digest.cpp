#include "base/digest.hpp"

#include <bit>
#include <cstring>

namespace trellis {

namespace {

using Block = std::array<std::uint8_t, 64>;
using State = std::array<std::uint32_t, 8>;

// FIPS 180-4, 4.2.2: the fractions of the cube roots of the first 64 primes.
constexpr std::array<std::uint32_t, 64> round_constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, //
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, //
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, //
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, //
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, //
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, //
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, //
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

std::uint32_t big_endian(const std::uint8_t* at)
{
    return std::uint32_t(at[0]) << 24 | std::uint32_t(at[1]) << 16 | std::uint32_t(at[2]) << 8 | at[3];
}

template <std::size_t count>
void put_big_endian(std::uint8_t* at, std::uint64_t value)
{
    for (std::size_t i = 0; i < count; ++i)
        at[i] = static_cast<std::uint8_t>(value >> (8 * (count - 1 - i)));
}

std::array<std::uint32_t, 64> schedule(const Block& block)
{
    std::array<std::uint32_t, 64> w;
    for (std::size_t t = 0; t < 16; ++t)
        w[t] = big_endian(block.data() + 4 * t);
    for (std::size_t t = 16; t < 64; ++t) {
        const auto a = w[t - 15], b = w[t - 2];
        w[t] = w[t - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3) + w[t - 7] +
               (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10);
    }
    return w;
}

void compress(State& state, const Block& block)
{
    const auto w = schedule(block);
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t t = 0; t < 64; ++t) {
        const auto t1 = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) +
                        round_constants[t] + w[t];
        const auto t2 = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    const State sum = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i)
        state[i] += sum[i];
}

} // namespace

Sha256 sha256(Bytes bytes)
{
    State state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    Block block;
    const std::uint64_t bits = std::uint64_t(bytes.size()) * 8;
    for (; bytes.size() >= block.size(); bytes = bytes.subspan(block.size())) {
        std::ranges::copy(bytes.first(block.size()), block.begin());
        compress(state, block);
    }
    // 5.1.1: a one bit, zeros, and the length in the last eight bytes of a block.
    block.fill(0);
    std::ranges::copy(bytes, block.begin());
    block[bytes.size()] = 0x80;
    if (bytes.size() >= 56) {
        compress(state, block);
        block.fill(0);
    }
    put_big_endian<8>(block.data() + 56, bits);
    compress(state, block);

    Sha256 digest;
    for (std::size_t i = 0; i < 8; ++i)
        put_big_endian<4>(digest.data() + 4 * i, state[i]);
    return digest;
}

Sha256 sha256(std::string_view text)
{
    return sha256(Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

std::string hex(Bytes bytes)
{
    std::string text;
    for (const auto byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

} // namespace trellis
