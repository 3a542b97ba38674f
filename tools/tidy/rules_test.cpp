#include "rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace trellis::tidy {
namespace {

using Check = void(const Tree&, Findings&);

/// "path:line" of what a rule objects to.
std::vector<std::string> places(Check& check, std::vector<File> files)
{
    Findings findings;
    check(Tree{std::move(files)}, findings);
    std::vector<std::string> result;
    for (const Finding& finding : findings)
        result.push_back(finding.path + ":" + std::to_string(finding.line));
    return result;
}

using Strings = std::vector<std::string>;

std::string repeated(std::string_view line, int times)
{
    std::string text;
    for (int i = 0; i < times; ++i)
        text += line;
    return text;
}

TEST(tidy_lines, length_tabs_and_blanks)
{
    const std::string long_line = std::string(121, 'x') + "\n";
    EXPECT_EQ(places(check_lines, {{"src/a.cpp", std::string(120, 'x') + "\n"}}), Strings{});
    EXPECT_EQ(places(check_lines, {{"src/a.cpp", long_line}}), Strings{"src/a.cpp:1"});
    EXPECT_EQ(places(check_lines, {{"a.md", long_line}, {"src/a.def", long_line}}), Strings{});
    EXPECT_EQ(places(check_lines, {{"tools/x", "#!/bin/sh\n" + long_line}}), Strings{"tools/x:2"});
    EXPECT_EQ(places(check_lines, {{"a.md", "x \ny\n\tz\n"}}), (Strings{"a.md:1", "a.md:3"}));
    EXPECT_EQ(places(check_lines, {{"Makefile", "a:\n\tb\n"}}), Strings{});
    EXPECT_EQ(places(check_lines, {{"a.md", "x"}, {"b.md", "x\n\n"}}), (Strings{"a.md:0", "b.md:0"}));
}

TEST(tidy_markers, unfinished_work_is_found_as_a_whole_word)
{
    const std::string marker = std::string("TO") + "DO";
    EXPECT_EQ(places(check_markers, {{"src/a.cpp", "// " + marker + ": later\n"}}), Strings{"src/a.cpp:1"});
    EXPECT_EQ(places(check_markers, {{"src/a.cpp", "int " + marker + "S;\n"}}), Strings{});
}

TEST(tidy_paths, a_path_of_one_machine_is_found)
{
    const std::string path = std::string("/ho") + "me/someone/x";
    EXPECT_EQ(places(check_paths, {{"a.md", "see " + path + "\n"}}), Strings{"a.md:1"});
    EXPECT_EQ(places(check_paths, {{"a.md", "see example.org" + path + "\n"}}), Strings{});
}

TEST(tidy_documents, one_title_and_links_that_lead_somewhere)
{
    EXPECT_EQ(places(check_documents, {{"a.md", "# A\n\ntext\n"}}), Strings{});
    EXPECT_EQ(places(check_documents, {{"a.md", "text\n"}}), Strings{"a.md:1"});
    EXPECT_EQ(places(check_documents, {{"a.md", "# A\n# B\n"}}), Strings{"a.md:2"});
    EXPECT_EQ(places(check_documents, {{"a.md", "# A\n```\n# a comment\n```\n"}}), Strings{});
    EXPECT_EQ(places(check_documents,
                     {{"docs/a.md", "# A\n[b](b.md) [c](../c.md#x) [d](https://d)\n"}, {"docs/b.md", "# B\n"}}),
              Strings{"docs/a.md:2"});
}

TEST(tidy_scripts, say_what_they_do)
{
    EXPECT_EQ(places(check_scripts, {{"tools/a", "#!/bin/sh\n# Does it.\n"}, {"tools/b", "#!/bin/sh\nset -e\n"}}),
              Strings{"tools/b:2"});
}

TEST(tidy_headers, comment_then_pragma_once)
{
    EXPECT_EQ(places(check_headers, {{"src/a.hpp", "// What.\n#pragma once\n"}}), Strings{});
    EXPECT_EQ(places(check_headers, {{"src/a.hpp", "#pragma once\n"}}), Strings{"src/a.hpp:1"});
    EXPECT_EQ(places(check_headers, {{"src/a.hpp", "// What.\nint x;\n"}}), Strings{"src/a.hpp:2"});
    EXPECT_EQ(places(check_headers, {{"src/a.hpp", repeated("// x\n", 21) + "#pragma once\n"}}),
              Strings{"src/a.hpp:1"});
}

TEST(tidy_own_header, comes_first)
{
    const File header{"src/a.hpp", ""};
    EXPECT_EQ(places(check_own_header, {header, {"src/a.cpp", "#include \"a.hpp\"\n"}}), Strings{});
    EXPECT_EQ(places(check_own_header, {header, {"src/a.cpp", "#include <vector>\n#include \"a.hpp\"\n"}}),
              Strings{"src/a.cpp:1"});
}

TEST(tidy_banned_words, are_found_where_they_are_not_allowed)
{
    EXPECT_EQ(places(check_banned_words, {{"src/a.cpp", "void f()\n{\n    throw 1;\n}\n"}}), Strings{"src/a.cpp:3"});
    EXPECT_EQ(places(check_banned_words, {{"src/a.cpp", "    std::printf(\"x\");\n"}}), Strings{"src/a.cpp:1"});
    EXPECT_EQ(places(check_banned_words, {{"src/cli/a.cpp", "    std::printf(\"x\");\n"}}), Strings{});
    EXPECT_EQ(places(check_banned_words, {{"src/a_test.cpp", "throw 1;\n"}}), Strings{});
    EXPECT_EQ(places(check_banned_words, {{"src/a.cpp", "// throw\ncase Op::throw_: f(x.exit());\n"}}), Strings{});
    EXPECT_EQ(places(check_banned_words, {{"src/a.cpp", "int proc::exit(int code);\nvoid exit(int);\n"}}), Strings{});
    EXPECT_EQ(places(check_banned_words, {{"src/a.cpp", "    exit(1);\n"}}), Strings{"src/a.cpp:1"});
}

TEST(tidy_cmake_lists, every_source_is_listed_by_its_path)
{
    const File lists{"src/base/CMakeLists.txt", "library(base\n  SOURCES a.cpp sub/b.cpp ../net/c.cpp)\n"};
    EXPECT_EQ(
        places(check_cmake_lists, {lists, {"src/base/a.cpp", ""}, {"src/base/sub/b.cpp", ""}, {"src/net/c.cpp", ""}}),
        Strings{});
    EXPECT_EQ(places(check_cmake_lists, {lists, {"src/base/b.cpp", ""}, {"src/net/a.cpp", ""}}),
              (Strings{"src/base/b.cpp:0", "src/net/a.cpp:0"}));
}

TEST(tidy_layers, an_include_goes_down_only)
{
    const File layers{"tools/layers.txt", "# comment\nbase:\nwasm/text: base\n"};
    const File low{"src/base/a.hpp", "#include \"a.hpp\"\n"};
    EXPECT_EQ(places(check_layers, {layers, low, {"src/wasm/text/b.cpp", "#include \"base/a.hpp\"\n"}}), Strings{});
    EXPECT_EQ(places(check_layers,
                     {layers, {"src/base/b.cpp", "\n#include \"wasm/text/b.hpp\"\n"}, {"src/wasm/text/b.hpp", ""}}),
              Strings{"src/base/b.cpp:2"});
    EXPECT_EQ(places(check_layers,
                     {layers, {"src/base/b_test.cpp", "#include \"wasm/text/b.hpp\"\n"}, {"src/wasm/text/b.hpp", ""}}),
              Strings{});
}

TEST(tidy_layers, list_and_tree_agree)
{
    EXPECT_EQ(places(check_layers, {{"src/base/a.cpp", ""}}), Strings{"tools/layers.txt:0"});
    EXPECT_EQ(places(check_layers, {{"tools/layers.txt", "base:\n"}, {"src/net/a.cpp", ""}}),
              (Strings{"tools/layers.txt:0", "src/net/a.cpp:0"}));
    EXPECT_EQ(places(check_layers,
                     {{"tools/layers.txt", "base: net\nnet:\n"}, {"src/base/a.cpp", ""}, {"src/net/a.cpp", ""}}),
              Strings{"tools/layers.txt:1"});
}

TEST(tidy_walls, a_library_stays_where_it_is_listed)
{
    const File walls{"tools/walls.txt", "fmt/: src/base/format\nfstream: src/base/ *_test.cpp\n"};
    const File format{"src/base/format.hpp", "#include <fmt/core.h>\n#include <vector>\n#include <sys/mman.h>\n"};
    const File reader{"src/base/file.cpp", "#include <fstream>\n"};
    EXPECT_EQ(places(check_walls, {walls, format, reader, {"src/wasm/a_test.cpp", "#include <fstream>\n"}}), Strings{});
    EXPECT_EQ(places(check_walls, {walls, format, reader, {"src/wasm/a.cpp", "#include <fmt/core.h>\n"}}),
              Strings{"src/wasm/a.cpp:1"});
    EXPECT_EQ(places(check_walls, {walls, format, reader, {"src/wasm/a.cpp", "#include <boost/json.hpp>\n"}}),
              Strings{"src/wasm/a.cpp:1"});
    EXPECT_EQ(places(check_walls, {walls, format}), Strings{"tools/walls.txt:0"});
}

TEST(tidy_architecture, the_map_names_every_folder)
{
    const File map{"docs/ARCHITECTURE.md", "# A\n`base/` and `wasm/text/`\n"};
    EXPECT_EQ(places(check_architecture, {map, {"src/base/a.cpp", ""}, {"src/CMakeLists.txt", ""}}), Strings{});
    EXPECT_EQ(places(check_architecture, {map, {"src/wasm/binary/a.cpp", ""}}), Strings{"docs/ARCHITECTURE.md:0"});
}

File function_of(int lines)
{
    return {"src/a.cpp", "void f()\n{\n" + repeated("    g();\n", lines - 2) + "}\n"};
}

TEST(tidy_function_sizes, sixty_lines_and_exceptions_that_only_shrink)
{
    const auto listed = [](std::string text) { return File{"tools/long_functions.txt", std::move(text)}; };
    EXPECT_EQ(places(check_function_sizes, {function_of(60)}), Strings{});
    EXPECT_EQ(places(check_function_sizes, {function_of(61)}), Strings{"src/a.cpp:2"});
    EXPECT_EQ(places(check_function_sizes, {function_of(61), listed("src/a.cpp f 61 a reason\n")}), Strings{});
    EXPECT_EQ(places(check_function_sizes, {function_of(62), listed("src/a.cpp f 61 a reason\n")}),
              Strings{"src/a.cpp:2"});
    EXPECT_EQ(places(check_function_sizes, {function_of(61), listed("src/a.cpp f 71 a reason\n")}), Strings{});
    EXPECT_EQ(places(check_function_sizes, {function_of(61), listed("src/a.cpp f 72 a reason\n")}),
              Strings{"tools/long_functions.txt:0"});
    EXPECT_EQ(places(check_function_sizes, {function_of(60), listed("src/a.cpp f 61 a reason\n")}),
              Strings{"tools/long_functions.txt:0"});
    EXPECT_EQ(places(check_function_sizes, {listed("src/a.cpp f 61\n")}), Strings{"tools/long_functions.txt:1"});
}

TEST(tidy_file_sizes, five_hundred_lines)
{
    EXPECT_EQ(places(check_file_sizes, {{"src/a.cpp", repeated("\n", 500)}}), Strings{});
    EXPECT_EQ(places(check_file_sizes, {{"src/a.cpp", repeated("\n", 501)}}), Strings{"src/a.cpp:0"});
    EXPECT_EQ(places(check_file_sizes, {{"src/a.def", repeated("\n", 501)}}), Strings{});
}

TEST(tidy_tree, reads_the_checkout)
{
    const auto tree = Tree::read(TRELLIS_SOURCE_DIR);
    ASSERT_TRUE(tree.has_value());
    for (const char* path : {"README.md", "Makefile", ".ci/run", "tools/setup", "src/base/result.hpp"})
        EXPECT_NE(tree->find(path), nullptr) << path;
    EXPECT_TRUE(std::ranges::none_of(tree->files, [](const File& file) { return file.path.starts_with("build/"); }));
    EXPECT_FALSE(Tree::read(TRELLIS_SOURCE_DIR "/docs").has_value());
}

} // namespace
} // namespace trellis::tidy
