#include "wasm/binary/decoder.hpp"
#include "wasm/text/name_section.hpp"
#include "wasm/text/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace trellis::wasm {

namespace {

Module parse(std::string_view text, const TextOptions& options = {})
{
    const auto binary = parse_text(text, options);
    EXPECT_TRUE(binary.has_value()) << text << "\n" << binary.error().describe();
    auto module = decode_module(*binary, Features::all());
    EXPECT_TRUE(module.has_value()) << text << "\n" << module.error().describe();
    return std::move(*module);
}

std::vector<std::uint8_t> body(const Module& module, std::size_t function = 0)
{
    const auto bytes = module.bytes(module.functions[function].body);
    return {bytes.begin(), bytes.end()};
}

std::vector<std::uint8_t> body_of(std::string_view instructions)
{
    return body(parse(std::string("(func ") + std::string(instructions) + ")"));
}

std::string error_of(std::string_view text, const TextOptions& options = {})
{
    const auto result = parse_text(text, options);
    return result.has_value() ? "" : result.error().message;
}

std::string custom_names(const Module& module)
{
    std::string names;
    for (const auto& section : module.custom_sections)
        names += std::string(section.name) + " ";
    return names;
}

using ByteList = std::vector<std::uint8_t>;

} // namespace

TEST(text_parser, folded_and_flat_instructions_give_the_same_code)
{
    const ByteList expected = {0, 0x41, 1, 0x41, 2, 0x6a, 0x1a, 0x0b};
    EXPECT_EQ(body_of("i32.const 1 i32.const 2 i32.add drop"), expected);
    EXPECT_EQ(body_of("(drop (i32.add (i32.const 1) (i32.const 2)))"), expected);
    EXPECT_EQ(body_of("i32.const 1 (drop (i32.add (i32.const 2)))"), expected);
}

TEST(text_parser, folded_if_writes_its_condition_first)
{
    const ByteList expected = {0, 0x41, 1, 0x04, 0x7f, 0x41, 2, 0x05, 0x41, 3, 0x0b, 0x1a, 0x0b};
    EXPECT_EQ(body_of("(drop (if (result i32) (i32.const 1) (then (i32.const 2)) (else (i32.const 3))))"), expected);
    EXPECT_EQ(body_of("i32.const 1 if $l (result i32) i32.const 2 else $l i32.const 3 end $l drop"), expected);
    // The label is not visible in the condition.
    EXPECT_TRUE(error_of("(func (if $l (br_if $l (i32.const 0)) (then)))").starts_with("unknown label"));
}

TEST(text_parser, inner_labels_hide_outer_ones_until_they_end)
{
    const ByteList expected = {0, 0x02, 0x40, 0x02, 0x40, 0x0c, 0, 0x0b, 0x0c, 0, 0x0b, 0x0b};
    EXPECT_EQ(body_of("(block $l (block $l (br $l)) (br $l))"), expected);
}

TEST(text_parser, type_uses_find_or_append_types_in_order)
{
    const auto module = parse("(type $s (struct)) (func (param i32)) (func $g (result i64) (i64.const 0))"
                              "(func (param i32)) (rec (type (func (param f32))) (type (func)))"
                              "(func (param f32)) (func)");
    ASSERT_EQ(module.types.size(), 7u); // three written; (i32), () -> i64, (f32) outside the group, ()
    const auto type_of = [&](std::size_t i) { return number(module.functions[i].type); };
    EXPECT_EQ(type_of(0), 3u);
    EXPECT_EQ(type_of(1), 4u);
    EXPECT_EQ(type_of(2), 3u);
    EXPECT_EQ(type_of(3), 5u);
    EXPECT_EQ(type_of(4), 6u);
}

TEST(text_parser, parameters_of_a_type_shift_locals)
{
    EXPECT_EQ(
        body(parse("(type $t (func (param i32 i32))) (func (type $t) (local $x i64) (local.set $x (local.get $x)))")),
        (ByteList{1, 1, 0x7e, 0x20, 2, 0x21, 2, 0x0b}));
    EXPECT_TRUE(error_of("(func (type 3) (local $x i32))").starts_with("unknown type"));
}

