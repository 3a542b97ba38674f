// Strings between the encodings, and memory and realloc that are not what they should be.
#include "wasm/component/execution/test_side.hpp"

using namespace trellis;
using namespace trellis::wasm;
using namespace trellis::wasm::component;
using namespace std::string_literals;

namespace {

constexpr auto utf8 = StringEncoding::utf8, utf16 = StringEncoding::utf16, both = StringEncoding::latin1_utf16;
constexpr std::uint32_t tag = 0x8000'0000;
constexpr std::uint32_t source = 16;

class wasm_component_strings : public SideTest { // NOLINT: as tests are named
protected:
    /// What arrives, as bytes, or why nothing does. `units` with the tag for UTF-16 beside Latin-1.
    std::string passed(StringEncoding from, std::string_view bytes, std::uint32_t units, StringEncoding to)
    {
        TestSide giver(store, arena, from), taker(store, arena, to);
        giver.put(source, bytes);
        Range there;
        const Lifting lifting{store, giver.side()};
        const Lowering lowering{store, taker.side()};
        if (failed(transfer_string(lifting, lowering, {source, units}, there)))
            return core.host_error;
        length = there.length;
        sizes = taker.sizes;
        const bool is_wide = to == utf16 || (to == both && (there.length & tag) != 0);
        return taker.text(there.at, std::size_t(there.length & ~tag) * (is_wide ? 2 : 1));
    }

    std::uint32_t length = 0;
    std::vector<std::uint64_t> sizes;
};

const std::string latin1 = "caf\xe9", latin1_as_utf8 = "café", latin1_as_utf16 = "c\0a\0f\0\xe9\0"s;
const std::string euro_as_utf8 = "€a", euro_as_utf16 = "\xac\x20\x61\0"s;
const std::string smile_as_utf8 = "\xf0\x9f\x98\x80", smile_as_utf16 = "\x3d\xd8\x00\xde"s;

} // namespace

TEST_F(wasm_component_strings, each_encoding_becomes_each_other)
{
    EXPECT_EQ(passed(utf8, latin1_as_utf8, 5, utf8), latin1_as_utf8);
    EXPECT_EQ(passed(utf8, latin1_as_utf8, 5, utf16), latin1_as_utf16);
    EXPECT_EQ(passed(utf8, latin1_as_utf8, 5, both), latin1);
    EXPECT_EQ(passed(utf16, latin1_as_utf16, 4, utf8), latin1_as_utf8);
    EXPECT_EQ(passed(utf16, latin1_as_utf16, 4, both), latin1);
    EXPECT_EQ(passed(both, latin1, 4, utf8), latin1_as_utf8);
    EXPECT_EQ(passed(both, latin1, 4, utf16), latin1_as_utf16);
    EXPECT_EQ(passed(both, latin1, 4, both), latin1);
    EXPECT_EQ(passed(utf8, smile_as_utf8, 4, utf16), smile_as_utf16);
    EXPECT_EQ(passed(utf16, smile_as_utf16, 2, utf8), smile_as_utf8);
}

TEST_F(wasm_component_strings, what_is_beyond_latin1_is_tagged_as_utf16)
{
    EXPECT_EQ(passed(utf8, euro_as_utf8, 4, both), euro_as_utf16);
    EXPECT_EQ(length, 2 | tag);
    EXPECT_EQ(passed(utf16, euro_as_utf16, 2, both), euro_as_utf16);
    EXPECT_EQ(length, 2 | tag);
    EXPECT_EQ(passed(both, euro_as_utf16, 2 | tag, both), euro_as_utf16);
    EXPECT_EQ(length, 2 | tag);
    EXPECT_EQ(passed(both, euro_as_utf16, 2 | tag, utf8), euro_as_utf8);
    EXPECT_EQ(passed(both, latin1_as_utf16, 4 | tag, both), latin1) << "it is Latin-1 all the same";
    EXPECT_EQ(length, 4u);
}

TEST_F(wasm_component_strings, allocations_are_those_of_the_specification)
{
    (void)passed(utf16, euro_as_utf16, 2, utf8);
    EXPECT_EQ(sizes, (std::vector<std::uint64_t>{2, 6, 4})) << "as many bytes as units, then the worst case, then less";
    (void)passed(utf8, latin1_as_utf8, 5, utf16);
    EXPECT_EQ(sizes, (std::vector<std::uint64_t>{10, 8}));
    (void)passed(utf8, euro_as_utf8, 4, both);
    EXPECT_EQ(sizes, (std::vector<std::uint64_t>{4, 8, 4}));
    (void)passed(both, latin1_as_utf16, 4 | tag, both);
    EXPECT_EQ(sizes, (std::vector<std::uint64_t>{8, 4}));
}

