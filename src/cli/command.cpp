#include "cli/command.hpp"

#include <algorithm>
#include <array>

namespace trellis::cli {
namespace {

constexpr std::array<const Command*, 12> commands = {
    &run_command,   &serve_command,   &routes_command,   &preinit_command, &optimize_command, &compile_command,
    &cache_command, &inspect_command, &validate_command, &wat_command,     &assemble_command, &bindgen_command,
};

} // namespace

std::span<const Command* const> all_commands()
{
    return commands;
}

const Command* find_command(std::string_view name)
{
    const auto* found = std::ranges::find(commands, name, &Command::name);
    return found == commands.end() ? nullptr : *found;
}

} // namespace trellis::cli
