// Making and looking at components, as people do it: trellis component.
#include "system/process.hpp"

#include <filesystem>
#include <gtest/gtest.h>

namespace trellis::testing {
namespace {

constexpr std::string_view wit = R"(package demo:app@1.0.0;

interface host {
  use demo:types/people.{person};

  log: func(text: string);
  find: func(name: string) -> option<person>;
}

world app {
  import host;
  export greet: func(name: string) -> string;
}
)";

constexpr std::string_view dependency = R"(package demo:types;

interface people {
  record person { name: string, age: u32 }
}
)";

constexpr std::string_view module = R"wat((module
  (import "demo:app/host@1.0.0" "log" (func $log (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
  (func (export "greet") (param i32 i32) (result i32)
    (call $log (local.get 0) (local.get 1))
    (i32.store (i32.const 0) (local.get 0))
    (i32.store (i32.const 4) (local.get 1))
    (i32.const 0))
))wat";

class system_component : public ::testing::Test {
protected:
    system_component() : module_(directory_.file("app.wat", module))
    {
        std::filesystem::create_directories(path("wit/deps/types"));
        (void)directory_.file("wit/app.wit", wit);
        (void)directory_.file("wit/deps/types/types.wit", dependency);
    }

    [[nodiscard]] std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

    static ProcessResult component(std::vector<std::string> words)
    {
        words.insert(words.begin(), {TRELLIS_PROGRAM, "component"});
        return run_process({.words = std::move(words)});
    }

    /// The component, whose making has to succeed.
    std::string made()
    {
        const auto result = component({"new", "--wit", path("wit"), module_, "-o", path("app.wasm")});
        EXPECT_EQ(result.errors, "");
        return path("app.wasm");
    }

    TemporaryDirectory directory_;
    std::string module_;
};

constexpr std::string_view made_world = R"(package root:component;

world root {
  import demo:app/host@1.0.0;

  export greet: func(name: string) -> string;
}

package demo:app@1.0.0 {
  interface host {
    log: func(text: string);
  }
}
)";

TEST_F(system_component, is_made_in_one_step_or_in_two)
{
    EXPECT_EQ(component({"wit", made()}).output, made_world);
    EXPECT_EQ(component({"embed", "--wit", path("wit"), module_, "-o", path("embedded.wasm")}).errors, "");
    EXPECT_EQ(component({"new", path("embedded.wasm"), "-o", path("two.wasm")}).errors, "");
    EXPECT_EQ(component({"wit", path("two.wasm")}).output, made_world);
    EXPECT_TRUE(component({"wit", path("embedded.wasm")}).output.starts_with("package demo:app@1.0.0;\n"));
}

TEST_F(system_component, a_module_that_does_not_fit_is_answered)
{
    const auto other = directory_.file("other.wat", "(module)");
    const auto result = component({"new", "--wit", path("wit"), other, "-o", path("app.wasm")});
    EXPECT_EQ(result.exit_code, 126);
    EXPECT_TRUE(result.errors.starts_with("error: the module does not export greet")) << result.errors;
    EXPECT_EQ(component({"new", other, "-o", path("app.wasm")}).errors,
              "error: the module does not say which world it was written for; name it with --wit\n");
    EXPECT_FALSE(std::filesystem::exists(path("app.wasm")));
}

TEST_F(system_component, validate_knows_components_too)
{
    const auto validate = [](std::vector<std::string> words) {
        words.insert(words.begin(), {TRELLIS_PROGRAM, "validate"});
        return run_process({.words = std::move(words)});
    };
    const auto good = validate({made()});
    EXPECT_EQ(good.exit_code, 0);
    EXPECT_EQ(good.output + good.errors, "");
    const auto content = read_whole_file(path("app.wasm"));
    const auto bad = validate({directory_.file("cut.wasm", content.substr(0, content.size() / 2))});
    EXPECT_EQ(bad.exit_code, 126);
    EXPECT_NE(bad.errors.find("at offset 0x"), std::string::npos) << bad.errors;
    const auto option = validate({"--strict", path("app.wasm")});
    EXPECT_EQ(option.exit_code, 2);
    EXPECT_EQ(option.errors, "error: --strict is for core modules; this is a component\n");
}

TEST_F(system_component, inspect_says_who_provides_what)
{
    const auto text = component({"inspect", made()}).output;
    EXPECT_NE(text.find("\nimports\n  demo:app/host@1.0.0\n      another component has to provide it: name one "
                        "that exports it with `trellis run --link FILE`, or join both with `trellis compose`\n      "
                        "log: func(text: string)\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("\nexports\n  greet: func(name: string) -> string\n"), std::string::npos) << text;
    EXPECT_NE(text.find("\ncore modules\n"), std::string::npos) << text;
}

TEST_F(system_component, targets_names_what_is_missing)
{
    const auto fits = component({"targets", made(), "--wit", path("wit")});
    EXPECT_EQ(fits.exit_code, 0);
    EXPECT_NE(fits.output.find(" fits world demo:app/app@1.0.0\n"), std::string::npos) << fits.output;
    const auto more = directory_.file("more.wit", "package demo:app@1.0.0; world app { export more: func(); }");
    const auto result = component({"targets", made(), "--wit", more});
    EXPECT_EQ(result.exit_code, 126);
    EXPECT_NE(result.errors.find("\n  import demo:app/host@1.0.0 is missing\n  export more is missing"),
              std::string::npos)
        << result.errors;
}

TEST_F(system_component, wit_goes_to_binary_and_back)
{
    EXPECT_EQ(component({"wit", path("wit"), "--binary", "-o", path("wit.wasm")}).errors, "");
    EXPECT_EQ(component({"wit", path("wit.wasm")}).output, component({"wit", path("wit")}).output);
    EXPECT_EQ(component({"inspect", path("wit.wasm")}).exit_code, 2);
}

TEST_F(system_component, a_program_in_c_becomes_one)
{
    const std::string source = TRELLIS_SOURCE_DIR "/tests/system/guests/greeter.wit";
    EXPECT_EQ(component({"new", "--wit", source, TRELLIS_GUESTS "/greeter.wasm", "-o", path("c.wasm")}).errors, "");
    const auto fits = component({"targets", path("c.wasm"), "--wit", source});
    EXPECT_EQ(fits.exit_code, 0) << fits.errors;
    const auto text = component({"wit", path("c.wasm")}).output;
    for (const std::string part : {"  import demo:greeter/host@1.0.0;\n", "  export demo:greeter/api@1.0.0;\n",
                                   "    use types.{person};\n", "      make: static func() -> counter;\n"})
        EXPECT_NE(text.find(part), std::string::npos) << text;
    EXPECT_EQ(text.find("find: func"), std::string::npos) << "the program does not call it";
}

TEST_F(system_component, commands_of_two_words_have_help)
{
    const auto group = run_process({.words = {TRELLIS_PROGRAM, "help", "component"}});
    EXPECT_EQ(group.exit_code, 0);
    for (const std::string name : {"new", "embed", "wit", "inspect", "targets"}) {
        EXPECT_NE(group.output.find("\n  component " + name), std::string::npos);
        const auto one = run_process({.words = {TRELLIS_PROGRAM, "help", "component", name}});
        EXPECT_NE(one.output.find("Examples:\n  trellis component " + name), std::string::npos);
        EXPECT_EQ(component({name, "--help"}).output, one.output);
    }
    EXPECT_EQ(component({"--help"}).output, group.output);
    EXPECT_EQ(component({}).exit_code, 2);
    EXPECT_EQ(component({"nwe"}).errors, "error: unknown command component nwe; did you mean component new?\n");
}

} // namespace
} // namespace trellis::testing
