#include "wasm/binary/cursor.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/binary/instruction_reader.hpp"
#include "wasm/binary/name_section.hpp"

#include <gtest/gtest.h>

namespace trellis::wasm {
namespace {

using Code = std::vector<std::uint8_t>;

Cursor over(const Code& bytes)
{
    return {bytes, {0, static_cast<std::uint32_t>(bytes.size())}};
}

std::string error_of(const Cursor& cursor)
{
    return cursor.ok() ? "none" : cursor.error().describe();
}

TEST(wasm_cursor, reads_numbers_of_every_length)
{
    const Code bytes = {0x05, 0x80, 0x01, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x80, 0x80, 0x80, 0x80, 0x78};
    Cursor cursor = over(bytes);
    EXPECT_EQ(cursor.u32(), 5u);
    EXPECT_EQ(cursor.u32(), 128u);
    EXPECT_EQ(cursor.u32(), UINT32_MAX);
    EXPECT_EQ(cursor.s32(), -1);
    EXPECT_EQ(cursor.s32(), INT32_MIN);
    EXPECT_TRUE(cursor.ok() && cursor.at_end());
}

TEST(wasm_cursor, reads_the_extremes_of_64_bits)
{
    const Code bytes = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
                        0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f};
    Cursor cursor = over(bytes);
    EXPECT_EQ(cursor.u64(), UINT64_MAX);
    EXPECT_EQ(cursor.s64(), INT64_MIN);
    EXPECT_TRUE(cursor.ok());
}

TEST(wasm_cursor, refuses_numbers_that_are_too_long_or_too_large)
{
    const Code too_long = {0x80, 0x80, 0x80, 0x80, 0x80, 0x00};
    Cursor cursor = over(too_long);
    cursor.u32();
    EXPECT_EQ(error_of(cursor), "integer representation too long (at offset 0x5)");

    const Code too_large = {0x80, 0x80, 0x80, 0x80, 0x10};
    cursor = over(too_large);
    cursor.u32();
    EXPECT_EQ(error_of(cursor), "integer too large (at offset 0x4)");

    const Code wrong_sign = {0x80, 0x80, 0x80, 0x80, 0x08};
    cursor = over(wrong_sign);
    cursor.s32();
    EXPECT_EQ(error_of(cursor), "integer too large (at offset 0x4)");
}

TEST(wasm_cursor, keeps_the_first_failure)
{
    const Code bytes = {0x80};
    Cursor cursor = over(bytes);
    cursor.u32();
    cursor.fail("another", 0);
    EXPECT_EQ(cursor.byte(), 0);
    EXPECT_EQ(error_of(cursor), "unexpected end of section or function (at offset 0x1)");
}

TEST(wasm_cursor, knows_utf8)
{
    EXPECT_TRUE(is_utf8(Code{'a', 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80}));
    EXPECT_FALSE(is_utf8(Code{0xc0, 0x80}));             // longer than needed
    EXPECT_FALSE(is_utf8(Code{0xed, 0xa0, 0x80}));       // a surrogate
    EXPECT_FALSE(is_utf8(Code{0xf4, 0x90, 0x80, 0x80})); // beyond U+10FFFF
    EXPECT_FALSE(is_utf8(Code{0xe2, 0x82}));             // cut off
}

Code module_of(std::initializer_list<Code> sections)
{
    Code bytes = {0, 'a', 's', 'm', 1, 0, 0, 0};
    for (const Code& section : sections)
        bytes.insert(bytes.end(), section.begin(), section.end());
    return bytes;
}

Result<Module> decode(const Code& bytes)
{
    return decode_module(SharedBytes::copy_of(bytes));
}

TEST(wasm_decoder, locates_custom_sections_and_where_they_stand)
{
    const auto module = decode(module_of({{0, 3, 1, 'x', 7}, {1, 4, 1, 0x60, 0, 0}, {0, 2, 1, 'y'}}));
    ASSERT_TRUE(module.has_value());
    ASSERT_EQ(module->custom_sections.size(), 2u);
    EXPECT_EQ(module->custom_sections[0].name, "x");
    EXPECT_EQ(module->bytes(module->custom_sections[0].contents)[0], 7);
    EXPECT_EQ(module->custom_sections[0].after_section, 0);
    EXPECT_EQ(module->custom_sections[1].after_section, 1);
    EXPECT_EQ(module->sections.size(), 3u);
}

TEST(wasm_decoder, a_huge_count_allocates_nothing)
{
    const auto module = decode(module_of({{1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f}}));
    ASSERT_FALSE(module.has_value());
    EXPECT_EQ(module.error().message, "length out of bounds");
}

TEST(wasm_decoder, constant_expressions_are_ranges_with_their_end)
{
    const auto module = decode(module_of({{6, 6, 1, 0x7f, 0, 0x41, 42, 0x0b}}));
    ASSERT_TRUE(module.has_value());
    const Bytes bytes = module->bytes(module->globals[0].initial.bytes);
    EXPECT_EQ(Code(bytes.begin(), bytes.end()), (Code{0x41, 42, 0x0b}));
}

TEST(wasm_instruction_reader, fills_the_fields_an_immediate_speaks_of)
{
    Module module;
    module.binary = SharedBytes::copy_of(Code{
        0x28, 0x42, 0x01, 0x90, 0x01,       // i32.load align=4 memory 1 offset=144
        0x0e, 0x02, 0x03, 0x04, 0x05,       // br_table 3 4 5
        0xfb, 0x18, 0x02, 0x01, 0x6e, 0x6c, // br_on_cast 1 (ref any) (ref null i31)
        0x1f, 0x7f, 0x01, 0x01, 0x07, 0x02, // try_table (result i32) (catch_ref 7 2)
    });
    InstructionReader reader(module, {0, static_cast<std::uint32_t>(module.binary.size())});
    Instruction instruction;
    ASSERT_TRUE(reader.read(instruction).has_value());
    EXPECT_EQ(instruction.op, Op::i32_load);
    EXPECT_EQ(instruction.align_log2, 2);
    EXPECT_EQ(instruction.index, 1u);
    EXPECT_EQ(instruction.value, 144u);
    ASSERT_TRUE(reader.read(instruction).has_value());
    EXPECT_EQ(instruction.offset, 5u);
    EXPECT_EQ(std::vector(instruction.targets.begin(), instruction.targets.end()), (std::vector<std::uint32_t>{3, 4}));
    EXPECT_EQ(instruction.index, 5u);
    ASSERT_TRUE(reader.read(instruction).has_value());
    EXPECT_EQ(instruction.type, ValType::ref(HeapType::any));
    EXPECT_EQ(instruction.type2, ValType::ref_null(HeapType::i31));
    ASSERT_TRUE(reader.read(instruction).has_value());
    EXPECT_EQ(instruction.block_type.value, i32);
    ASSERT_EQ(instruction.catches.size(), 1u);
    EXPECT_EQ(instruction.catches[0].form, CatchClause::Form::catch_ref);
    EXPECT_EQ(number(instruction.catches[0].tag), 7u);
    EXPECT_EQ(instruction.catches[0].label, 2u);
    EXPECT_TRUE(reader.at_end());
    EXPECT_FALSE(reader.read(instruction).has_value());
}

TEST(wasm_name_section, names_a_function_or_its_export)
{
    const auto module = decode(module_of({{1, 4, 1, 0x60, 0, 0},
                                          {3, 3, 2, 0, 0},
                                          {7, 5, 1, 1, 'e', 0, 1},
                                          {10, 7, 2, 2, 0, 0x0b, 2, 0, 0x0b},
                                          {0, 12, 4, 'n', 'a', 'm', 'e', 1, 5, 1, 0, 2, 'h', 'i'}}));
    ASSERT_TRUE(module.has_value()) << module.error().describe();
    EXPECT_EQ(function_name(*module, FuncIndex(0)), "hi");
    EXPECT_EQ(function_name(*module, FuncIndex(1)), "e");
}

} // namespace
} // namespace trellis::wasm
