// The runner must notice what it is there to notice: each script here fails on purpose.
#include "base/format.hpp"
#include "conformance/component_values.hpp"
#include "conformance/runner.hpp"
#include "conformance/values.hpp"

#include <gtest/gtest.h>

namespace trellis::conformance {
namespace {

// (module (func (export "f") (result i32) i32.const 42) (func (export "t") unreachable))
constexpr const char* answer_module = "AGFzbQEAAAABCAJgAAF/YAAAAwMCAAEHCQIBZgAAAXQAAQoKAgQAQSoLAwAACw==";

std::string script_of(std::string_view commands)
{
    return format(R"({{"source_filename":"test.wast","commands":[
{{"type":"module","line":1,"filename":"m.wasm","module_type":"binary","binary":"{}"}},
{}]}})",
                  answer_module, commands);
}

ScriptResult run(std::string_view commands, const Notes& notes = {})
{
    const auto script = parse_script(script_of(commands));
    EXPECT_TRUE(script.has_value());
    return run_script(*script, {}, notes, std::make_shared<wasm::TypeRegistry>());
}

std::string first_reason(std::string_view commands)
{
    const auto result = run(commands);
    return result.failures.empty() ? "" : result.failures.front().reason;
}

TEST(conformance_runner, right_result_passes)
{
    EXPECT_EQ(first_reason(R"({"type":"assert_return","line":2,"action":{"type":"invoke","field":"f","args":[]},
        "expected":[{"type":"i32","value":"42"}]})"),
              "");
}

TEST(conformance_runner, wrong_result_fails)
{
    EXPECT_EQ(first_reason(R"({"type":"assert_return","line":2,"action":{"type":"invoke","field":"f","args":[]},
        "expected":[{"type":"i32","value":"43"}]})"),
              "f: result 0: expected i32 0x2b, got i32 0x2a");
}

TEST(conformance_runner, wrong_number_of_results_fails)
{
    EXPECT_EQ(first_reason(R"({"type":"assert_return","line":2,"action":{"type":"invoke","field":"f","args":[]},
        "expected":[]})"),
              "f: 1 results where 0 are expected");
}

TEST(conformance_runner, missing_trap_fails)
{
    EXPECT_EQ(first_reason(R"({"type":"assert_trap","line":2,"action":{"type":"invoke","field":"f","args":[]},
        "text":"unreachable"})"),
              "f: returned where it should fail with \"unreachable\"");
}

TEST(conformance_runner, another_trap_fails)
{
    EXPECT_EQ(first_reason(R"({"type":"assert_trap","line":2,"action":{"type":"invoke","field":"t","args":[]},
        "text":"integer overflow"})"),
              "t: trapped with \"unreachable\", not \"integer overflow\"");
}

TEST(conformance_runner, missing_export_is_not_a_trap)
{
    EXPECT_EQ(first_reason(R"({"type":"assert_trap","line":2,"action":{"type":"invoke","field":"x","args":[]},
        "text":"unreachable"})"),
              "x: not a trap: no export \"x\"");
}

TEST(conformance_runner, accepted_module_that_is_invalid_fails)
{
    EXPECT_EQ(first_reason(format(R"({{"type":"assert_invalid","line":2,"filename":"m","module_type":"binary",
        "binary":"{}","text":"type mismatch"}})",
                                  answer_module)),
              "accepted, but is invalid: type mismatch");
}

TEST(conformance_runner, malformed_where_invalid_is_asked_for_fails)
{
    const auto reason = first_reason(R"({"type":"assert_invalid","line":2,"filename":"m","module_type":"binary",
        "binary":"AGFzbQ==","text":"type mismatch"})");
    EXPECT_TRUE(reason.starts_with("rejected at another stage")) << reason;
}

TEST(conformance_runner, module_that_links_is_not_unlinkable)
{
    EXPECT_EQ(first_reason(format(R"({{"type":"assert_unlinkable","line":2,"filename":"m","module_type":"binary",
        "binary":"{}","text":"unknown import"}})",
                                  answer_module)),
              "linked, but should not: unknown import");
}

TEST(conformance_runner, unknown_command_fails_and_is_not_counted)
{
    const auto result = run(R"({"type":"assert_nonsense","line":2})");
    ASSERT_EQ(result.failures.size(), 1u);
    EXPECT_FALSE(result.executed.commands.contains("assert_nonsense"));
}

