#include "wasm/binary/decoder.hpp"
#include "wasm/binary/writer.hpp"
#include "wasm/text/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace trellis::wasm {

namespace {

SharedBytes binary_of(std::string_view text)
{
    auto binary = parse_text(text, {.features = Features::all()});
    EXPECT_TRUE(binary.has_value()) << text << "\n" << binary.error().describe();
    return std::move(*binary);
}

std::string print(SharedBytes binary)
{
    const auto module = decode_module(std::move(binary), Features::all());
    EXPECT_TRUE(module.has_value()) << module.error().describe();
    auto text = print_text(*module);
    EXPECT_TRUE(text.has_value()) << text.error().describe();
    return std::move(*text);
}

/// The text printed for a binary; parsed again it must be the same binary, byte for byte.
std::string print_and_check(SharedBytes binary)
{
    const auto text = print(binary);
    EXPECT_TRUE(std::ranges::equal(binary_of(text).view(), binary.view())) << text;
    return text;
}

/// A module that is only the empty one and custom sections.
SharedBytes with_customs(std::initializer_list<std::pair<std::string_view, std::string_view>> sections)
{
    Writer writer;
    writer.raw(std::string_view("\0asm\1\0\0\0", 8));
    for (const auto& [name, contents] : sections)
        writer.custom_section(name, {reinterpret_cast<const std::uint8_t*>(contents.data()), contents.size()});
    return SharedBytes::copy_of(writer.bytes());
}

} // namespace

TEST(text_printer, module_reads_well)
{
    EXPECT_EQ(print_and_check(
                  binary_of("(module $m (import \"a\" \"b\" (func $i (param $x i32)))"
                            "(func $f (export \"f\") (param i32) (result i32) (local $l f32)"
                            "(if $c (result i32) (local.get 0) (then (br $c (i32.const -1))) (else (i32.const 2)))))")),
              R"((module $m
  (type (;0;) (func (param i32)))
  (type (;1;) (func (param i32) (result i32)))
  (import "a" "b" (func $i (type 0) (param $x i32)))
  (export "f" (func $f))
  (func $f (type 1) (param i32) (result i32)
    (local $l f32)
    local.get 0
    if $c (result i32)
      i32.const -1
      br $c
    else
      i32.const 2
    end))
)");
}

TEST(text_printer, names_that_repeat_or_are_empty_are_annotated)
{
    const auto text = print_and_check(
        binary_of("(func (@name \"a\")) (func $a) (func $x (@name \"\")) (func $\"a#1\") (func $\"b \\\" c\")"
                  "(func (param $p i32) (param $q (@name \"p\") i32) (local.get $p) (drop (local.get $q)) drop)"));
    EXPECT_TRUE(text.contains("$a#1# (@name \"a\")")) << text;
    EXPECT_TRUE(text.contains("$#2 (@name \"\")")) << text;
    EXPECT_TRUE(text.contains("$\"b \\22 c\"")) << text;
}

TEST(text_printer, name_sections_that_identifiers_cannot_express_are_kept_raw)
{
    // A function that is not there; a size with a needless byte; an unknown subsection; sections behind the names.
    print_and_check(with_customs({{"name", std::string_view("\x01\x04\x01\x07\x01x", 6)}}));
    print_and_check(with_customs({{"name", std::string_view("\x00\x82\x00\x01m", 5)}}));
    print_and_check(with_customs({{"name", std::string_view("\x00\x02\x01m\x63\x01x", 7)}}));
    print_and_check(with_customs({{"name", "garbage"}}));
    print_and_check(with_customs({{"name", std::string_view("\x00\x02\x01m", 4)}, {"name", ""}}));
    const auto text =
        print_and_check(with_customs({{"a", "1"}, {"name", std::string_view("\x00\x02\x01m", 4)}, {"b", "2"}}));
    EXPECT_FALSE(text.contains("@custom \"name\"")) << text;
}

TEST(text_printer, custom_sections_keep_their_places)
{
    print_and_check(
        binary_of("(@custom \"a\" (before first) \"1\") (@custom \"b\" (after type)) (type (func))"
                  "(@custom \"c\" (before export)) (memory (export \"m\") 1) (@custom \"d\" (after last))"
                  "(data $d \"\") (func $f (data.drop $d)) (@custom \"e\" (after datacount))"
                  "(@custom \"f\" (before code)) (@custom \"g\" (after code)) (tag) (@custom \"h\" (after tag))"));
}

TEST(text_printer, branch_hints_become_annotations_or_stay_raw)
{
    const std::string_view function =
        "(func (param i32) (@metadata.code.branch_hint \"\\00\") (br_if 0 (local.get 0)))";
    EXPECT_TRUE(print_and_check(binary_of(function)).contains("(@metadata.code.branch_hint \"\\00\")"));
    // An offset that is no instruction's, and a section that is not in front of the code.
    print_and_check(
        binary_of("(func) (@custom \"metadata.code.branch_hint\" (before code) \"\\01\\00\\01\\07\\01\\01\")"));
    print_and_check(binary_of("(func (nop)) (@custom \"metadata.code.branch_hint\" \"\\01\\00\\01\\01\\01\\01\")"));
}

