// Two components written in C, made one and called: the tools as people use them, and what comes of it.
#include "system/process.hpp"

#include "wasm/component/execution/concurrency.hpp"
#include "wasm/component/execution/instantiate.hpp"
#include "wasm/component/execution/value.hpp"
#include "wasm/component/validation/validator.hpp"
#include "wasm/interpreter/interpreter.hpp"

#include <gtest/gtest.h>

namespace trellis::testing {
namespace {

using namespace wasm::component;
using Words = std::vector<std::string>;

const std::string sources = TRELLIS_SOURCE_DIR "/tests/system/compose/";

ProcessResult run(Words words)
{
    words.insert(words.begin(), "/usr/bin/env");
    return run_process({.words = std::move(words)});
}

void expect_success(const Words& words)
{
    const auto result = run(words);
    EXPECT_EQ(result.exit_code, 0) << words[0] << " " << words[1] << ": " << result.errors;
}

/// A component whose imports nobody has to give, and a store for it.
class Instantiated {
public:
    explicit Instantiated(const std::string& path)
    {
        const auto binary = read_whole_file(path);
        const std::vector<std::uint8_t> bytes(binary.begin(), binary.end());
        auto component = load_component(SharedBytes::copy_of(bytes), *registry_);
        EXPECT_TRUE(component.has_value()) << component.error().describe();
        auto instance = instantiate(store_, std::move(*component), imports_);
        EXPECT_TRUE(instance.has_value()) << instance.error().describe();
        instance_ = *instance;
    }

    Result<std::optional<Value>> call(std::string_view name, const std::vector<Value>& arguments)
    {
        const auto* const item = instance_->exports.find(name);
        return invoke(store_, *std::get<ComponentFunction*>(*item), arguments);
    }

    /// The message of a call that has to fail.
    std::string failure(std::string_view name, const std::vector<Value>& arguments)
    {
        const auto result = call(name, arguments);
        return result ? "no failure" : result.error().message;
    }

private:
    std::shared_ptr<wasm::TypeRegistry> registry_ = std::make_shared<wasm::TypeRegistry>();
    wasm::Store core_{registry_, wasm::interpreter_tier};
    ComponentStore store_{core_};
    HostImports imports_;
    ComponentInstance* instance_ = nullptr;
};

class system_compose : public ::testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

    /// The component of a world of the package, in this version of it.
    std::string made(const std::string& world, const std::string& version)
    {
        auto wit = read_whole_file(sources + "shop.wit");
        wit.replace(wit.find("1.0.0"), version.size(), version);
        const auto wit_file = directory_.file("shop.wit", wit);
        expect_success({TRELLIS_PROGRAM, "bindgen", "c", wit_file, "--world", world, "--out-dir", directory_.path()});
        expect_success({"clang-19", "--target=wasm32-wasi", "-Wall", "-Wextra", "-Werror", "-O1",
                        "-mexec-model=reactor", "-I", directory_.path(), sources + world + ".c", path(world + ".c"),
                        "-o", path(world + ".core.wasm")});
        expect_success({TRELLIS_PROGRAM, "component", "new", path(world + ".core.wasm"), "-o", path(world + ".wasm")});
        return path(world + ".wasm");
    }

    /// Both of them as one.
    std::string whole()
    {
        expect_success(
            {TRELLIS_PROGRAM, "compose", made("user", "1.0.0"), made("maker", "1.2.0"), "-o", path("whole.wasm")});
        return path("whole.wasm");
    }

