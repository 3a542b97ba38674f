#include "cli/command.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace trellis::cli {
namespace {

constexpr std::array commands = {
    &run_command,
    &serve_command,
    &routes_command,
    &preinit_command,
    &optimize_command,
    &compile_command,
    &cache_command,
    &inspect_command,
    &validate_command,
    &wat_command,
    &assemble_command,
    &component_new_command,
    &component_embed_command,
    &component_wit_command,
    &bindgen_command,
    &compose_command,
    &component_inspect_command,
    &component_targets_command,
};

} // namespace

std::span<const Command* const> all_commands()
{
    return commands;
}

const Command* find_command(std::span<const char* const> words)
{
    const std::string_view first = words.empty() ? "" : words[0];
    const auto both = words.size() < 2 ? std::string() : std::string(first).append(" ").append(words[1]);
    const auto found = std::ranges::find_if(
        commands, [&](const Command* command) { return command->name == first || command->name == both; });
    return found == commands.end() ? nullptr : *found;
}

std::size_t words_of(const Command& command)
{
    return command.name.contains(' ') ? 2 : 1;
}

std::vector<const Command*> commands_of_group(std::string_view word)
{
    std::vector<const Command*> group;
    for (const auto* command : commands)
        if (command->name.starts_with(word) && command->name.substr(word.size()).starts_with(' '))
            group.push_back(command);
    return group;
}

} // namespace trellis::cli
