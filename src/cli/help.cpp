#include "cli/help.hpp"

#include "base/format.hpp"
#include "cli/arguments.hpp"
#include "cli/exit_code.hpp"

#include <algorithm>

namespace trellis::cli {
namespace {

std::string usage_of(const Option& option)
{
    const auto letter = option.letter ? format("-{}, ", option.letter) : std::string();
    return format("{}--{}{}{}", letter, option.name, option.value.empty() ? "" : " ", option.value);
}

std::string sentence_of(const Option& option)
{
    std::string text(option.help);
    if (!option.example.empty())
        text += format("; for example {}", option.example);
    if (option.repeats)
        text += "; may be repeated";
    if (option.environment)
        text += format(" [{}]", environment_name(option.name));
    return text;
}

/// Adds `text` in lines of at most 100 columns, indented by `indent` except on the first line.
void add_wrapped(std::string& out, std::string_view text, std::size_t indent)
{
    constexpr std::size_t columns = 100;
    std::size_t column = indent;
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        if (column > indent && column + 1 + word.size() > columns) {
            out += '\n';
            out.append(indent, ' ');
            column = indent;
        }
        if (column > indent) {
            out += ' ';
            ++column;
        }
        out += word;
        column += word.size();
    }
    out += '\n';
}

} // namespace

std::string program_help()
{
    std::string text =
        "Trellis runs WebAssembly programs in a sandbox: they see what you grant them, and nothing else.\n\n"
        "Usage: trellis COMMAND [options] FILE\n\nCommands:\n";
    for (const auto* command : all_commands())
        text += format("  {:<17} {}\n", command->name, command->summary);
    text += format("  {:<17} {}\n", "help", "Explains a command: trellis help run");
    text += "\nOptions:\n  --help     This text\n  --version  The version\n\nExamples:\n";
    for (const auto* command : all_commands()) {
        if (!command->examples.empty())
            text += format("  {}\n", command->examples.front().command);
    }
    return text;
}

std::string command_help(const Command& command)
{
    std::string text =
        format("{}\n\nUsage: trellis {} [options] {}\n", command.summary, command.name, command.operands);
    if (!command.details.empty())
        text += format("\n{}\n", command.details);
    text += "\nOptions:\n";
    for (const auto& option : command.options) {
        text += format("  {}\n      ", usage_of(option));
        add_wrapped(text, sentence_of(option), 6);
    }
    text += "\nExamples:\n";
    for (const auto& example : command.examples)
        text += format("  {}\n      {}\n", example.command, example.explanation);
    return text;
}

std::string group_help(std::string_view word, std::span<const Command* const> group)
{
    std::string text = format("Usage: trellis {} COMMAND [options] FILE\n\nCommands:\n", word);
    for (const auto* command : group)
        text += format("  {:<18} {}\n", command->name, command->summary);
    text += "\nExamples:\n";
    for (const auto* command : group)
        for (const auto& example : command->examples)
            text += format("  {}\n      {}\n", example.command, example.explanation);
    return text + format("\n`trellis help {}` explains one of them.\n", group.front()->name);
}

std::string reference_page()
{
    std::string text =
        "# The command line\n\nMade by `trellis help --reference` from the tables that the program parses "
        "with; don't edit.\n";
    for (const auto* command : all_commands()) {
        text += format("\n## trellis {}\n\n{}\n\n    trellis {} [options] {}\n", command->name, command->summary,
                       command->name, command->operands);
        if (!command->details.empty())
            text += format("\n{}\n", command->details);
        text += "\n| option | meaning |\n|---|---|\n";
        for (const auto& option : command->options)
            text += format("| `{}` | {} |\n", usage_of(option), sentence_of(option));
        text += '\n';
        for (const auto& example : command->examples)
            text += format("* `{}`: {}\n", example.command, example.explanation);
    }
    text += "\n## Exit codes\n\n| code | meaning |\n|---:|---|\n";
    for (const auto& row : exit_code_rows())
        text += format("| {} | {} |\n", row.code, row.meaning);
    return text;
}

} // namespace trellis::cli