TEST(text_parser, inline_abbreviations_become_imports_exports_and_segments)
{
    const auto module = parse("(func $f (export \"a\") (export \"b\") (import \"m\" \"f\"))"
                              "(memory (export \"m\") i64 (data \"ab\" \"c\")) (table $t funcref (elem $f $f))"
                              "(table (ref null $t) (elem (ref.null $t))) (type $t (func))");
    ASSERT_EQ(module.imports.size(), 1u);
    EXPECT_EQ(module.exports.size(), 3u);
    EXPECT_EQ(module.memory_types[0].limits, (Limits{.min = 1, .max = 1, .is_64 = true}));
    EXPECT_EQ(module.table_types[0].limits.min, 2u);
    EXPECT_EQ(module.elements[0].functions.size(), 2u);
    EXPECT_EQ(module.elements[1].expressions.size(), 1u);
    EXPECT_EQ(module.data[0].bytes.size, 3u);
}

TEST(text_parser, memory_types_have_all_their_attributes)
{
    const auto module = parse("(memory i64 1 2 shared) (memory 0 (pagesize 1)) (memory (pagesize 1) (data \"abc\"))");
    EXPECT_TRUE(module.memory_types[0].shared);
    EXPECT_TRUE(module.memory_types[0].limits.is_64);
    EXPECT_EQ(module.memory_types[1].page_size_log2, 0u);
    EXPECT_EQ(module.memory_types[2].limits.min, 3u);
    EXPECT_TRUE(error_of("(memory 0 (pagesize 3))").starts_with("invalid custom page size"));
}

TEST(text_parser, several_memories_are_named_in_front)
{
    EXPECT_EQ(
        body(parse("(memory 0) (memory $m 0) (data $d \"\")"
                   "(func (i32.load8_u $m offset=3 (i32.const 0)) drop (memory.init $m $d (i32.const 0) (i32.const 0)"
                   " (i32.const 0)) (v128.load8_lane 1 2 (i32.const 0) (v128.const i64x2 0 0)) drop)")),
        (ByteList{0, 0x41, 0,    0x2d, 0x40, 1,    3,    0x1a, 0x41, 0, 0x41, 0, 0x41, 0,   0xfc, 8,
                  0, 1,    0x41, 0,    0xfd, 0x0c, 0,    0,    0,    0, 0,    0, 0,    0,   0,    0,
                  0, 0,    0,    0,    0,    0,    0xfd, 0x54, 0x40, 1, 0,    2, 0x1a, 0x0b}));
}

TEST(text_parser, data_count_is_written_only_where_code_needs_it)
{
    EXPECT_FALSE(parse("(memory 1) (data (i32.const 0) \"\")").data_count.has_value());
    EXPECT_EQ(parse("(data $d \"\") (func (data.drop $d))").data_count, 1u);
}

TEST(text_parser, identifiers_become_a_name_section)
{
    const auto module = parse("(module $m (type $t (struct (field $x i32) (field i64) (field $y i32)))"
                              "(func $f (param $p i32) (local $l i32) (block (loop $b))) (global $g i32 (i32.const 0))"
                              "(func (@name \"f\")) (tag $e))");
    ASSERT_EQ(module.custom_sections.size(), 1u);
    const auto section = read_name_section(module.bytes(module.custom_sections[0].contents));
    EXPECT_TRUE(section.exact);
    const auto& names = section.names;
    EXPECT_EQ(names.module, "m");
    EXPECT_EQ(names.of(NameSpace::function), (NameMap{{0, "f"}, {1, "f"}}));
    EXPECT_EQ(names.of(NameSpace::tag), (NameMap{{0, "e"}}));
    EXPECT_EQ(names.of(InnerNameSpace::local), (InnerNameMap{{0, {{0, "p"}, {1, "l"}}}}));
    EXPECT_EQ(names.of(InnerNameSpace::label), (InnerNameMap{{0, {{1, "b"}}}}));
    EXPECT_EQ(names.of(InnerNameSpace::field), (InnerNameMap{{0, {{0, "x"}, {2, "y"}}}}));
}

