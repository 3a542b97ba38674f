#include "rules.hpp"

#include "base/format.hpp"
#include "code.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace trellis::tidy {

namespace {

constexpr std::size_t longest_opening_comment = 20;

/// A word of src/ that has a better way, and the files (by the beginning of their path) that need it all the same.
struct Ban {
    std::string_view word;
    std::string_view allowed; ///< beginnings of paths, separated by blanks
    std::string_view instead;
};

constexpr std::array bans = {
    Ban{"std::cout", "", "output goes through the caller"},
    Ban{"std::cerr", "", "return a Result; the command line prints it"},
    Ban{"std::clog", "", "return a Result; the command line prints it"},
    Ban{"std::endl", "", "'\\n'"},
    Ban{"printf", "src/cli/ src/base/check.cpp", "return a Result; the command line prints it"},
    Ban{"fprintf", "src/cli/ src/base/check.cpp", "return a Result; the command line prints it"},
    Ban{"puts", "src/cli/", "return a Result; the command line prints it"},
    Ban{"exit", "src/cli/", "return a Result; main decides"},
    Ban{"abort", "src/base/check.cpp src/sandbox/scratch_directory.hpp", "TRELLIS_CHECK"},
    Ban{"assert", "", "TRELLIS_ASSERT or TRELLIS_CHECK"},
    Ban{"throw", "", "return a Result"},
    Ban{"dynamic_cast", "", "a closed enum, or a virtual function"},
    Ban{"system", "", "no shell runs here"},
    Ban{"popen", "", "no shell runs here"},
    Ban{"rand", "", "random numbers come from the system or from a seed"},
    Ban{"strcpy", "", "std::string"},
    Ban{"sprintf", "", "trellis::format"},
};

bool is_allowed(const Ban& ban, std::string_view path)
{
    return std::ranges::any_of(words_of(ban.allowed),
                               [&](std::string_view prefix) { return path.starts_with(prefix); });
}

/// A function of that name (a call or a qualified name), not a member or a function of ours that shares the word.
bool is_use_of(std::string_view code, std::size_t at, std::string_view word)
{
    const bool member = at > 0 && (code[at - 1] == '.' || code.substr(0, at).ends_with("->"));
    const bool keyword = word.find(':') != std::string_view::npos || word == "throw" || word.ends_with("_cast");
    const bool qualified = code.substr(0, at).ends_with("::") && !code.substr(0, at).ends_with("std::");
    const bool call = at + word.size() < code.size() && code[at + word.size()] == '(';
    const bool declared = at > 1 && code[at - 1] == ' ' && code[at - 2] != ';' && code[at - 2] != '=' &&
                          code[at - 2] != '(' && code[at - 2] != ',' && code[at - 2] != ' ' &&
                          !code.substr(0, at).ends_with("return ");
    return keyword || (call && !member && !qualified && !declared);
}

void check_banned_word(const File& file, std::string_view code, const Ban& ban, Findings& findings)
{
    if (is_allowed(ban, file.path))
        return;
    for (std::size_t at = find_word(code, ban.word); at != std::string_view::npos;
         at = find_word(code, ban.word, at + 1)) {
        if (!is_use_of(code, at, ban.word))
            continue;
        const auto line = static_cast<std::size_t>(std::ranges::count(code.substr(0, at), '\n')) + 1;
        findings.push_back({file.path, line, format("{}: not here; instead: {}", ban.word, ban.instead)});
    }
}

void check_header(const File& file, Findings& findings)
{
    const auto lines = lines_of(file.text);
    std::size_t comment = 0;
    while (comment < lines.size() && lines[comment].starts_with("//"))
        ++comment;
    if (comment == 0)
        findings.push_back({file.path, 1, "a header begins with a comment: what it is, the idea, the thread rule"});
    if (comment > longest_opening_comment)
        findings.push_back({file.path, 1, "a long opening comment; the rest belongs beside what it describes"});
    if (comment == lines.size() || lines[comment] != "#pragma once")
        findings.push_back({file.path, comment + 1, "#pragma once follows the opening comment"});
}

/// The paths that a CMakeLists.txt may mean: every word of it, from its folder.
void add_listed(const File& file, std::set<std::string>& listed)
{
    std::string text = file.text;
    std::ranges::replace_if(
        text, [](char c) { return std::string_view("()\"\n;").find(c) != std::string_view::npos; }, ' ');
    for (std::string_view word : words_of(text))
        listed.insert(path_from(folder_of(file.path), word));
}

} // namespace

void check_headers(const Tree& tree, Findings& findings)
{
    for (const File& file : tree.files)
        if (file.path.ends_with(".hpp"))
            check_header(file, findings);
}

void check_own_header(const Tree& tree, Findings& findings)
{
    for (const File& file : tree.files) {
        if (!file.path.ends_with(".cpp"))
            continue;
        const std::string header = file.path.substr(0, file.path.size() - 4) + ".hpp";
        if (tree.find(header) == nullptr)
            continue;
        const auto includes = includes_of(file.text);
        if (includes.empty() || name_of(includes.front().path) != name_of(header))
            findings.push_back({file.path, 1, format("{} is not the first #include", name_of(header))});
    }
}

void check_banned_words(const Tree& tree, Findings& findings)
{
    for (const File& file : tree.files) {
        if (!file.path.starts_with("src/") || !is_code(file.path) || is_test(file.path))
            continue;
        const std::string code = blanked(file.text);
        for (const Ban& ban : bans)
            check_banned_word(file, code, ban, findings);
    }
}

void check_cmake_lists(const Tree& tree, Findings& findings)
{
    std::set<std::string> listed;
    for (const File& file : tree.files)
        if (name_of(file.path) == "CMakeLists.txt")
            add_listed(file, listed);
    for (const File& file : tree.files) {
        const bool compiled =
            file.path.ends_with(".cpp") &&
            (file.path.starts_with("src/") || file.path.starts_with("tools/") || file.path.starts_with("tests/"));
        if (compiled && !listed.contains(file.path))
            findings.push_back({file.path, 0, "no CMakeLists.txt lists it"});
    }
}

} // namespace trellis::tidy
