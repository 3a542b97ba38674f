// The operations of keyed_digest.hpp with the instructions that processors have for AES and for multiplication without
// carry: in all of x86-64 for servers since 2010, but not in what the program is compiled for.
#include "base/keyed_digest.hpp"

#include <immintrin.h>

namespace trellis {
namespace {

#pragma clang attribute push(__attribute__((target("aes,pclmul"))), apply_to = function)

using Block = DigestOperations::Block;

__m128i load(const void* from)
{
    return _mm_loadu_si128(static_cast<const __m128i*>(from));
}

Block stored(__m128i value)
{
    Block block;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(block.data()), value);
    return block;
}

/// What the four words of a round key are changed by: each by all before it.
__m128i sums(__m128i key)
{
    key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    return _mm_xor_si128(key, _mm_slli_si128(key, 8));
}

struct RoundKeys {
    std::array<__m128i, 15> keys;

    template <int round_constant>
    void expand(std::size_t at)
    {
        const auto rotated = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(keys[at - 1], round_constant), 0xff);
        keys[at] = _mm_xor_si128(sums(keys[at - 2]), rotated);
        if (at + 1 == keys.size())
            return;
        const auto substituted = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(keys[at], 0), 0xaa);
        keys[at + 1] = _mm_xor_si128(sums(keys[at - 1]), substituted);
    }
};

Block encrypt(const Secret& key, const Block& block)
{
    RoundKeys round;
    round.keys[0] = load(key.data());
    round.keys[1] = load(key.data() + 16);
    round.expand<0x01>(2);
    round.expand<0x02>(4);
    round.expand<0x04>(6);
    round.expand<0x08>(8);
    round.expand<0x10>(10);
    round.expand<0x20>(12);
    round.expand<0x40>(14);
    auto state = _mm_xor_si128(load(block.data()), round.keys[0]);
    for (std::size_t i = 1; i < 14; ++i)
        state = _mm_aesenc_si128(state, round.keys[i]);
    return stored(_mm_aesenclast_si128(state, round.keys[14]));
}

/// Products of polynomials, 256 bits: low, middle (at 64) and high.
struct Product {
    __m128i low = _mm_setzero_si128(), middle = low, high = low;

    void add(__m128i a, __m128i b)
    {
        low = _mm_xor_si128(low, _mm_clmulepi64_si128(a, b, 0x00));
        high = _mm_xor_si128(high, _mm_clmulepi64_si128(a, b, 0x11));
        middle =
            _mm_xor_si128(middle, _mm_xor_si128(_mm_clmulepi64_si128(a, b, 0x01), _mm_clmulepi64_si128(a, b, 0x10)));
    }

    /// Divided by x^128 modulo the polynomial, half of the low half at a time.
    [[nodiscard]] __m128i reduced() const
    {
        const auto polynomial = _mm_set_epi64x(static_cast<long long>(0xc200000000000000), 1);
        auto below = _mm_xor_si128(low, _mm_slli_si128(middle, 8));
        for (int half = 0; half < 2; ++half)
            below = _mm_xor_si128(_mm_shuffle_epi32(below, 0x4e), _mm_clmulepi64_si128(below, polynomial, 0x10));
        return _mm_xor_si128(below, _mm_xor_si128(high, _mm_srli_si128(middle, 8)));
    }
};

__m128i dot(__m128i a, __m128i b)
{
    Product product;
    product.add(a, b);
    return product.reduced();
}

/// What is left over when whole strides are done, one block at a time.
__m128i add_blocks(__m128i sum, __m128i key, Bytes blocks)
{
    for (; !blocks.empty(); blocks = blocks.subspan(16))
        sum = dot(_mm_xor_si128(sum, load(blocks.data())), key);
    return sum;
}

/// The highest first, the key itself last.
template <std::size_t count>
std::array<__m128i, count> powers_of(__m128i key)
{
    std::array<__m128i, count> powers;
    powers[count - 1] = key;
    for (std::size_t i = count - 1; i > 0; --i)
        powers[i - 1] = dot(powers[i], key);
    return powers;
}

/// Blocks are multiplied eight at a time, by eight powers of the key, and reduced once.
Block polyval(const Block& key, Block from, Bytes blocks)
{
    constexpr std::size_t stride = 8;
    const auto powers = powers_of<stride>(load(key.data()));
    auto sum = load(from.data());
    for (; blocks.size() >= 16 * stride; blocks = blocks.subspan(16 * stride)) {
        Product product;
        product.add(_mm_xor_si128(sum, load(blocks.data())), powers[0]);
        for (std::size_t i = 1; i < stride; ++i)
            product.add(load(blocks.data() + 16 * i), powers[i]);
        sum = product.reduced();
    }
    return stored(add_blocks(sum, powers[stride - 1], blocks));
}

