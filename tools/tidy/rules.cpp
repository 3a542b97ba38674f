#include "rules.hpp"

#include <array>

namespace trellis::tidy {

namespace {

constexpr std::array all = {
    Rule{"lines", check_lines},
    Rule{"markers", check_markers},
    Rule{"paths", check_paths},
    Rule{"documents", check_documents},
    Rule{"scripts", check_scripts},
    Rule{"headers", check_headers},
    Rule{"own header", check_own_header},
    Rule{"banned words", check_banned_words},
    Rule{"cmake lists", check_cmake_lists},
    Rule{"layers", check_layers},
    Rule{"walls", check_walls},
    Rule{"architecture", check_architecture},
    Rule{"function sizes", check_function_sizes},
    Rule{"file sizes", check_file_sizes},
};

} // namespace

std::span<const Rule> rules()
{
    return all;
}

Findings check(const Tree& tree)
{
    Findings findings;
    for (const Rule& rule : all)
        rule.check(tree, findings);
    return findings;
}

} // namespace trellis::tidy