TEST(conformance_runner, noted_line_is_skipped_and_counted)
{
    const auto result = run(R"({"type":"assert_return","line":7,"action":{"type":"invoke","field":"f","args":[]},
        "expected":[]})",
                            {.skipped = {7}, .either_stage = {}});
    EXPECT_TRUE(result.failures.empty());
    EXPECT_EQ(result.skipped.commands.at("assert_return"), 1u);
    EXPECT_EQ(result.executed.commands.at("module"), 1u);
}

// (component), without and with a section that no component can have
constexpr const char* good_component = "AGFzbQ0AAQA=";
constexpr const char* bad_component = "AGFzbQ0AAQAgAA==";

ScriptResult run_components(std::string_view type, std::string_view binary, std::string_view text)
{
    const auto script = parse_script(format(R"({{"source_filename":"t.wast","commands":[
{{"type":"{}","line":1,"module_type":"binary","component":true,"binary":"{}","text":"{}"}}]}})",
                                            type, binary, text),
                                     ScriptKind::component);
    EXPECT_TRUE(script.has_value());
    RunOptions options;
    options.kind = ScriptKind::component;
    return run_script(*script, options, {}, std::make_shared<wasm::TypeRegistry>());
}

TEST(conformance_component_runner, what_is_right_passes)
{
    EXPECT_TRUE(run_components("module", good_component, "").failures.empty());
    EXPECT_TRUE(run_components("assert_malformed", bad_component, "malformed section id").failures.empty());
}

TEST(conformance_component_runner, what_is_wrong_fails)
{
    EXPECT_EQ(run_components("module", bad_component, "").failures.size(), 1u);
    EXPECT_EQ(run_components("assert_invalid", good_component, "x").failures.size(), 1u);
    EXPECT_EQ(run_components("assert_invalid", bad_component, "malformed section id").failures.size(), 1u);
    EXPECT_EQ(run_components("assert_nonsense", good_component, "").failures.size(), 1u);
}

TEST(conformance_component_runner, what_would_execute_is_skipped_and_counted)
{
    const auto result = run_components("assert_trap", good_component, "");
    EXPECT_EQ(result.skipped.commands.at("assert_trap"), 1u);
    EXPECT_EQ(result.executed.binary, 0u);
}

TEST(conformance_values, component_values_keep_their_parts)
{
    const auto script = parse_script(R"({"source_filename":"t.wast","commands":[{"type":"assert_return","line":1,
"action":{"type":"invoke","field":"f","args":[{"type":"record","value":[["a",{"type":"u8","value":"7"}]]}]},
"expected":[{"type":"result","value":{"Err":{"type":"variant","value":{"case":"c","payload":
{"type":"flags","value":["x","y"]}}}}},{"type":"option","value":null},{"type":"bool","value":true}]}]})",
                                     ScriptKind::component);
    ASSERT_TRUE(script.has_value()) << script.error().message;
    const auto& command = script->commands[0];
    EXPECT_EQ(show(command.action->component_arguments[0]), "record(a: u8 7)");
    EXPECT_EQ(show(command.component_expected[0]), "result Err(variant c(flags(x, y)))");
    EXPECT_EQ(show(command.component_expected[1]), "option");
    EXPECT_EQ(show(command.component_expected[2]), "bool true");
}

TEST(conformance_suite, expected_failure_needs_a_reason)
{
    EXPECT_FALSE(parse_expected_failures("core/i32.json:12\n").has_value());
    const auto failures = parse_expected_failures("# comment\n\ncore/i32.json:12 no adder yet\n");
    ASSERT_TRUE(failures.has_value());
    EXPECT_EQ(failures->at("core/i32.json:12"), "no adder yet");
}

TEST(conformance_values, base64)
{
    EXPECT_EQ(decode_base64("")->size(), 0u);
    EXPECT_EQ(decode_base64("AGFzbQ==")->view()[3], 'm');
    EXPECT_FALSE(decode_base64("AGFzbQ=").has_value());
    EXPECT_FALSE(decode_base64("A*==").has_value());
}

} // namespace
} // namespace trellis::conformance