#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("aes,pclmul,avx2,vpclmulqdq"))), apply_to = function)

__m256i load_two(const void* from)
{
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

__m128i folded(__m256i value)
{
    return _mm_xor_si128(_mm256_castsi256_si128(value), _mm256_extracti128_si256(value, 1));
}

/// The same with two blocks in each register.
Block wide_polyval(const Block& key, Block from, Bytes blocks)
{
    constexpr std::size_t stride = 16;
    const auto powers = powers_of<stride>(load(key.data()));
    auto sum = load(from.data());
    for (; blocks.size() >= 16 * stride; blocks = blocks.subspan(16 * stride)) {
        auto low = _mm256_setzero_si256(), middle = low, high = low;
        auto first = _mm256_zextsi128_si256(sum);
        for (std::size_t i = 0; i < stride; i += 2) {
            const auto a = _mm256_xor_si256(first, load_two(blocks.data() + 16 * i)), b = load_two(&powers[i]);
            low = _mm256_xor_si256(low, _mm256_clmulepi64_epi128(a, b, 0x00));
            high = _mm256_xor_si256(high, _mm256_clmulepi64_epi128(a, b, 0x11));
            middle = _mm256_xor_si256(middle, _mm256_clmulepi64_epi128(a, b, 0x01));
            middle = _mm256_xor_si256(middle, _mm256_clmulepi64_epi128(a, b, 0x10));
            first = _mm256_setzero_si256();
        }
        sum = Product{folded(low), folded(middle), folded(high)}.reduced();
    }
    return stored(add_blocks(sum, powers[stride - 1], blocks));
}

#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("aes,pclmul,avx2,avx512f,vpclmulqdq"))), apply_to = function)

__m512i load_four(const void* from)
{
    return _mm512_loadu_si512(from);
}

__m128i folded(__m512i value)
{
    return folded(_mm256_xor_si256(_mm512_castsi512_si256(value), _mm512_extracti64x4_epi64(value, 1)));
}

/// And with four: 31 GB/s where two at a time are 16.
Block widest_polyval(const Block& key, Block from, Bytes blocks)
{
    constexpr std::size_t stride = 32;
    constexpr int exclusive_or = 0x96; // of three
    const auto powers = powers_of<stride>(load(key.data()));
    auto sum = load(from.data());
    for (; blocks.size() >= 16 * stride; blocks = blocks.subspan(16 * stride)) {
        auto low = _mm512_setzero_si512(), middle = low, high = low;
        auto first = _mm512_zextsi128_si512(sum);
        for (std::size_t i = 0; i < stride; i += 4) {
            const auto a = _mm512_xor_si512(first, load_four(blocks.data() + 16 * i)), b = load_four(&powers[i]);
            low = _mm512_xor_si512(low, _mm512_clmulepi64_epi128(a, b, 0x00));
            high = _mm512_xor_si512(high, _mm512_clmulepi64_epi128(a, b, 0x11));
            middle = _mm512_ternarylogic_epi64(middle, _mm512_clmulepi64_epi128(a, b, 0x01),
                                               _mm512_clmulepi64_epi128(a, b, 0x10), exclusive_or);
            first = _mm512_setzero_si512();
        }
        sum = Product{folded(low), folded(middle), folded(high)}.reduced();
    }
    return stored(add_blocks(sum, powers[stride - 1], blocks));
}

#pragma clang attribute pop

constexpr DigestOperations operations = {encrypt, polyval};
constexpr DigestOperations wide_operations = {encrypt, wide_polyval};
constexpr DigestOperations widest_operations = {encrypt, widest_polyval};

bool has_instructions()
{
    return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
}

bool has_wide_instructions()
{
    return has_instructions() && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("vpclmulqdq");
}

bool has_widest_instructions()
{
    return has_wide_instructions() && __builtin_cpu_supports("avx512f");
}

} // namespace

std::vector<const DigestOperations*> fast_digest_operations()
{
    std::vector<const DigestOperations*> all;
    if (has_widest_instructions())
        all.push_back(&widest_operations);
    if (has_wide_instructions())
        all.push_back(&wide_operations);
    if (has_instructions())
        all.push_back(&operations);
    return all;
}

} // namespace trellis
