// The deterministic profile in every tier: each instruction that can generate a NaN gives the canonical one, and the
// relaxed vector instructions give what their strict kin give.
// https://webassembly.github.io/spec/core/appendix/profiles.html
#include "agreement/tiers.hpp"
#include "base/check.hpp"
#include "base/format.hpp"
#include "wasm/execution/canonical_nan.hpp"
#include "wasm/text/text.hpp"
#include "wasm/validation/validator.hpp"

#include <gtest/gtest.h>

namespace trellis::agreement {
namespace {

using namespace wasm;

/// Two words: a scalar in the first, or a vector.
using Words = std::array<std::uint64_t, 2>;

/// A module in one tier. Each operand of its functions is two i64 parameters, the result two i64.
class Guest {
public:
    Guest(const TierRow& tier, const std::string& functions) : store_(registry_, *tier.tier, {.deterministic = true})
    {
        const auto text = "(module " + functions + ")";
        const auto module = load_module(parse_text(text).value(), *registry_, Features::all()).value();
        TRELLIS_CHECK(tier.prepare(*module, {.deterministic = true}).has_value());
        instance_ = *instantiate(store_, module, {});
    }

    Words call(std::size_t function, const std::vector<Words>& operands)
    {
        std::vector<Value> arguments;
        for (const auto& words : operands)
            for (const auto word : words)
                arguments.push_back(Value::of_i64(word));
        const auto results =
            invoke(store_, *function_of(*instance_, static_cast<FuncIndex>(function)), arguments).value();
        return {results[0].slots[0].u64, results[1].slots[0].u64};
    }

private:
    std::shared_ptr<TypeRegistry> registry_ = std::make_shared<TypeRegistry>();
    Store store_;
    Instance* instance_ = nullptr;
};

std::string operand(char letter, std::size_t index)
{
    const auto low = format("(local.get {})", 2 * index), high = format("(local.get {})", 2 * index + 1);
    switch (letter) {
    case 'f':
        return format("(f32.reinterpret_i32 (i32.wrap_i64 {}))", low);
    case 'F':
        return format("(f64.reinterpret_i64 {})", low);
    default:
        return format("(i64x2.replace_lane 1 (i64x2.splat {}) {})", low, high);
    }
}

/// A function: the instruction's operands are its parameters.
std::string function_of_instruction(std::string_view instruction, std::string_view signature)
{
    const auto operands = signature.substr(0, signature.find(':'));
    std::string parameters, expression;
    for (std::size_t i = 0; i < operands.size(); ++i) {
        parameters += " i64 i64";
        expression += operand(operands[i], i);
    }
    expression = format("({} {})", instruction, expression);
    std::string body;
    if (signature.back() == 'f')
        body = format("(i64.extend_i32_u (i32.reinterpret_f32 {})) (i64.const 0)", expression);
    else if (signature.back() == 'F')
        body = format("(i64.reinterpret_f64 {}) (i64.const 0)", expression);
    else
        body = format("(local.set $v {}) (i64x2.extract_lane 0 (local.get $v)) (i64x2.extract_lane 1 (local.get $v))",
                      expression);
    return format("(func (param{}) (result i64 i64) (local $v v128) {})", parameters, body);
}

constexpr std::uint64_t both(std::uint32_t bits)
{
    return std::uint64_t(bits) << 32 | bits;
}

/// What is no canonical NaN: a payload, a sign, signalling; and what makes one: infinities, zeros, minus one.
constexpr std::array narrow_operands = {both(0x7fc1'2345), both(0xffc0'0000), both(0x7fa0'0000), both(0xff80'0000),
                                        both(0x7f80'0000), both(0),           both(0xbf80'0000)};
constexpr std::array<std::uint64_t, 7> wide_operands = {0x7ff8'0000'0001'2345, 0xfff8'0000'0000'0000,
                                                        0x7ff4'0000'0000'0000, 0xfff0'0000'0000'0000,
                                                        0x7ff0'0000'0000'0000, 0,
                                                        0xbff0'0000'0000'0000};

bool is_narrow_nan(std::uint32_t bits)
{
    return (bits & 0x7fff'ffff) > 0x7f80'0000;
}
bool is_wide_nan(std::uint64_t bits)
{
    return (bits & 0x7fff'ffff'ffff'ffff) > 0x7ff0'0000'0000'0000;
}

/// How many of the lanes are NaNs; fails for any that is not the canonical one.
unsigned canonical_nans(NanLanes lanes, const Words& words)
{
    unsigned count = 0;
    const bool narrow = lanes == NanLanes::f32 || lanes == NanLanes::f32x4;
    for (const auto word : words)
        for (const unsigned shift : {0, 32}) {
            const auto bits = static_cast<std::uint32_t>(word >> shift);
            if (narrow && is_narrow_nan(bits)) {
                ++count;
                EXPECT_EQ(bits, canonical_nan_f32);
            } else if (!narrow && shift == 0 && is_wide_nan(word)) {
                ++count;
                EXPECT_EQ(word, canonical_nan_f64);
            }
        }
    return count;
}

/// The operands of an instruction that takes these: all of one, or two that differ.
Words words_of(const InstructionInfo& row, char letter, std::size_t which)
{
    const bool narrow =
        letter == 'f' || (letter == 'v' && row.text.find("promote") != std::string_view::npos) ||
        (letter == 'v' && row.text.starts_with("f32x4") && row.text.find("demote") == std::string_view::npos);
    const auto one = narrow ? narrow_operands[which % 7] : wide_operands[which % 7];
    return {one, one};
}

/// Of one instruction with many operands: how many NaNs it gave.
unsigned nans_of(Guest& guest, std::size_t function, Op op)
{
    const auto& row = info(op);
    unsigned nans = 0;
    for (std::size_t a = 0; a < 7; ++a)
        for (std::size_t b = 0; b < 7; ++b) {
            std::vector<Words> operands;
            for (std::size_t k = 0; row.signature[k] != ':'; ++k)
                operands.push_back(words_of(row, row.signature[k], k == 0 ? a : a + b + k));
            nans += canonical_nans(nan_lanes[static_cast<std::size_t>(op)], guest.call(function, operands));
        }
    return nans;
}

TEST(deterministic, every_nan_that_an_instruction_generates_is_canonical)
{
    std::vector<Op> instructions;
    std::string functions;
    for (std::size_t i = 0; i < instruction_table.size(); ++i)
        if (nan_lanes[i] != NanLanes::none) {
            instructions.push_back(static_cast<Op>(i));
            functions += function_of_instruction(instruction_table[i].text, instruction_table[i].signature);
        }
    EXPECT_EQ(instructions.size(), 56u);
    for (const auto& tier : tiers()) {
        Guest guest(tier, functions);
        for (std::size_t i = 0; i < instructions.size(); ++i)
            EXPECT_GT(nans_of(guest, i, instructions[i]), 0u) << info(instructions[i]).text << ", " << tier.name;
    }
}

TEST(deterministic, what_generates_no_nan_leaves_its_bits)
{
    struct Case {
        std::string_view instruction, signature;
        std::vector<Words> operands;
        std::uint64_t expected;
    };
    const std::array cases = {
        Case{"f64.neg", "F:F", {{0x7ff8'0000'0001'2345}}, 0xfff8'0000'0001'2345},
        Case{"f64.abs", "F:F", {{0xfff4'0000'0001'2345}}, 0x7ff4'0000'0001'2345},
        Case{"f32.neg", "f:f", {{0x7fa1'2345}}, 0xffa1'2345},
        Case{"f32.copysign", "ff:f", {{0x7fa1'2345}, {0x8000'0000}}, 0xffa1'2345},
        Case{"f64x2.pmin", "vv:v", {{0x7ff8'0000'0001'2345}, {0}}, 0x7ff8'0000'0001'2345},
        Case{"f32x4.neg", "v:v", {{both(0x7fa1'2345)}}, both(0xffa1'2345)},
    };
    std::string functions;
    for (const auto& one : cases)
        functions += function_of_instruction(one.instruction, one.signature);
    for (const auto& tier : tiers()) {
        Guest guest(tier, functions);
        for (std::size_t i = 0; i < cases.size(); ++i)
            EXPECT_EQ(guest.call(i, cases[i].operands)[0], cases[i].expected)
                << cases[i].instruction << ", " << tier.name;
    }
}

struct RelaxedRow {
    std::string_view relaxed;
    std::string_view strict; ///< over $a, $b, $c
};
constexpr std::array relaxed_rows = {
    RelaxedRow{"i8x16.relaxed_swizzle", "(i8x16.swizzle $a $b)"},
    RelaxedRow{"i32x4.relaxed_trunc_f32x4_s", "(i32x4.trunc_sat_f32x4_s $a)"},
    RelaxedRow{"i32x4.relaxed_trunc_f32x4_u", "(i32x4.trunc_sat_f32x4_u $a)"},
    RelaxedRow{"i32x4.relaxed_trunc_f64x2_s_zero", "(i32x4.trunc_sat_f64x2_s_zero $a)"},
    RelaxedRow{"i32x4.relaxed_trunc_f64x2_u_zero", "(i32x4.trunc_sat_f64x2_u_zero $a)"},
    RelaxedRow{"f32x4.relaxed_madd", "(f32x4.add (f32x4.mul $a $b) $c)"},
    RelaxedRow{"f32x4.relaxed_nmadd", "(f32x4.add (f32x4.mul (f32x4.neg $a) $b) $c)"},
    RelaxedRow{"f64x2.relaxed_madd", "(f64x2.add (f64x2.mul $a $b) $c)"},
    RelaxedRow{"f64x2.relaxed_nmadd", "(f64x2.add (f64x2.mul (f64x2.neg $a) $b) $c)"},
    RelaxedRow{"i8x16.relaxed_laneselect", "(v128.bitselect $a $b $c)"},
    RelaxedRow{"i16x8.relaxed_laneselect", "(v128.bitselect $a $b $c)"},
    RelaxedRow{"i32x4.relaxed_laneselect", "(v128.bitselect $a $b $c)"},
    RelaxedRow{"i64x2.relaxed_laneselect", "(v128.bitselect $a $b $c)"},
    RelaxedRow{"f32x4.relaxed_min", "(f32x4.min $a $b)"},
    RelaxedRow{"f32x4.relaxed_max", "(f32x4.max $a $b)"},
    RelaxedRow{"f64x2.relaxed_min", "(f64x2.min $a $b)"},
    RelaxedRow{"f64x2.relaxed_max", "(f64x2.max $a $b)"},
    RelaxedRow{"i16x8.relaxed_q15mulr_s", "(i16x8.q15mulr_sat_s $a $b)"},
    RelaxedRow{"i16x8.relaxed_dot_i8x16_i7x16_s",
               "(i16x8.add_sat_s (i16x8.mul (i16x8.shr_s (i16x8.shl $a (i32.const 8)) (i32.const 8)) (i16x8.shr_s "
               "(i16x8.shl $b (i32.const 8)) (i32.const 8))) (i16x8.mul (i16x8.shr_s $a (i32.const 8)) (i16x8.shr_s $b "
               "(i32.const 8))))"},
    RelaxedRow{"i32x4.relaxed_dot_i8x16_i7x16_add_s",
               "(i32x4.add (i32x4.extadd_pairwise_i16x8_s (i16x8.relaxed_dot_i8x16_i7x16_s $a $b)) $c)"},
};

std::string with_operands(std::string text)
{
    for (std::size_t i = 0; i < 3; ++i) {
        const std::string name = {'$', static_cast<char>('a' + i)};
        for (auto at = text.find(name); at != std::string::npos; at = text.find(name))
            text.replace(at, 2, operand('v', i));
    }
    return text;
}

TEST(deterministic, relaxed_vector_instructions_are_their_strict_kin)
{
    constexpr std::array<std::uint64_t, 8> interesting = {
        0x8000'8000'7fff'8000, 0x4f00'0000'cf80'0001, 0x3f80'0001'bf80'0003, 0x1080'0fff'027f'0a05,
        0x7fc0'0000'8000'0000, 0x3ff0'0000'0000'0001, 0xc1e0'0000'0020'0000, 0xff00'ff01'8181'7e7f};
    const auto function = [](const std::string& expression) {
        return format("(func (param i64 i64 i64 i64 i64 i64) (result i64 i64) (local $v v128) (local.set $v {}) "
                      "(i64x2.extract_lane 0 (local.get $v)) (i64x2.extract_lane 1 (local.get $v)))",
                      expression);
    };
    std::string functions;
    for (const auto& row : relaxed_rows) {
        const auto& info = *std::ranges::find(instruction_table, row.relaxed, &InstructionInfo::text);
        std::string operands;
        for (std::size_t i = 0; info.signature[i] != ':'; ++i)
            operands += operand('v', i);
        functions += function(format("({} {})", row.relaxed, operands));
        functions += function(with_operands(std::string(row.strict)));
    }
    for (const auto& tier : tiers()) {
        Guest guest(tier, functions);
        for (std::size_t i = 0; i < interesting.size(); ++i) {
            const std::vector<Words> values = {{interesting[i], interesting[(i + 1) % 8]},
                                               {interesting[(i + 3) % 8], interesting[(i + 1) % 8]},
                                               {interesting[(i + 4) % 8], interesting[(i + 6) % 8]}};
            for (std::size_t row = 0; row < relaxed_rows.size(); ++row)
                EXPECT_EQ(guest.call(2 * row, values), guest.call(2 * row + 1, values))
                    << relaxed_rows[row].relaxed << ", " << tier.name << ", " << i;
        }
    }
}

} // namespace
} // namespace trellis::agreement
