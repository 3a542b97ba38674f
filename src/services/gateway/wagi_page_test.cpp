// docs/reference/wagi.md: every rule has a test, and every test it names exists.
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace trellis::gateway {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path)
{
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

void add_tests(const std::string& text, std::set<std::string>& names)
{
    static const std::regex test(R"(\nTEST(?:_F|_P)?\((\w+),\s+(\w+)\))");
    for (auto it = std::sregex_iterator(text.begin(), text.end(), test); it != std::sregex_iterator(); ++it)
        names.insert((*it)[1].str() + "." + (*it)[2].str());
}

std::set<std::string> all_tests()
{
    std::set<std::string> names;
    for (const auto* const folder : {"/src", "/tests"})
        for (const auto& one : fs::recursive_directory_iterator(std::string(TRELLIS_SOURCE_DIR) + folder))
            if (one.path().filename().string().ends_with("_test.cpp"))
                add_tests(text_of(one.path()), names);
    return names;
}

/// `suite.name` wherever it stands in a line, in backticks.
std::vector<std::string> named_tests(const std::string& line)
{
    static const std::regex name(R"(`([a-z]\w+\.[a-z]\w{9,})`)");
    std::vector<std::string> names;
    for (auto it = std::sregex_iterator(line.begin(), line.end(), name); it != std::sregex_iterator(); ++it)
        names.push_back((*it)[1]);
    return names;
}

bool is_rule(const std::string& line)
{
    return line.starts_with("| ") && !line.ends_with(" tests |");
}

TEST(gateway_wagi_page, every_rule_has_tests_that_exist)
{
    const auto tests = all_tests();
    std::stringstream page(text_of(TRELLIS_SOURCE_DIR "/docs/reference/wagi.md"));
    std::size_t rules = 0;
    for (std::string line; std::getline(page, line);) {
        const auto named = named_tests(line);
        if (is_rule(line)) {
            ++rules;
            EXPECT_FALSE(named.empty()) << "a rule without a test: " << line;
        }
        for (const auto& one : named)
            EXPECT_TRUE(tests.contains(one)) << one << " is no test";
    }
    EXPECT_GT(rules, 60u);
}

} // namespace
} // namespace trellis::gateway
