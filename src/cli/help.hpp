// The help texts, made from the rows of command.hpp.
#pragma once

#include "cli/command.hpp"

#include <string>

namespace trellis::cli {

std::string program_help();
std::string command_help(const Command& command);
/// Of commands whose names have the same first word.
std::string group_help(std::string_view word, std::span<const Command* const> group);
/// All subcommands as a Markdown page: docs/reference/command-line.md.
std::string reference_page();

} // namespace trellis::cli