TEST_F(wasm_component_strings, what_is_not_valid_traps)
{
    constexpr std::string_view bad_utf8 = "invalid utf-8: incomplete utf-8 byte sequence";
    for (const auto& bytes : {"\xff"s, "\xc3"s, "\xc0\x80"s, "\xed\xa0\x80"s, "\xf4\x90\x80\x80"s, "\xe2\x82"s})
        for (const auto to : {utf8, utf16, both})
            EXPECT_EQ(passed(utf8, bytes, static_cast<std::uint32_t>(bytes.size()), to), bad_utf8) << bytes;
    const auto high = "\x3d\xd8"s, low = "\x00\xde"s, a = "a\0"s;
    for (const auto& bytes : {high, low, high + a, a + low, low + high, high + high + low})
        for (const auto to : {utf8, utf16, both}) {
            const auto units = static_cast<std::uint32_t>(bytes.size() / 2);
            EXPECT_EQ(passed(utf16, bytes, units, to), "unpaired surrogate found");
            EXPECT_EQ(passed(both, bytes, units | tag, to), "unpaired surrogate found");
        }
}

TEST_F(wasm_component_strings, pointers_and_lengths_are_checked)
{
    TestSide wide(store, arena, utf16), mixed(store, arena, both), narrow(store, arena);
    const auto message = [&](TestSide& from, Range range) {
        std::string text;
        return failed(lift_string({store, from.side()}, range, text)) ? core.host_error : "it is right";
    };
    constexpr std::string_view outside = "string content out-of-bounds: string pointer/length out of bounds of memory";
    EXPECT_EQ(message(narrow, {65'536, 0}), "it is right");
    EXPECT_EQ(message(narrow, {65'535, 1}), "it is right");
    EXPECT_EQ(message(narrow, {65'535, 2}), outside);
    EXPECT_EQ(message(narrow, {65'537, 0}), outside);
    EXPECT_EQ(message(narrow, {0xffff'ffff, 1}), outside);
    EXPECT_EQ(message(narrow, {0, 0x1000'0000}), "string content out-of-bounds: 268435456 bytes are too long");
    EXPECT_EQ(message(wide, {1, 0}), "string pointer not aligned to 2: unaligned pointer");
    EXPECT_EQ(message(wide, {65'534, 2}), outside);
    EXPECT_EQ(message(wide, {0, 0x8000'0001}), "string content out-of-bounds: 4294967298 bytes are too long");
    EXPECT_EQ(message(mixed, {1, 4}), "string pointer not aligned to 2: unaligned pointer");
    EXPECT_EQ(message(mixed, {65'534, 2 | tag}), outside);
    EXPECT_EQ(message(mixed, {65'534, 2}), "it is right");
}

TEST_F(wasm_component_strings, what_realloc_gives_is_checked)
{
    TestSide taker(store, arena, utf16);
    const Lowering to{store, taker.side()};
    const auto message = [&](std::uint32_t at) {
        taker.realloc = [at](Slot* frame) {
            frame[0].u64 = at;
            return Trap::none;
        };
        Range there;
        return failed(lower_string(to, "four", there)) ? core.host_error : "it is right";
    };
    constexpr std::string_view beyond =
        "realloc return: beyond end of memory: string content out-of-bounds, or list content out-of-bounds";
    EXPECT_EQ(message(65'528), "it is right");
    EXPECT_EQ(message(65'530), beyond);
    EXPECT_EQ(message(0xffff'fffe), beyond);
    EXPECT_EQ(message(65'527), "realloc return: result not aligned: unaligned pointer");
}

TEST_F(wasm_component_strings, nobody_may_be_called_from_a_realloc)
{
    TestSide taker(store, arena);
    bool may_leave = true;
    taker.realloc = [&](Slot* frame) {
        may_leave = taker.instance().may_leave;
        frame[0].u64 = 64;
        return Trap::none;
    };
    Range there;
    EXPECT_FALSE(failed(lower_string({store, taker.side()}, "text", there)));
    EXPECT_FALSE(may_leave);
    EXPECT_TRUE(taker.instance().may_leave);
    EXPECT_EQ(taker.text(64, 4), "text");
    taker.realloc = [](Slot*) { return Trap::unreachable; };
    EXPECT_EQ(lower_string({store, taker.side()}, "text", there), Trap::unreachable);
    EXPECT_FALSE(taker.instance().may_leave) << "what trapped stays as it is";
}
