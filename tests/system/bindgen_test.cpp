// Bindings as people get them: the same files as ever, and a compiler for WebAssembly that has nothing to say about
// them.
#include "system/golden.hpp"
#include "system/process.hpp"

#include <gtest/gtest.h>

namespace trellis::testing {
namespace {

using Words = std::vector<std::string>;

const std::string wits = TRELLIS_SOURCE_DIR "/tests/system/bindgen/";

/// A program by its path, or found as a shell finds it.
ProcessResult run(Words words)
{
    words.insert(words.begin(), "/usr/bin/env");
    ProcessRequest request;
    request.words = std::move(words);
    return run_process(request);
}

ProcessResult bindgen(const std::string& path, const std::string& folder, const Words& more = {})
{
    Words words = {TRELLIS_PROGRAM, "bindgen", "c", path, "--out-dir", folder};
    words.insert(words.end(), more.begin(), more.end());
    return run(std::move(words));
}

/// Empty if the compiler has nothing to say.
std::string compile(const std::string& compiler, const Words& files)
{
    Words words = {compiler, "--target=wasm32-wasi", "-Wall", "-Wextra", "-Werror", "-O1"};
    words.insert(words.end(), files.begin(), files.end());
    const auto compiled = run(words);
    return compiled.exit_code == 0 ? compiled.errors : "failed: " + compiled.errors;
}

class BindgenTest : public ::testing::TestWithParam<const char*> {
protected:
    [[nodiscard]] std::string made(const std::string& name) const { return directory_.path() + "/" + name; }