TEST(text_printer, every_kind_of_segment_and_type_survives)
{
    print_and_check(binary_of(
        "(rec (type $a (sub (struct (field (mut i8)) (field $x (ref null $b))))) (type $b (array (mut i16))))"
        "(type $c (sub final $a (struct (field (mut i8)) (field (ref null $b)) (field f64)))) (rec)"
        "(type $f (func (param i32 (ref $c)) (result v128 (ref null none))))"
        "(table $t 1 2 funcref) (table $u i64 3 (ref null $f)) (table 1 (ref $f) (ref.func $g)) (memory $m i64 1)"
        "(memory 1 2 shared) (memory 3 (pagesize 1)) (global $n (mut anyref) (ref.null none)) (tag $e (param i32))"
        "(global i32 (i32.add (i32.const 1) (i32.const 2))) (func $g (type $f) unreachable)"
        "(elem (i32.const 0) $g) (elem $p func $g $g) (elem declare func $g) (elem (table $u) (i64.const 1) (ref null "
        "$f))"
        "(elem (table $t) (offset (i32.const 1)) funcref (ref.func $g) (item ref.null func)) (elem externref)"
        "(elem (table $u) (offset i64.const 1 i64.const 2 i64.add) func $g)"
        "(data (i64.const 0) \"a\\00\\ff\\\"\\\\\") (data \"\") (data (memory 1) (i32.const 1) \"b\") (start $g)"));
}

TEST(text_printer, every_form_of_immediate_survives)
{
    print_and_check(binary_of(
        "(type $s (struct (field $x i32))) (type $v (func)) (type $a (array i32)) (memory $m 1) (memory $k 1) (table "
        "$t 1"
        " funcref) (table $u 1 funcref) (elem $e func) (data $d \"\") (tag $g) (func $f (param $p anyref) (local $i "
        "i32)"
        "block $out (result anyref) (try_table $try (result i32) (catch $g 0) (catch_all $out) (catch_all_ref 1) "
        "(catch_ref $g 1)"
        "i32.const 0) drop local.get $p end drop loop $l br $l end block $b1 block $b2 (br_table $b1 $b2 0 5 "
        "(i32.const 1))"
        "end end (select (result i32) (i32.const 1) (i32.const 2) (i32.const 3)) drop"
        "(call_indirect (type $v) (i32.const 0)) (call_indirect $u (type $v) (i32.const 0)) (return_call $f)"
        "(struct.get $s $x (struct.new_default $s)) (array.new_fixed $a 2) (array.new_data $a $d) (array.new_elem $a "
        "$e)"
        "(array.copy $a $a) (ref.test (ref null $s)) (ref.test (ref i31)) (ref.cast nullref) (ref.cast (ref eq))"
        "(br_on_cast 0 anyref (ref $s)) (br_on_cast_fail 0 (ref any) (ref null $a)) (ref.null $s) (ref.null noextern)"
        "(i32.load offset=4 align=1) (i64.atomic.rmw32.add_u $k offset=8) (atomic.fence) (v128.load64_lane $k align=2 "
        "1)"
        "(i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31) (i8x16.extract_lane_s 3) (v128.const f64x2 -0 nan:0x4)"
        "(memory.copy) (memory.copy $k $m) (memory.fill $k) (memory.size) (memory.grow $k) (memory.init $k $d) "
        "(memory.init $d)"
        "(table.init $u $e) (table.copy $u $t) (table.copy) (table.get $u) (table.get) (elem.drop $e) (data.drop $d)"
        "(f32.const nan:0x200000) (f64.const -0x1.8p-1070) (i64.const 0x8000000000000000) (i32.const 0xffffffff))"));
}

TEST(text_printer, malformed_bodies_are_errors)
{
    for (const std::string_view code : {std::string_view("\x00\x0b\x0b", 3), std::string_view("\x00\x02\x40\x0b", 4),
                                        std::string_view("\x00\xff\x0b", 3), std::string_view("\x00\x05\x0b", 3),
                                        std::string_view("\x00\x02\x40\x05\x0b\x0b", 6)}) {
        Writer writer, contents;
        contents.byte(1);
        contents.name(code);
        writer.raw(std::string_view("\0asm\1\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0", 18));
        writer.section(10, contents.bytes());
        const auto module = decode_module(SharedBytes::copy_of(writer.bytes()));
        ASSERT_TRUE(module.has_value());
        const auto text = print_text(*module);
        ASSERT_FALSE(text.has_value());
        EXPECT_EQ(text.error().code, ErrorCode::malformed);
    }
}

} // namespace trellis::wasm
