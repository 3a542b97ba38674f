#include "rules.hpp"

#include "base/format.hpp"
#include "code.hpp"

#include <array>

namespace trellis::tidy {

namespace {

constexpr std::size_t longest_line = 120;

// Spelled in halves: this file obeys them too.
constexpr std::array<std::string_view, 4> markers = {"TO"
                                                     "DO",
                                                     "FIX"
                                                     "ME",
                                                     "XX"
                                                     "X",
                                                     "HA"
                                                     "CK"};
constexpr std::array<std::string_view, 5> machine_paths = {"/ho"
                                                           "me/",
                                                           "/ro"
                                                           "ot/",
                                                           "/wo"
                                                           "rk/",
                                                           "/Us"
                                                           "ers/",
                                                           "/fa"
                                                           "rm/"};

/// Results are written by programs.
bool is_generated(const File& file)
{
    return file.path.starts_with("bench/results/");
}

bool is_script(const File& file)
{
    return file.text.starts_with("#!");
}

/// Tables make long lines, in documents and as .def; data files have the shape of their data.
bool has_line_limit(const File& file)
{
    return (is_code(file.path) && !file.path.ends_with(".def")) || is_script(file) ||
           name_of(file.path) == "CMakeLists.txt" || file.path.ends_with(".cmake");
}

void check_line(const File& file, std::size_t number, std::string_view line, Findings& findings)
{
    if (has_line_limit(file) && line.size() > longest_line)
        findings.push_back({file.path, number, format("{} characters; at most {}", line.size(), longest_line)});
    if (line.ends_with(' ') || line.ends_with('\t') || line.ends_with('\r'))
        findings.push_back({file.path, number, "blanks at the end of the line"});
    if (line.find('\t') != std::string_view::npos && name_of(file.path) != "Makefile")
        findings.push_back({file.path, number, "a tab; indent with spaces"});
}

template <class Check>
void for_each_line(const Tree& tree, Check&& check)
{
    for (const File& file : tree.files) {
        if (is_generated(file))
            continue;
        std::size_t number = 0;
        for (std::string_view line : lines_of(file.text))
            check(file, ++number, line);
    }
}

/// A path of a machine, not the tail of one.
bool has_machine_path(std::string_view line, std::string_view path)
{
    for (std::size_t at = line.find(path); at != std::string_view::npos; at = line.find(path, at + 1)) {
        constexpr std::string_view continues = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/{}$)";
        if (at == 0 || continues.find(line[at - 1]) == std::string_view::npos)
            return true;
    }
    return false;
}

/// A file of the tree, or a folder with one in it.
bool exists(const Tree& tree, const std::string& path)
{
    for (const File& file : tree.files)
        if (file.path == path || file.path.starts_with(path + "/"))
            return true;
    return false;
}

void check_links(const Tree& tree, const File& file, std::size_t number, std::string_view line, Findings& findings)
{
    for (std::size_t at = line.find("]("); at != std::string_view::npos; at = line.find("](", at + 1)) {
        std::string_view target = line.substr(at + 2);
        target = target.substr(0, target.find_first_of(")# "));
        // Pictures are no text, so the tree does not have them.
        if (target.empty() || target.find(':') != std::string_view::npos || target.ends_with(".svg"))
            continue;
        if (!exists(tree, path_from(folder_of(file.path), target)))
            findings.push_back({file.path, number, format("the link leads nowhere: {}", target)});
    }
}

void check_document(const Tree& tree, const File& file, Findings& findings)
{
    std::size_t number = 0;
    bool fenced = false;
    for (std::string_view line : lines_of(file.text)) {
        ++number;
        if (line.starts_with("```"))
            fenced = !fenced;
        if (fenced)
            continue;
        if ((number == 1) != line.starts_with("# "))
            findings.push_back({file.path, number, "a document has one title, in its first line"});
        check_links(tree, file, number, line, findings);
    }
}

} // namespace

void check_lines(const Tree& tree, Findings& findings)
{
    for_each_line(tree, [&](const File& file, std::size_t number, std::string_view line) {
        check_line(file, number, line, findings);
    });
    for (const File& file : tree.files)
        if (!file.text.empty() && (!file.text.ends_with('\n') || file.text.ends_with("\n\n")))
            findings.push_back({file.path, 0, "a file ends with one line end"});
}

void check_markers(const Tree& tree, Findings& findings)
{
    for_each_line(tree, [&](const File& file, std::size_t number, std::string_view line) {
        for (std::string_view marker : markers)
            if (find_word(line, marker) != std::string_view::npos)
                findings.push_back({file.path, number, format("{}: unfinished work belongs in the issue", marker)});
    });
}

void check_paths(const Tree& tree, Findings& findings)
{
    for_each_line(tree, [&](const File& file, std::size_t number, std::string_view line) {
        for (std::string_view path : machine_paths)
            if (has_machine_path(line, path))
                findings.push_back({file.path, number, format("{}: a path of one machine", path)});
    });
}

void check_documents(const Tree& tree, Findings& findings)
{
    for (const File& file : tree.files)
        if (is_markdown(file.path))
            check_document(tree, file, findings);
}

void check_scripts(const Tree& tree, Findings& findings)
{
    for (const File& file : tree.files) {
        if (!is_script(file))
            continue;
        const auto lines = lines_of(file.text);
        if (lines.size() < 2 || !lines[1].starts_with("# "))
            findings.push_back({file.path, 2, "a script says in its second line what it does"});
    }
}

} // namespace trellis::tidy
