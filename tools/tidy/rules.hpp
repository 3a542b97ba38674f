// The house rules: each is a function over the whole tree that reports what it objects to. `rules()` lists them all.
// They keep no state; docs/STYLE.md says what they are for.
#pragma once

#include "tree.hpp"

#include <span>

namespace trellis::tidy {

struct Rule {
    const char* name;
    void (*check)(const Tree& tree, Findings& findings);
};

std::span<const Rule> rules();

/// The findings of every rule, in the order of the rules.
Findings check(const Tree& tree);

// line_rules.cpp: any text
void check_lines(const Tree& tree, Findings& findings);     ///< length, tabs, blanks at the end, the last line's end
void check_markers(const Tree& tree, Findings& findings);   ///< unfinished work is in the issue, not in the code
void check_paths(const Tree& tree, Findings& findings);     ///< no path of one machine
void check_documents(const Tree& tree, Findings& findings); ///< one title, links that lead somewhere
void check_scripts(const Tree& tree, Findings& findings);   ///< an interpreter and a comment that says what it does

// code_rules.cpp: C++
void check_headers(const Tree& tree, Findings& findings);      ///< an opening comment, then #pragma once
void check_own_header(const Tree& tree, Findings& findings);   ///< a source includes its own header first
void check_banned_words(const Tree& tree, Findings& findings); ///< what has a better way here, and where it is allowed
void check_cmake_lists(const Tree& tree, Findings& findings);  ///< every source is listed by name

// layer_rules.cpp: who may include whom
void check_layers(const Tree& tree, Findings& findings);       ///< tools/layers.txt against folders and #includes
void check_walls(const Tree& tree, Findings& findings);        ///< tools/walls.txt against #includes of other libraries
void check_architecture(const Tree& tree, Findings& findings); ///< docs/ARCHITECTURE.md names every folder of src/

// size_rules.cpp: functions and files stay short; the lists of exceptions only shrink
void check_function_sizes(const Tree& tree, Findings& findings); ///< tools/long_functions.txt
void check_file_sizes(const Tree& tree, Findings& findings);     ///< tools/long_files.txt

} // namespace trellis::tidy
