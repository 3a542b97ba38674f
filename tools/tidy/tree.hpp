// The checkout as the rules see it: every text file under its path, read once. Built in memory by tests.
// Values only; safe to read from any thread.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace trellis::tidy {

/// A text file: path from the root of the checkout with '/', and content.
struct File {
    std::string path;
    std::string text;
};

/// Something a rule objects to. `line` counts from 1; 0 means the whole file.
struct Finding {
    std::string path;
    std::size_t line = 0;
    std::string message;

    friend bool operator==(const Finding&, const Finding&) = default;
};

using Findings = std::vector<Finding>;

/// All files, in the order of their paths.
struct Tree {
    std::vector<File> files;

    /// Reads what is under `root`, without folders named build and without hidden ones other than .ci.
    static Result<Tree> read(const std::string& root);

    [[nodiscard]] const File* find(std::string_view path) const;
};

/// "src/wasm/text" for "src/wasm/text/lexer.cpp"; empty for a file of the root.
std::string_view folder_of(std::string_view path);
std::string_view name_of(std::string_view path);

/// The path that `relative` means in `folder`: "src/base/a.cpp" for "src/wasm" and "../base/a.cpp".
std::string path_from(std::string_view folder, std::string_view relative);

bool is_header(std::string_view path);   ///< .hpp or .h
bool is_code(std::string_view path);     ///< C or C++, tables (.def) included
bool is_test(std::string_view path);     ///< _test.cpp, _fuzz.cpp, test_*, or under tests/
bool is_markdown(std::string_view path); ///< .md

/// The lines of a text, without their line ends.
std::vector<std::string_view> lines_of(std::string_view text);

/// The words of a line, split at blanks.
std::vector<std::string_view> words_of(std::string_view line);

/// A line of a data file without its comment (from '#') and the blanks around it.
std::string_view without_hash_comment(std::string_view line);

} // namespace trellis::tidy
