#include "tree.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace trellis::tidy {

namespace {

namespace fs = std::filesystem;

constexpr std::array text_suffixes = {".cpp",   ".hpp",  ".c",    ".h",    ".def", ".md", ".txt",
                                      ".cmake", ".json", ".yaml", ".toml", ".rs",  ".ts", ".sh"};

bool has_suffix_of_text(std::string_view name)
{
    return std::ranges::any_of(text_suffixes, [&](std::string_view suffix) { return name.ends_with(suffix); });
}

/// Scripts carry no suffix; everything else without one is data.
bool is_script(const std::string& text)
{
    return text.starts_with("#!");
}

bool is_skipped_folder(const std::string& name)
{
    return name == "build" || (name.starts_with('.') && name != ".ci");
}

std::string read_text(const fs::path& path)
{
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

void read_folder(const fs::path& root, const fs::path& folder, Tree& tree)
{
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        if (entry.is_symlink(error))
            continue;
        if (entry.is_directory(error)) {
            if (!is_skipped_folder(name))
                read_folder(root, entry.path(), tree);
            continue;
        }
        const bool known = has_suffix_of_text(name) || name == "Makefile";
        if (!known && name.find('.') != std::string::npos)
            continue;
        std::string text = read_text(entry.path());
        if (known || is_script(text))
            tree.files.push_back({fs::relative(entry.path(), root, error).generic_string(), std::move(text)});
    }
}

constexpr std::string_view blanks = " \t\r";

} // namespace

Result<Tree> Tree::read(const std::string& root)
{
    std::error_code error;
    if (!fs::is_regular_file(fs::path(root) / "CMakePresets.json", error))
        return fail(ErrorCode::not_found, format("{} is not the root of the checkout", root));
    Tree tree;
    read_folder(root, root, tree);
    std::ranges::sort(tree.files, {}, &File::path);
    return tree;
}

const File* Tree::find(std::string_view path) const
{
    const auto found = std::ranges::find(files, path, &File::path);
    return found == files.end() ? nullptr : &*found;
}

std::string_view folder_of(std::string_view path)
{
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view name_of(std::string_view path)
{
    return path.substr(path.rfind('/') + 1);
}

std::string path_from(std::string_view folder, std::string_view relative)
{
    std::vector<std::string_view> parts;
    const std::string joined = format("{}/{}", folder, relative);
    std::string_view rest = joined;
    while (!rest.empty()) {
        const std::size_t slash = rest.find('/');
        const std::string_view part = rest.substr(0, slash);
        rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
        if (part == ".." && !parts.empty())
            parts.pop_back();
        else if (!part.empty() && part != ".")
            parts.push_back(part);
    }
    std::string path;
    for (std::string_view part : parts)
        path += format("{}{}", path.empty() ? "" : "/", part);
    return path;
}

bool is_header(std::string_view path)
{
    return path.ends_with(".hpp") || path.ends_with(".h");
}

bool is_code(std::string_view path)
{
    return is_header(path) || path.ends_with(".cpp") || path.ends_with(".c") || path.ends_with(".def");
}

bool is_test(std::string_view path)
{
    return path.ends_with("_test.cpp") || path.ends_with("_fuzz.cpp") || path.starts_with("tests/") ||
           name_of(path).starts_with("test_");
}

bool is_markdown(std::string_view path)
{
    return path.ends_with(".md");
}

std::vector<std::string_view> lines_of(std::string_view text)
{
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

std::vector<std::string_view> words_of(std::string_view line)
{
    std::vector<std::string_view> words;
    while (true) {
        const std::size_t begin = line.find_first_not_of(blanks);
        if (begin == std::string_view::npos)
            return words;
        line.remove_prefix(begin);
        words.push_back(line.substr(0, line.find_first_of(blanks)));
        line.remove_prefix(words.back().size());
    }
}

std::string_view without_hash_comment(std::string_view line)
{
    line = line.substr(0, line.find('#'));
    const std::size_t begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos)
        return {};
    return line.substr(begin, line.find_last_not_of(blanks) + 1 - begin);
}

} // namespace trellis::tidy