    TemporaryDirectory directory_;
};

std::uint64_t number_of(const Result<std::optional<Value>>& result)
{
    EXPECT_TRUE(result.has_value()) << result.error().message;
    return result ? (*result)->bits : 0;
}

TEST_F(system_compose, calls_cross_from_one_component_to_the_other)
{
    Instantiated both(whole());
    EXPECT_EQ(number_of(both.call("sum", {{.bits = 40}, {.bits = 2}})), 42);
    const auto greeting = both.call("greet", {{.text = "hello, Ä!"}});
    ASSERT_TRUE(greeting.has_value()) << greeting.error().message;
    EXPECT_EQ((*greeting)->text, "HELLO, Ä!");
}

TEST_F(system_compose, resources_are_lent_and_given_across)
{
    Instantiated both(whole());
    for (int times = 0; times < 3; ++times)
        EXPECT_EQ(number_of(both.call("tallied", {{.bits = 30}, {.bits = 11}})), 42);
}

TEST_F(system_compose, what_traps_inside_a_dependency_fails_the_call_of_its_caller)
{
    Instantiated both(whole());
    EXPECT_TRUE(both.failure("failing", {}).contains("unreachable")) << both.failure("failing", {});
    EXPECT_NE(both.failure("sum", {{.bits = 40}, {.bits = 2}}), "no failure") << "the instances are gone";
}

TEST_F(system_compose, the_whole_imports_nothing_of_the_dependency)
{
    const auto world = run({TRELLIS_PROGRAM, "component", "wit", whole()}).output;
    EXPECT_EQ(world, "package root:component;\n\nworld root {\n  export sum: func(a: u32, b: u32) -> u32;\n"
                     "  export greet: func(name: string) -> string;\n  export tallied: func(a: u32, b: u32) -> u32;\n"
                     "  export failing: func();\n}\n");
}

TEST_F(system_compose, what_is_wrong_is_said)
{
    const auto user = made("user", "1.0.0");
    const auto later = made("maker", "2.0.0");
    EXPECT_EQ(run({TRELLIS_PROGRAM, "compose", user, later, "-o", path("a.wasm")}).errors,
              "error: nothing that " + user + " needs comes from " + later +
                  ", which exports example:shop/counter@2.0.0\n");
    const auto maker = made("maker", "1.1.0");
    EXPECT_EQ(run({TRELLIS_PROGRAM, "compose", user, maker, maker, "-o", path("a.wasm")}).errors,
              "error: example:shop/counter@1.0.0 is imported by " + user + " and exported by both " + maker + " and " +
                  maker + "; leave out one\n");
    EXPECT_EQ(run({TRELLIS_PROGRAM, "compose", user, path("absent.wasm"), "-o", path("a.wasm")}).exit_code, 127);
}

/// A program of wasi:cli, which ends well if the component it imports from says so.
TEST_F(system_compose, programs_run_with_components_that_they_are_linked_with)
{
    const auto wit = directory_.file("program.wit", R"(package a:b;
interface check { fine: func(x: u32) -> bool; }
world program { import check; export wasi:cli/run@0.2.0; }
world checker { export check; }
package wasi:cli@0.2.0 { interface run { run: func() -> result; } }
)");
    const auto component = [&](const std::string& world, std::string_view text) {
        const auto module = directory_.file(world + ".wat", text);
        expect_success(
            {TRELLIS_PROGRAM, "component", "new", "--wit", wit, "--world", world, module, "-o", path(world + ".wasm")});
        return path(world + ".wasm");
    };
    const auto program = component("program", R"((module
  (import "a:b/check" "fine" (func $fine (param i32) (result i32)))
  (func (export "wasi:cli/run@0.2.0#run") (result i32) (i32.eqz (call $fine (i32.const 7))))))");
    const auto checker = component("checker", R"((module
  (func (export "a:b/check#fine") (param i32) (result i32) (i32.eq (local.get 0) (i32.const 7)))))");
    const auto linked = run({TRELLIS_PROGRAM, "run", program, "--link", checker});
    EXPECT_EQ(linked.exit_code, 0) << linked.errors;
    const auto alone = run({TRELLIS_PROGRAM, "run", program});
    EXPECT_EQ(alone.exit_code, 126);
    EXPECT_NE(alone.errors.find("a:b/check"), std::string::npos) << alone.errors;
}

} // namespace
} // namespace trellis::testing
