#include "base/keyed_digest.hpp"

#include "base/digest.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace trellis {
namespace {

Secret secret()
{
    Secret all;
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = static_cast<std::uint8_t>(i + 1);
    return all;
}

std::vector<std::uint8_t> content(std::size_t size)
{
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::uint8_t>(i * 7 + (i >> 8));
    return bytes;
}

struct Example {
    std::string_view purpose;
    std::size_t first, second;
    std::string_view digest;
};

// Made with OpenSSL 3.5's AES-256-GCM-SIV: the first part as additional data, the second as plain text.
constexpr std::array<Example, 5> examples = {{
    {"", 0, 0, "cfb90736e283a5db1e2807e56fd29bcf"},
    {"x", 5, 0, "5ceeace612877cac358a2f2ac0c9b36c"},
    {"abcdefghijkl", 16, 1, "0aa530df9533089b8001499c46007b7b"},
    {"test", 0, 4096, "0a848cc2151770a28a1243bf37711fe0"},
    {"test", 33, 1000003, "291b4db3989d973c5baa185905bf2be3"},
}};

TEST(base_keyed_digest, is_the_tag_of_aes_256_gcm_siv)
{
    for (const auto& [purpose, first, second, digest] : examples)
        EXPECT_EQ(hex(keyed_digest(secret(), purpose, content(first), content(second))), digest) << purpose << second;
}

TEST(base_keyed_digest, is_the_same_with_and_without_special_instructions)
{
    for (const auto* const operations : fast_digest_operations())
        for (const auto& [purpose, first, second, digest] : examples)
            EXPECT_EQ(hex(keyed_digest(*operations, secret(), purpose, content(first), content(second))), digest);
    for (const auto& [purpose, first, second, digest] : examples)
        if (second < 10'000)
            EXPECT_EQ(hex(keyed_digest(portable_digest_operations, secret(), purpose, content(first), content(second))),
                      digest);
}

TEST(base_keyed_digest, every_bit_and_the_border_between_the_parts_count)
{
    const auto bytes = content(300);
    const auto all = keyed_digest(secret(), "p", {}, bytes);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        auto changed = bytes;
        changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        EXPECT_FALSE(equal_digests(all, keyed_digest(secret(), "p", {}, changed))) << bit;
    }
    EXPECT_NE(all, keyed_digest(secret(), "p", Bytes(bytes).first(16), Bytes(bytes).subspan(16)));
    EXPECT_NE(all, keyed_digest(secret(), "q", {}, bytes));
    auto other = secret();
    other[31] ^= 1;
    EXPECT_NE(all, keyed_digest(other, "p", {}, bytes));
    EXPECT_TRUE(equal_digests(all, keyed_digest(secret(), "p", {}, bytes)));
}

} // namespace
} // namespace trellis
