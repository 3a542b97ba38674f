#include "wasm/text/lexer.hpp"

#include <gtest/gtest.h>

namespace trellis::wasm {

namespace {

/// The kinds of a text's tokens, one letter each.
std::string kinds(std::string_view text)
{
    static constexpr std::string_view letters = "()nifsikr.!";
    std::string result;
    for (const auto& token : tokenize(text).tokens)
        result += token.kind == TokenKind::identifier ? '$' : letters[static_cast<std::size_t>(token.kind)];
    return result.substr(0, result.find_first_of(".!") + 1);
}

std::string error_of(std::string_view text)
{
    const auto list = tokenize(text);
    return list.error ? list.error->message : "";
}

} // namespace

TEST(text_lexer, words_are_told_apart)
{
    EXPECT_EQ(kinds("(func $f \"s\" 12 -3 1.5 inf nan:0x1 i32.add 0x)"), "(k$snifffkr).");
    EXPECT_EQ(kinds("1_000 1__0 _1 0x1p 0x1p3 1e5 1e +inf"), "nrrrffrf.");
    EXPECT_EQ(kinds("a\"b\" \"a\"b $\"quoted id\" $a\"b\""), "rr$r.");
    EXPECT_EQ(kinds(", ; [ ] { }"), "rrrrrr.");
}

TEST(text_lexer, comments_nest_and_end_at_either_line_ending)
{
    EXPECT_EQ(kinds("(; a (; b ;) c ;) x1 ;; y\rz1 ;; w\nv1"), "kkk.");
    EXPECT_TRUE(error_of("(; (; ;)").starts_with("unclosed comment"));
    EXPECT_TRUE(error_of(";; \xff").starts_with("malformed UTF-8 encoding"));
}

TEST(text_lexer, annotations_are_dropped_or_kept_with_their_place)
{
    EXPECT_EQ(kinds("(a1 (@b (c) \")\" (@d)) e1)"), "(kk).");
    const auto list = tokenize("(func (@name \"x\" (y)) $f)");
    ASSERT_EQ(list.annotations.size(), 1u);
    EXPECT_EQ(list.annotations[0].position, 2u);
    EXPECT_EQ(list.annotations[0].item_count, 4u);
    EXPECT_TRUE(error_of("(@x (").starts_with("unclosed annotation"));
    EXPECT_TRUE(error_of("(@ x)").starts_with("empty annotation id"));
    EXPECT_TRUE(error_of("(@x \x01)").starts_with("illegal character"));
}

TEST(text_lexer, escapes_give_their_bytes)
{
    EXPECT_EQ(unescape(R"("a\n\t\\\'\"\ff\u{3bb}\u{10_ffff}")"), "a\n\t\\'\"\xff\xce\xbb\xf4\x8f\xbf\xbf");
    EXPECT_TRUE(error_of(R"("\u{110000}")").starts_with("illegal escape"));
    EXPECT_TRUE(error_of(R"("\u{d800}")").starts_with("illegal escape"));
    EXPECT_TRUE(error_of(R"("\g")").starts_with("illegal escape"));
    EXPECT_TRUE(error_of("\"\xc0\x80\"").starts_with("malformed UTF-8 encoding"));
    EXPECT_TRUE(error_of("\"abc").starts_with("unclosed string literal"));
}

TEST(text_lexer, errors_tell_line_and_column)
{
    const auto list = tokenize("(func\n  \x01)");
    ASSERT_TRUE(list.error.has_value());
    EXPECT_EQ(list.error->message, "misplaced control character at 2:3");
    EXPECT_EQ(list.error->offset, 8u);
}

} // namespace trellis::wasm
