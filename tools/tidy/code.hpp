// Just enough understanding of C++ for the rules: comments and literals blanked out, includes, and where functions
// begin and end. A matcher of braces, not a parser: it reads the code this project writes, formatted by clang-format.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace trellis::tidy {

/// The same text with every character inside comments, string and character literals replaced by a blank; line ends
/// stay.
std::string blanked(std::string_view code);

struct Include {
    std::size_t line = 0;
    std::string path;
    bool angled = false; ///< <path> rather than "path"
};

std::vector<Include> includes_of(std::string_view code);

/// A function with a body. Lambdas and local types count as part of the function around them.
struct Function {
    std::string name;
    std::size_t first_line = 0; ///< where its body opens, from 1
    std::size_t lines = 0;      ///< of the body, both braces included
};

/// The functions of a text that `blanked` made.
std::vector<Function> functions_of(std::string_view blanked_code);

/// Whether `word` stands in `text` at `at` with no letter, digit or underscore around it.
bool is_whole_word(std::string_view text, std::size_t at, std::string_view word);

/// The offset of the first whole `word` from `from` on, or npos.
std::size_t find_word(std::string_view text, std::string_view word, std::size_t from = 0);

} // namespace trellis::tidy