TEST(text_parser, custom_sections_stand_where_they_ask_to)
{
    const auto module =
        parse("(module $m (@custom \"last\" \"x\") (@custom \"c\" (before code)) (@custom \"d\" (after data))"
              "(@custom \"a\" (before first)) (func) (@custom \"b\" (after func) \"1\" \"\\02\"))");
    EXPECT_EQ(custom_names(module), "a b c d name last ");
    EXPECT_EQ(module.custom_sections[1].after_section, 3);
    EXPECT_EQ(module.custom_sections[1].contents.size, 2u);
    // A name section of one's own replaces the one from identifiers.
    EXPECT_EQ(custom_names(parse("(func $f) (@custom \"name\" (after func))")), "name ");
}

TEST(text_parser, branch_hints_count_from_the_start_of_the_body)
{
    const auto module = parse("(func (local i32) (@metadata.code.branch_hint \"\\01\") (if (local.get 0) (then)))");
    ASSERT_EQ(custom_names(module), "metadata.code.branch_hint ");
    const auto bytes = module.bytes(module.custom_sections[0].contents);
    EXPECT_TRUE(std::ranges::equal(bytes, ByteList{1, 0, 1, 5, 1, 1}));
}

TEST(text_parser, annotations_are_checked_only_when_asked)
{
    const auto checked = TextOptions{.check_annotations = true};
    for (const std::string_view text : {"(@custom)", "(@custom \"a\" (befor code))", "(func (@custom \"a\"))",
                                        "(func) (@name \"m\")", "(@metadata.code.branch_hint \"\\01\") (func)",
                                        "(func (@metadata.code.branch_hint \"\\02\") nop)", "(func (@name 3))"}) {
        EXPECT_EQ(error_of(text), "") << text;
        EXPECT_NE(error_of(text, checked), "") << text;
    }
}

TEST(text_parser, legacy_exceptions_need_their_feature)
{
    const std::string_view flat = "(tag $e) (func try $l nop catch $e rethrow $l catch_all end)";
    const std::string_view folded = "(tag $e) (func (try $l (do nop) (catch $e (rethrow $l)) (catch_all)))";
    const std::string_view delegate = "(func $f (block $b (try (do) (delegate $b))) try delegate 0)";
    const auto legacy = TextOptions{.features = Features::all()};
    EXPECT_EQ(body(parse(flat, legacy)), (ByteList{0, 6, 0x40, 1, 7, 0, 9, 0, 0x19, 0x0b, 0x0b}));
    EXPECT_EQ(body(parse(flat, legacy)), body(parse(folded, legacy)));
    EXPECT_EQ(body(parse(delegate, legacy)), (ByteList{0, 2, 0x40, 6, 0x40, 0x18, 0, 0x0b, 6, 0x40, 0x18, 0, 0x0b}));
    EXPECT_NE(error_of(flat), "");
    EXPECT_NE(error_of(folded), "");
}

TEST(text_parser, hostile_nesting_is_no_danger)
{
    const auto repeat = [](std::string_view part, int count) {
        std::string text;
        for (int i = 0; i < count; ++i)
            text += part;
        return text;
    };
    constexpr int deep = 200'000;
    EXPECT_EQ(error_of("(func " + repeat("(drop ", deep) + repeat(")", deep) + ")"), "");
    EXPECT_EQ(error_of("(func " + repeat("(block $l ", deep) + repeat(")", deep) + ")"), "");
    EXPECT_EQ(error_of("(func " + repeat("block ", deep) + repeat("end ", deep) + ")"), "");
    EXPECT_NE(error_of(repeat("(", deep)), "");
    EXPECT_NE(error_of(repeat("(@a ", deep)), "");
    EXPECT_NE(error_of(repeat("(;", deep)), "");
    EXPECT_NE(error_of("(func " + repeat("(if ", deep)), "");
}

TEST(text_parser, errors_say_what_and_where)
{
    EXPECT_EQ(error_of("(module\n  (func i32.ad))"), "unknown operator i32.ad at 2:9");
    EXPECT_EQ(error_of("(func end)"), "unexpected token end at 1:7");
    EXPECT_EQ(error_of("(func (br_table))"), "unexpected token ) at 1:16");
    EXPECT_EQ(error_of("(func $f) (func $f)"), "duplicate function $f at 1:17");
    EXPECT_EQ(error_of("(func (call $g))"), "unknown function $g at 1:13");
    EXPECT_EQ(error_of("(func"), "unexpected token: end of text at 1:6");
    EXPECT_EQ(error_of("(func))"), "unexpected token ) at 1:7");
}

} // namespace trellis::wasm
