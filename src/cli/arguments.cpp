#include "cli/arguments.hpp"

#include "base/check.hpp"
#include "base/format.hpp"
#include "cli/values.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <numeric>

namespace trellis::cli {
namespace {

const Option* find_option(const Command& command, std::string_view name)
{
    const auto found = std::ranges::find(command.options, name, &Option::name);
    return found == command.options.end() ? nullptr : &*found;
}

/// "-1" and "-" are operands, "-x" and "--x" are options.
bool is_option(std::string_view word)
{
    return word.size() > 1 && word[0] == '-' && !std::isdigit(static_cast<unsigned char>(word[1])) && word[1] != '.';
}

std::unexpected<Error> unknown_option(const Command& command, std::string_view name, bool is_long)
{
    const auto foreign = std::ranges::find_if(command.foreign_options, [&](const ForeignOption& one) {
        return name == one.name || (!is_long && name[0] == one.letter);
    });
    if (foreign != command.foreign_options.end())
        return fail(ErrorCode::usage, format("--{}: {}", foreign->name, foreign->advice));
    std::vector<std::string_view> names;
    for (const auto& option : command.options)
        names.push_back(option.name);
    const auto like = nearest(name, names);
    const auto hint = like
                          ? format("did you mean --{}?", *like)
                          : format("`trellis help {}` lists the options; arguments of the guest that begin with a dash "
                                   "go behind --",
                                   command.name);
    return fail(ErrorCode::usage, format("unknown option {}{}; {}", is_long ? "--" : "-", name, hint));
}

/// An option, and its value where that is in the same word: --name=value, -x=value, -xvalue.
using Given = std::pair<const Option*, std::optional<std::string_view>>;

Result<Given> read_option(const Command& command, std::string_view word)
{
    const bool is_long = word.starts_with("--");
    const auto [name, value] = split(word.substr(is_long ? 2 : 1), "=");
    if (const auto* option = find_option(command, name))
        return Given{option, value};
    const auto by_letter = std::ranges::find(command.options, word[1], &Option::letter);
    if (is_long || by_letter == command.options.end())
        return unknown_option(command, name, is_long);
    if (name.size() == 1)
        return Given{&*by_letter, value};
    return Given{&*by_letter, word.substr(2)};
}

Result<> check_operands(const Command& command, std::size_t count)
{
    if (count < command.min_operands)
        return fail(ErrorCode::usage, format("{} needs {}; `trellis help {}` has examples", command.name,
                                             command.operands, command.name));
    if (count > command.max_operands)
        return fail(ErrorCode::usage,
                    format("too many operands; usage: trellis {} [options] {}", command.name, command.operands));
    return {};
}

} // namespace

Result<Arguments> Arguments::parse(const Command& command, std::span<const char* const> words)
{
    Arguments arguments;
    arguments.command_ = &command;
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string_view word = words[i];
        if (word == "--") {
            arguments.after_dashes_.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
            break;
        }
        if (!is_option(word)) {
            arguments.operands_.push_back(word);
            continue;
        }
        if (word == "--help" || word == "-h") {
            arguments.asks_for_help_ = true;
            return arguments;
        }
        const auto [option, joined] = TRELLIS_TRY(read_option(command, word));
        if (option->value.empty() && joined)
            return fail(ErrorCode::usage, format("--{} takes no value", option->name));
        if (!option->value.empty() && !joined && i + 1 == words.size())
            return fail(ErrorCode::usage, format("--{0} needs a value: --{0} {1}, for example {2}", option->name,
                                                 option->value, option->example));
        const bool next_word = !option->value.empty() && !joined;
        arguments.options_.emplace_back(option, next_word ? std::string_view(words[++i]) : joined.value_or(""));
    }
    TRELLIS_TRY(check_operands(command, arguments.operands_.size()));
    return arguments;
}

std::optional<std::string_view> Arguments::value(std::string_view name) const
{
    const auto* option = find_option(*command_, name);
    TRELLIS_CHECK(option != nullptr);
    for (auto given = options_.rbegin(); given != options_.rend(); ++given) {
        if (given->first == option)
            return given->second;
    }
    if (option->environment) {
        if (const char* from_environment = std::getenv(environment_name(name).c_str()))
            return from_environment;
    }
    return std::nullopt;
}

std::vector<std::string_view> Arguments::values(std::string_view name) const
{
    const auto* option = find_option(*command_, name);
    TRELLIS_CHECK(option != nullptr);
    std::vector<std::string_view> values;
    for (const auto& [given, value] : options_) {
        if (given == option)
            values.push_back(value);
    }
    return values;
}

std::string environment_name(std::string_view option)
{
    std::string name = "TRELLIS_";
    for (const char c : option)
        name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

} // namespace trellis::cli