    TemporaryDirectory directory_;
};

TEST_P(BindgenTest, files_are_as_kept_and_compile_without_a_warning)
{
    const std::string name = GetParam();
    const auto generated = bindgen(wits + name + ".wit", directory_.path());
    ASSERT_EQ(generated.exit_code, 0) << generated.errors;
    expect_golden("bindgen/" + name + ".h.txt", read_whole_file(made(name + ".h")));
    expect_golden("bindgen/" + name + ".c.txt", read_whole_file(made(name + ".c")));
    EXPECT_EQ(compile("clang-19", {"-c", made(name + ".c"), "-o", made("a.o")}), "");
    EXPECT_EQ(compile("clang++-19", {"-fsyntax-only", "-x", "c++-header", made(name + ".h")}), "");
}

INSTANTIATE_TEST_SUITE_P(system_bindgen, BindgenTest, ::testing::Values("shapes", "handles", "tasks"),
                         [](const auto& each) { return std::string(each.param); });

/// The layout that the canonical ABI gives each type, asked of the C compiler.
TEST_F(BindgenTest, structs_have_the_layout_of_the_canonical_abi)
{
    ASSERT_EQ(bindgen(wits + "shapes.wit", directory_.path()).exit_code, 0);
    const auto checks = directory_.file("checks.c", R"(#include "shapes.h"
#define SAME(type, size, align) \
    _Static_assert(sizeof(type) == (size) && _Alignof(type) == (align), #type)
SAME(example_shapes_values_point_t, 8, 4);
SAME(example_shapes_values_nothing_long_t, 24, 8);
_Static_assert(offsetof(example_shapes_values_nothing_long_t, the_double) == 8, "padding");
SAME(example_shapes_values_shape_t, 16, 8);
_Static_assert(offsetof(example_shapes_values_shape_t, val) == 8, "the payload of the largest alignment");
SAME(example_shapes_values_colour_t, 1, 1);
SAME(example_shapes_values_styles_t, 1, 1);
SAME(example_shapes_values_grid_t, 4, 1);
SAME(example_shapes_values_maybe_name_t, 12, 4);
SAME(shapes_list2_u16_t, 4, 2);
SAME(shapes_map_string_u32_entry_t, 12, 4);
)");
    EXPECT_EQ(compile("clang-19", {"-fsyntax-only", "-I", directory_.path(), checks}), "");
}

/// A program that hands on every call: linked and stripped, it has what the component model looks for in a core module.
TEST_F(BindgenTest, a_program_links_to_a_module_that_becomes_a_component)
{
    ASSERT_EQ(bindgen(wits + "shapes.wit", directory_.path()).exit_code, 0);
    ASSERT_EQ(compile("clang-19", {"-mexec-model=reactor", "-Wl,--strip-all", "-I", directory_.path(),
                                   wits + "shapes_relay.c", made("shapes.c"), "-o", made("a.wasm")}),
              "");
    const auto inspected = run({TRELLIS_PROGRAM, "inspect", made("a.wasm")});
    for (const auto* const name :
         {"cabi_realloc", "example:shapes/values@1.0.0#draw", "cabi_post_example:shapes/values@1.0.0#draw", "run",
          "cabi_post_run", "component-type:shapes", "$root", "_initialize"})
        EXPECT_NE(inspected.output.find(name), std::string::npos) << name << inspected.output;
    const auto made_of_it = run({TRELLIS_PROGRAM, "component", "new", made("a.wasm"), "--output", made("b.wasm")});
    ASSERT_EQ(made_of_it.exit_code, 0) << made_of_it.errors;
    const auto world = run({TRELLIS_PROGRAM, "component", "wit", made("b.wasm")}).output;
    EXPECT_NE(world.find("import log: func(message: string);"), std::string::npos) << world;
    EXPECT_NE(world.find("export example:shapes/values@1.0.0;"), std::string::npos) << world;
}

TEST_F(BindgenTest, folders_bring_their_dependencies)
{
    ASSERT_EQ(run({"mkdir", "-p", made("wit/deps/folder")}).exit_code, 0);
    ASSERT_FALSE(directory_.file("wit/a.wit", "package a:a; interface i { use b:b/j.{t}; f: func(x: t); }").empty());
    ASSERT_FALSE(directory_.file("wit/w.wit", "package a:a; world w { import i; import c:c/k; }").empty());
    ASSERT_FALSE(directory_.file("wit/deps/b.wit", "package b:b; interface j { type t = u64; }").empty());
    ASSERT_FALSE(directory_.file("wit/deps/folder/c.wit", "package c:c; interface k { g: func(); }").empty());
    const auto generated = bindgen(made("wit"), made("out"));
    ASSERT_EQ(generated.exit_code, 0) << generated.errors;
    const auto header = read_whole_file(made("out/w.h"));
    EXPECT_NE(header.find("extern void a_a_i_f(a_a_i_t_t x);\n"), std::string::npos) << header;
    EXPECT_NE(header.find("extern void c_c_k_g(void);\n"), std::string::npos) << header;
}

TEST_F(BindgenTest, names_and_kinds_of_functions_can_be_chosen)
{
    const auto generated =
        bindgen(wits + "tasks.wit", directory_.path(),
                {"--rename", "example:tasks/work=jobs", "--sync", "run", "--async", "example:tasks/work#ticks"});
    ASSERT_EQ(generated.exit_code, 0) << generated.errors;
    const auto header = read_whole_file(made("tasks.h"));
    EXPECT_NE(header.find("extern tasks_subtask_status_t jobs_small(uint8_t count);\n"), std::string::npos) << header;
    EXPECT_NE(header.find("extern tasks_subtask_status_t jobs_ticks(jobs_stream_void_t *result);\n"), std::string::npos)
        << header;
    EXPECT_NE(header.find("bool exports_tasks_run(void);\n"), std::string::npos) << header;
}

TEST_F(BindgenTest, what_is_wrong_is_said)
{
    const auto two = directory_.file("two.wit", "package a:b; world one {} world two {}");
    EXPECT_EQ(bindgen(two, made("out")).errors, "error: there are several worlds; choose one with --world: one, two\n");
    EXPECT_EQ(bindgen(two, made("out"), {"--world", "three"}).errors, "error: no world three; there are: one, two\n");
    EXPECT_EQ(run({TRELLIS_PROGRAM, "bindgen", "ada", two}).errors,
              "error: no bindings for ada; the only language is c\n");
    EXPECT_EQ(bindgen(two, made("out"), {"--world", "one", "--rename", "x"}).errors,
              "error: --rename x: write INTERFACE=NAME, a name as C has them\n");
    ASSERT_EQ(run({"mkdir", made("empty")}).exit_code, 0);
    EXPECT_EQ(bindgen(made("empty"), made("out")).errors,
              "error: " + made("empty") + ": no .wit files in this folder\n");
}

} // namespace
} // namespace trellis::testing
