#include "rules.hpp"

#include "base/format.hpp"
#include "code.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace trellis::tidy {

namespace {

constexpr std::size_t longest_function = 60;
constexpr std::size_t longest_file = 500;
constexpr std::size_t slack = 10; // lines below its ceiling that an exception may have, so that edits stay possible

/// Something with a size, and the key of its exception.
struct Sized {
    std::string key; ///< "path" or "path function"
    std::string path;
    std::size_t line = 0;
    std::size_t lines = 0;
};

/// What may be longer than the rest: key to ceiling. A line is "key ceiling reason ...".
std::map<std::string, std::size_t> read_exceptions(const Tree& tree, std::string_view path, std::size_t key_words,
                                                   Findings& findings)
{
    std::map<std::string, std::size_t> ceilings;
    const File* file = tree.find(path);
    if (file == nullptr)
        return ceilings;
    std::size_t number = 0;
    for (std::string_view line : lines_of(file->text)) {
        ++number;
        const auto words = words_of(without_hash_comment(line));
        if (words.empty())
            continue;
        std::size_t ceiling = 0;
        if (words.size() > key_words)
            std::from_chars(words[key_words].data(), words[key_words].data() + words[key_words].size(), ceiling);
        if (ceiling == 0 || words.size() < key_words + 2) {
            findings.push_back({file->path, number, "expected what it is, its lines, and the reason"});
            continue;
        }
        std::string key(words[0]);
        for (std::size_t word = 1; word < key_words; ++word)
            key += format(" {}", words[word]);
        ceilings.emplace(std::move(key), ceiling);
    }
    return ceilings;
}

/// Exceptions only shrink: one that is no longer needed, or higher than needed, is an error like one that is exceeded.
void check_sizes(const std::vector<Sized>& all, std::size_t limit, std::map<std::string, std::size_t> ceilings,
                 std::string_view list, Findings& findings)
{
    for (const Sized& one : all) {
        const auto exception = ceilings.find(one.key);
        if (one.lines <= limit)
            continue;
        if (exception == ceilings.end()) {
            findings.push_back(
                {one.path, one.line,
                 format("{} has {} lines; at most {} (or a reason in {})", one.key, one.lines, limit, list)});
            continue;
        }
        if (one.lines > exception->second)
            findings.push_back(
                {one.path, one.line,
                 format("{} grew to {} lines; {} allows {}", one.key, one.lines, list, exception->second)});
        else if (one.lines + slack < exception->second)
            findings.push_back(
                {std::string(list), 0, format("{} has {} lines now: lower its number", one.key, one.lines)});
        ceilings.erase(exception);
    }
    for (const auto& [key, ceiling] : ceilings)
        findings.push_back({std::string(list), 0, format("{} needs no exception any more", key)});
}

bool has_size_limit(std::string_view path)
{
    return path.ends_with(".cpp") || path.ends_with(".hpp") || path.ends_with(".c");
}

} // namespace

void check_function_sizes(const Tree& tree, Findings& findings)
{
    constexpr std::string_view list = "tools/long_functions.txt";
    std::vector<Sized> functions;
    for (const File& file : tree.files) {
        if (!has_size_limit(file.path))
            continue;
        for (const Function& function : functions_of(blanked(file.text)))
            functions.push_back(
                {format("{} {}", file.path, function.name), file.path, function.first_line, function.lines});
    }
    // Overloads share a key: the longest counts.
    std::ranges::sort(
        functions, [](const Sized& a, const Sized& b) { return a.key != b.key ? a.key < b.key : a.lines > b.lines; });
    const auto repeated = std::ranges::unique(functions, {}, &Sized::key);
    functions.erase(repeated.begin(), repeated.end());
    check_sizes(functions, longest_function, read_exceptions(tree, list, 2, findings), list, findings);
}

void check_file_sizes(const Tree& tree, Findings& findings)
{
    constexpr std::string_view list = "tools/long_files.txt";
    std::vector<Sized> files;
    for (const File& file : tree.files)
        if (has_size_limit(file.path))
            files.push_back({file.path, file.path, 0, lines_of(file.text).size()});
    check_sizes(files, longest_file, read_exceptions(tree, list, 1, findings), list, findings);
}

} // namespace trellis::tidy
