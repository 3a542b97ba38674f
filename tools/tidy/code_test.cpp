#include "code.hpp"

#include <gtest/gtest.h>

namespace trellis::tidy {
namespace {

std::vector<std::string> names_and_lines(std::string_view code)
{
    std::vector<std::string> result;
    for (const Function& function : functions_of(blanked(code)))
        result.push_back(function.name + " " + std::to_string(function.first_line) + "+" +
                         std::to_string(function.lines));
    return result;
}

using Strings = std::vector<std::string>;

TEST(tidy_code, comments_and_literals_become_blanks)
{
    EXPECT_EQ(blanked("a // b\nc"), "a     \nc");
    EXPECT_EQ(blanked("a/* b\n */c"), "a    \n   c");
    EXPECT_EQ(blanked(R"(f("{\"", '{');)"), "f(     ,    );");
    EXPECT_EQ(blanked("1'000'000 + 'x'"), "1'000'000 +    ");
    EXPECT_EQ(blanked("R\"x({ \" )x\" }"), "            }");
    EXPECT_EQ(blanked("\"never closed\nint"), "             \nint");
}

TEST(tidy_code, includes_have_line_path_and_kind)
{
    const auto includes = includes_of("// x\n#include \"a/b.hpp\"\n#include <vector> // why\nint x;\n");
    ASSERT_EQ(includes.size(), 2u);
    EXPECT_EQ(includes[0].path, "a/b.hpp");
    EXPECT_FALSE(includes[0].angled);
    EXPECT_EQ(includes[1].path, "vector");
    EXPECT_EQ(includes[1].line, 3u);
    EXPECT_TRUE(includes[1].angled);
}

TEST(tidy_code, functions_in_namespaces_and_types)
{
    EXPECT_EQ(names_and_lines("namespace a {\nint f(int x)\n{\n    if (x) {\n    }\n    return 1;\n}\n}\n"),
              Strings{"f 3+5"});
    EXPECT_EQ(names_and_lines("class A : public B<int> {\n    int f() const { return 1; }\n};\n"), Strings{"f 2+1"});
    EXPECT_EQ(names_and_lines("extern \"C\" int f(void)\n{\n}\n"), Strings{"f 2+2"});
    EXPECT_EQ(names_and_lines("struct time now(void)\n{\n}\n"), Strings{"now 2+2"});
    EXPECT_EQ(names_and_lines("template <class T> T f(T t)\n{\n}\n"), Strings{"f 2+2"});
    EXPECT_EQ(names_and_lines("__attribute__((preserve_none)) void f(int a)\n{\n}\n"), Strings{"f 2+2"});
    EXPECT_EQ(names_and_lines("TEST(suite, case_name)\n{\n}\n"), Strings{"suite, case_name 2+2"});
}

TEST(tidy_code, initializers_are_no_functions)
{
    EXPECT_EQ(names_and_lines("int x = {1};\nint y{f(1)};\nFoo z = {g(1), {2}};\nauto t = std::array<F, 1>{F(1)};\n"),
              Strings{});
    EXPECT_EQ(names_and_lines("A::A(int a) : a_{a}, b_{2}\n{\n}\n"), Strings{"A 2+2"});
    EXPECT_EQ(names_and_lines("struct alignas(8) A {\n    int x = 0;\n};\nenum class E : int { a, b };\n"), Strings{});
}

TEST(tidy_code, macros_do_not_name_what_follows)
{
    EXPECT_EQ(names_and_lines("#define X(a) a\n#if defined(Y) && \\\n    defined(Z)\nint f()\n{\n}\n#endif\n"),
              Strings{"f 5+2"});
}

TEST(tidy_code, whole_words_only)
{
    EXPECT_EQ(find_word("throw_ref rethrow throw;", "throw"), 18u);
    EXPECT_EQ(find_word("throws", "throw"), std::string_view::npos);
}

} // namespace
} // namespace trellis::tidy
