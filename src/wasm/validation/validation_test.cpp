#include "base/format.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/syntax/implementation_limits.hpp"
#include "wasm/validation/module_bytes.hpp"
#include "wasm/validation/sink_contract.hpp"

#include <gtest/gtest.h>

namespace trellis::wasm {
namespace {

Result<std::shared_ptr<const Module>> load(const SharedBytes& bytes, Features features = Features::standard())
{
    static TypeRegistry registry;
    return load_module(bytes, registry, features);
}

std::string error_of(const SharedBytes& bytes, Features features = Features::standard())
{
    const auto module = load(bytes, features);
    return module.has_value() ? "accepted" : module.error().describe();
}

/// Names of what is reported, in order.
std::vector<std::string_view> reported(const SharedBytes& bytes, Features features = Features::standard())
{
    struct Recorder : FunctionSink {
        std::vector<std::string_view> names;
        void begin(const Module&, FuncIndex, std::span<const InstructionReader::LocalRun>) override {}
        void instruction(const Instruction& instruction) override { names.push_back(info(instruction.op).text); }
    } recorder;
    const auto module = load(bytes, features);
    EXPECT_TRUE(module.has_value()) << module.error().describe();
    if (module.has_value()) {
        EXPECT_TRUE(walk_function(**module, FuncIndex(0), recorder).has_value());
        check_sink_contract(**module);
    }
    return recorder.names;
}

using Names = std::vector<std::string_view>;

TEST(wasm_function_walk, reports_reachable_code_in_order)
{
    EXPECT_EQ(reported(module_with_body({0x20, 0, 0x41, 1, 0x6a, 0x0b})),
              (Names{"local.get", "i32.const", "i32.add", "end"}));
}

TEST(wasm_function_walk, leaves_out_what_is_behind_a_branch_but_not_the_end)
{
    // local.get 0, return, i32.const 1, block, drop, end, end
    EXPECT_EQ(reported(module_with_body({0x20, 0, 0x0f, 0x41, 1, 0x02, 0x40, 0x0b, 0x0b})),
              (Names{"local.get", "return", "end"}));
}

TEST(wasm_function_walk, reports_else_and_end_of_a_block_whose_first_part_never_ends)
{
    // local.get 0, if i32, unreachable, nop, else, i32.const 2, end, end
    EXPECT_EQ(reported(module_with_body({0x20, 0, 0x04, 0x7f, 0x00, 0x01, 0x05, 0x41, 2, 0x0b, 0x0b})),
              (Names{"local.get", "if", "unreachable", "else", "i32.const", "end", "end"}));
}

TEST(wasm_function_walk, leaves_out_if_and_else_in_unreachable_code)
{
    // unreachable, if, else, end, end
    EXPECT_EQ(reported(module_with_body({0x00, 0x04, 0x40, 0x05, 0x0b, 0x0b})), (Names{"unreachable", "end"}));
}

TEST(wasm_function_walk, reports_legacy_catches_behind_a_throwing_body)
{
    // local.get 0, try, unreachable, catch_all, nop, end, end
    EXPECT_EQ(reported(module_with_body({0x20, 0, 0x06, 0x40, 0x00, 0x19, 0x01, 0x0b, 0x0b}), Features::all()),
              (Names{"local.get", "try", "unreachable", "catch_all", "nop", "end", "end"}));
}

TEST(wasm_validation, messages_say_what_was_there_and_where)
{
    EXPECT_EQ(error_of(module_with_body({0x42, 0, 0x0b})),
              "type mismatch: block requires [i32] but stack has [i64] (at offset 0x23)");
    EXPECT_EQ(error_of(module_with_body({0x20, 0, 0x42, 0, 0x6a, 0x0b})),
              "type mismatch: instruction requires [i32 i32] but stack has [i32 i64] (at offset 0x25)");
    EXPECT_EQ(error_of(module_with_body({0x20, 7, 0x0b})), "unknown local 7 (at offset 0x21)");
}

TEST(wasm_validation, malformed_goes_before_invalid)
{
    // A type mismatch, and behind it an opcode that does not exist.
    EXPECT_EQ(error_of(module_with_body({0x42, 0, 0x0f, 0xff, 0x0b})), "illegal opcode ff (at offset 0x24)");
}

TEST(wasm_validation, a_locals_initialisation_ends_with_its_block)
{
    const auto with_body = [](Code body) {
        Code code = {1, 1, 0x64, 0x6e}; // one local of (ref any)
        append(code, body);
        return ModuleBytes().section(1, {{0x60, 1, 0x64, 0x6e, 0}}).section(3, {{0}}).section(10, {sized(code)}).done();
    };
    EXPECT_EQ(error_of(with_body({0x20, 0, 0x21, 1, 0x20, 1, 0x1a, 0x0b})), "accepted");
    EXPECT_EQ(error_of(with_body({0x20, 0, 0x1a, 0x0b})), "accepted"); // parameters are set
    EXPECT_TRUE(error_of(with_body({0x02, 0x40, 0x20, 0, 0x21, 1, 0x0b, 0x20, 1, 0x1a, 0x0b}))
                    .starts_with("uninitialized local"));
}

TEST(wasm_validation, locals_beyond_the_flat_ones_keep_their_types)
{
    // 300 locals of i64 and 300 of f32; parameter 0 is an i32.
    const auto with_body = [](Code body) {
        Code code = {2};
        append(code, leb(300));
        code.push_back(0x7e);
        append(code, leb(300));
        code.push_back(0x7d);
        append(code, body);
        return ModuleBytes().section(1, {{0x60, 1, 0x7f, 0}}).section(3, {{0}}).section(10, {sized(code)}).done();
    };
    const auto set = [](std::uint8_t constant, std::uint32_t local) {
        Code body = {constant};
        append(body, constant == 0x43 ? Code{0, 0, 0, 0} : Code{0});
        body.push_back(0x21);
        append(body, leb(local));
        body.push_back(0x0b);
        return body;
    };
    EXPECT_EQ(error_of(with_body(set(0x42, 300))), "accepted");
    EXPECT_EQ(error_of(with_body(set(0x43, 301))), "accepted");
    EXPECT_EQ(error_of(with_body(set(0x43, 600))), "accepted");
    EXPECT_TRUE(error_of(with_body(set(0x43, 300))).starts_with("type mismatch"));
    EXPECT_TRUE(error_of(with_body(set(0x43, 601))).starts_with("unknown local 601"));
}

TEST(wasm_validation, deep_nesting_is_no_recursion)
{
    Code body;
    for (int i = 0; i < 200'000; ++i)
        append(body, {0x02, 0x40});
    body.insert(body.end(), 200'000, 0x0b);
    append(body, {0x20, 0, 0x0b});
    EXPECT_EQ(error_of(module_with_body(body)), "accepted");
}

TEST(wasm_validation, operands_are_limited)
{
    Code body;
    for (std::uint32_t i = 0; i <= implementation_limits::operands; ++i)
        append(body, {0x20, 0});
    append(body, {0x0f, 0x0b});
    EXPECT_TRUE(error_of(module_with_body(body)).starts_with("too many operands"));
}

TEST(wasm_validation, an_absent_operand_of_unreachable_code_costs_nothing)
{
    // array.new_fixed of 10,000 operands, a hundred thousand times.
    Code code = {0, 0x00};
    for (int i = 0; i < 100'000; ++i)
        append(code, {0xfb, 0x08, 0x01, 0x90, 0x4e, 0x1a});
    code.push_back(0x0b);
    const auto bytes =
        ModuleBytes().section(1, {{0x60, 0, 0}, {0x5e, 0x7f, 0}}).section(3, {{0}}).section(10, {sized(code)}).done();
    EXPECT_EQ(error_of(bytes), "accepted");
}

TEST(wasm_validation, the_first_bad_function_is_named_whatever_the_threads_do)
{
    Code good = {0};
    for (int i = 0; i < 2'000; ++i)
        append(good, {0x41, 0, 0x1a});
    good.push_back(0x0b);
    Code bad = {0, 0x41, 0, 0x0b};
    std::vector<Code> types(400, Code{0}), bodies(400, sized(good));
    bodies[150] = bodies[151] = bodies[399] = sized(bad);
    const auto bytes = ModuleBytes().section(1, {{0x60, 0, 0}}).section(3, types).section(10, bodies).done();
    const auto module = decode_module(bytes);
    ASSERT_TRUE(module.has_value());
    const std::string expected = format("type mismatch: block requires [] but stack has [i32] (at offset {:#x})",
                                        module->functions[150].body.offset + 3);
    for (int round = 0; round < 5; ++round)
        EXPECT_EQ(error_of(bytes), expected);
}

TEST(wasm_validation, subtypes_deeper_than_the_limit_are_refused)
{
    std::vector<Code> types = {{0x50, 0, 0x5f, 0}};
    for (std::uint32_t i = 0; i < implementation_limits::subtyping_depth; ++i) {
        Code type = {0x50, 1};
        append(type, leb(i));
        append(type, {0x5f, 0});
        types.push_back(type);
    }
    EXPECT_EQ(error_of(ModuleBytes().section(1, types).done()), "accepted");
    Code type = {0x50, 1};
    append(type, leb(types.size() - 1));
    append(type, {0x5f, 0});
    types.push_back(type);
    EXPECT_NE(error_of(ModuleBytes().section(1, types).done()), "accepted");
}

TEST(wasm_validation, features_switched_off_are_refused)
{
    const Features standard = Features::standard();
    const auto refused = [&](const SharedBytes& bytes, Feature feature) {
        EXPECT_EQ(error_of(bytes), "accepted") << name_of(feature);
        const auto module = load(bytes, standard.without(feature));
        EXPECT_FALSE(module.has_value()) << name_of(feature);
    };
    const auto returning = [](Code body) { return module_with_body(std::move(body)); };
    refused(returning({0x20, 0, 0xc0, 0x0b}), Feature::sign_extension);
    refused(returning({0x43, 0, 0, 0, 0, 0xfc, 0x00, 0x0b}), Feature::saturating_conversion);
    refused(returning({0x20, 0, 0x20, 0, 0x20, 0, 0xfc, 0x0b, 0, 0x20, 0, 0x0b}), Feature::bulk_memory);
    refused(returning({0xd0, 0x70, 0xd1, 0x0b}), Feature::reference_types);
    refused(returning({0x20, 0, 0x02, 0, 0x0b, 0x0b}), Feature::multi_value);
    refused(returning({0x20, 0, 0xfd, 0x0f, 0xfd, 0x53, 0x0b}), Feature::simd);
    refused(returning({0x20, 0, 0x12, 0, 0x0b}), Feature::tail_call);
    refused(returning({0xd0, 0x70, 0xd4, 0x1a, 0x20, 0, 0x0b}), Feature::function_references);
    refused(returning({0x20, 0, 0xfb, 0x1c, 0xfb, 0x1d, 0x0b}), Feature::gc);
    refused(returning({0x20, 0, 0x1f, 0x40, 0, 0x0b, 0x0b}), Feature::exceptions);
    refused(returning({0x20, 0, 0xfe, 0x10, 2, 0, 0x0b}), Feature::threads);
    refused(returning({0x42, 0, 0x42, 0, 0xfc, 0x15, 0x1a, 0x1a, 0x20, 0, 0x0b}), Feature::wide_arithmetic);
    refused(ModuleBytes().section(5, {{0, 1}, {0, 1}}).done(), Feature::multi_memory);
    refused(ModuleBytes().section(5, {{4, 1}}).done(), Feature::memory64);
    refused(ModuleBytes().section(5, {{3, 1, 1}}).done(), Feature::threads);
    refused(ModuleBytes().section(5, {{8, 1, 0}}).done(), Feature::custom_page_sizes);
    refused(ModuleBytes().section(6, {{0x7f, 0, 0x41, 1, 0x41, 1, 0x6a, 0x0b}}).done(), Feature::extended_const);
    EXPECT_EQ(error_of(returning({0x20, 0, 0x06, 0x40, 0x0b, 0x0b})), "illegal opcode 06 (at offset 0x23)");
}

TEST(wasm_validation, every_prefix_of_a_module_is_malformed)
{
    const SharedBytes whole = module_with_body({0x20, 0, 0x04, 0x7f, 0x41, 1, 0x05, 0x41, 2, 0x0b, 0x0b});
    ASSERT_EQ(error_of(whole), "accepted");
    // A module may end before its code only if it declares no function: so cuts between sections count as well.
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto module = load(SharedBytes::copy_of(whole.view().first(size)));
        if (size == 8 || module.has_value())
            continue; // header alone, or header and types
        EXPECT_EQ(module.error().code, ErrorCode::malformed) << size;
        EXPECT_TRUE(module.error().offset && *module.error().offset <= size) << size;
    }
}

} // namespace
} // namespace trellis::wasm
