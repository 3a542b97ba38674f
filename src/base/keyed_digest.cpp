#include "base/keyed_digest.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace trellis {
namespace {

static_assert(std::endian::native == std::endian::little);
__extension__ using u128 = unsigned __int128;
using Block = DigestOperations::Block;

/// Multiplication in the field of AES: FIPS 197, 4.2.
constexpr std::uint8_t times(std::uint8_t a, std::uint8_t b)
{
    std::uint8_t product = 0;
    for (; b != 0; b >>= 1) {
        if (b & 1)
            product ^= a;
        a = static_cast<std::uint8_t>(a << 1 ^ (a & 0x80 ? 0x1b : 0));
    }
    return product;
}

/// FIPS 197, 5.1.1: the inverse, then an affine map. 3 generates the field, so 3^i and 3^(255 - i) are inverses.
constexpr std::array<std::uint8_t, 256> substitutions = [] {
    std::array<std::uint8_t, 255> powers{};
    std::uint8_t power = 1;
    for (auto& one : powers) {
        one = power;
        power = times(power, 3);
    }
    std::array<std::uint8_t, 256> box{};
    box[0] = 0x63;
    for (std::size_t i = 0; i < 255; ++i) {
        const auto inverse = powers[(255 - i) % 255];
        box[powers[i]] = static_cast<std::uint8_t>(inverse ^ std::rotl(inverse, 1) ^ std::rotl(inverse, 2) ^
                                                   std::rotl(inverse, 3) ^ std::rotl(inverse, 4) ^ 0x63);
    }
    return box;
}();

using Word = std::array<std::uint8_t, 4>;

Word substituted(Word word)
{
    for (auto& byte : word)
        byte = substitutions[byte];
    return word;
}

/// FIPS 197, 5.2: fifteen keys of four words.
std::array<Word, 60> expanded(const Secret& key)
{
    std::array<Word, 60> words;
    std::memcpy(words.data(), key.data(), key.size());
    std::uint8_t round_constant = 1;
    for (std::size_t i = 8; i < words.size(); ++i) {
        auto word = words[i - 1];
        if (i % 8 == 0) {
            std::ranges::rotate(word, word.begin() + 1);
            word = substituted(word);
            word[0] ^= round_constant;
            round_constant = times(round_constant, 2);
        } else if (i % 8 == 4) {
            word = substituted(word);
        }
        for (std::size_t byte = 0; byte < 4; ++byte)
            words[i][byte] = words[i - 8][byte] ^ word[byte];
    }
    return words;
}

void add_key(Block& state, const std::array<Word, 60>& keys, std::size_t round)
{
    for (std::size_t i = 0; i < 16; ++i)
        state[i] ^= keys[4 * round + i / 4][i % 4];
}

/// SubBytes and ShiftRows.
Block shifted(const Block& state)
{
    Block moved;
    for (std::size_t i = 0; i < 16; ++i)
        moved[i] = substitutions[state[(i + 4 * (i % 4)) % 16]];
    return moved;
}

void mix_columns(Block& state)
{
    for (std::size_t column = 0; column < 16; column += 4) {
        Word old;
        std::memcpy(old.data(), state.data() + column, 4);
        for (std::size_t i = 0; i < 4; ++i)
            state[column + i] = static_cast<std::uint8_t>(times(old[i], 2) ^ times(old[(i + 1) % 4], 3) ^
                                                          old[(i + 2) % 4] ^ old[(i + 3) % 4]);
    }
}

Block encrypt(const Secret& key, const Block& block)
{
    const auto keys = expanded(key);
    auto state = block;
    add_key(state, keys, 0);
    for (std::size_t round = 1; round < 14; ++round) {
        state = shifted(state);
        mix_columns(state);
        add_key(state, keys, round);
    }
    state = shifted(state);
    add_key(state, keys, 14);
    return state;
}

/// a * b / x^128 modulo x^128 + x^127 + x^126 + x^121 + 1, one bit of a at a time.
u128 dot(u128 a, u128 b)
{
    constexpr u128 polynomial_shifted = u128(0b11100001) << 120;
    u128 product = 0;
    for (int i = 0; i < 128; ++i, a >>= 1) {
        if (a & 1)
            product ^= b;
        product = product >> 1 ^ (product & 1 ? polynomial_shifted : 0);
    }
    return product;
}

Block polyval(const Block& key, Block sum, Bytes blocks)
{
    const auto factor = std::bit_cast<u128>(key);
    for (; !blocks.empty(); blocks = blocks.subspan(16)) {
        Block block;
        std::memcpy(block.data(), blocks.data(), 16);
        sum = std::bit_cast<Block>(dot(std::bit_cast<u128>(sum) ^ std::bit_cast<u128>(block), factor));
    }
    return sum;
}

using Nonce = std::array<std::uint8_t, 12>;

/// RFC 8452, section 4: each half of a derived key is half of an encrypted counter.
void derive(const DigestOperations& with, const Secret& secret, const Nonce& nonce, std::uint8_t counter,
            std::span<std::uint8_t> key)
{
    for (std::size_t at = 0; at < key.size(); at += 8) {
        Block block{counter++};
        std::ranges::copy(nonce, block.begin() + 4);
        std::memcpy(key.data() + at, with.encrypt(secret, block).data(), 8);
    }
}

/// A part, filled up with zeros.
Block add_part(const DigestOperations& with, const Block& key, Block sum, Bytes part)
{
    const auto whole = part.size() / 16 * 16;
    sum = with.polyval(key, sum, part.first(whole));
    if (whole == part.size())
        return sum;
    Block rest{};
    std::ranges::copy(part.subspan(whole), rest.begin());
    return with.polyval(key, sum, rest);
}

} // namespace

const DigestOperations portable_digest_operations = {encrypt, polyval};

KeyedDigest keyed_digest(const DigestOperations& with, const Secret& secret, std::string_view purpose, Bytes first,
                         Bytes second)
{
    Nonce nonce{};
    TRELLIS_CHECK(purpose.size() <= nonce.size());
    std::ranges::copy(purpose, nonce.begin());
    Block authentication_key;
    Secret encryption_key;
    derive(with, secret, nonce, 0, authentication_key);
    derive(with, secret, nonce, 2, encryption_key);

    const std::array<std::uint64_t, 2> bits = {std::uint64_t(first.size()) * 8, std::uint64_t(second.size()) * 8};
    auto sum = add_part(with, authentication_key, {}, first);
    sum = add_part(with, authentication_key, sum, second);
    sum = with.polyval(authentication_key, sum, std::bit_cast<Block>(bits));
    for (std::size_t i = 0; i < nonce.size(); ++i)
        sum[i] ^= nonce[i];
    sum[15] &= 0x7f;
    return with.encrypt(encryption_key, sum);
}

KeyedDigest keyed_digest(const Secret& secret, std::string_view purpose, Bytes first, Bytes second)
{
    static const auto fast = fast_digest_operations();
    return keyed_digest(fast.empty() ? portable_digest_operations : *fast[0], secret, purpose, first, second);
}

bool equal_digests(const KeyedDigest& a, const KeyedDigest& b)
{
    std::uint8_t difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference = static_cast<std::uint8_t>(difference | (a[i] ^ b[i]));
    return difference == 0;
}

} // namespace trellis
