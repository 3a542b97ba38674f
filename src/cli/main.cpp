// trellis COMMAND [options] FILE
#include "base/format.hpp"
#include "cli/arguments.hpp"
#include "cli/exit_code.hpp"
#include "cli/help.hpp"
#include "cli/terminal.hpp"

#include <csignal>
#include <unistd.h>

namespace trellis::cli {
namespace {

/// Of a name that stands for several commands, the second word is missing or wrong.
int unknown_command(std::span<const char* const> words)
{
    const auto group = commands_of_group(words[0]);
    const std::string name = group.empty() || words.size() < 2 ? words[0] : format("{} {}", words[0], words[1]);
    std::vector<std::string_view> names;
    for (const auto* command : all_commands())
        names.push_back(command->name);
    if (!group.empty() && words.size() < 2)
        return report(Error{ErrorCode::usage, format("{0} what? `trellis help {0}` lists its commands", name)});
    const auto like = nearest(name, names);
    return report(Error{ErrorCode::usage,
                        format("unknown command {}; {}", name,
                               like ? format("did you mean {}?", *like) : "`trellis --help` lists the commands")});
}

int help(std::span<const char* const> words)
{
    if (words.empty())
        return print(program_help());
    if (std::string_view(words[0]) == "--reference")
        return print(reference_page());
    const auto* command = find_command(words);
    if (command != nullptr)
        return print(command_help(*command));
    const auto group = commands_of_group(words[0]);
    return words.size() == 1 && !group.empty() ? print(group_help(words[0], group)) : unknown_command(words);
}

int run_program(std::span<const char* const> words)
{
    if (words.empty()) {
        (void)write_all(STDERR_FILENO, program_help());
        return exit_code_of(ErrorCode::usage);
    }
    const std::string_view name = words[0];
    if (name == "--version")
        return print("trellis " TRELLIS_VERSION "\n");
    if (name == "help" || name == "--help" || name == "-h")
        return help(words.subspan(1));
    const auto* command = find_command(words);
    if (!command) {
        const bool asks_for_help = words.size() == 2 && std::string_view(words[1]) == "--help";
        return asks_for_help ? help(words.first(1)) : unknown_command(words);
    }
    const auto arguments = Arguments::parse(*command, words.subspan(words_of(*command)));
    if (!arguments)
        return report(arguments.error());
    return arguments->asks_for_help() ? print(command_help(*command)) : command->run(*arguments);
}

} // namespace
} // namespace trellis::cli

int main(int count, char** words)
{
    // A closed pipe is an error of the write that met it, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    const int code = trellis::cli::run_program({words + 1, static_cast<std::size_t>(count) - 1});
    // Nothing is buffered, and the kernel takes memory back faster than destructors give it.
    _exit(code);
}
