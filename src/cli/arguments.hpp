// The command line of one subcommand, sorted: options with their values, operands, and what follows "--". Options may
// stand before, between and behind operands. What the command line does not say, an environment variable may.
#pragma once

#include "base/nearest.hpp"
#include "base/result.hpp"
#include "cli/command.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trellis::cli {

class Arguments {
public:
    /// `words`: behind the subcommand's name; the views into them stay. Errors: usage, with the nearest option's name.
    static Result<Arguments> parse(const Command& command, std::span<const char* const> words);

    /// The last value given, else the environment's. `option` must be one of the command's.
    [[nodiscard]] std::optional<std::string_view> value(std::string_view option) const;
    /// All values in order (no environment).
    [[nodiscard]] std::vector<std::string_view> values(std::string_view option) const;
    [[nodiscard]] bool has(std::string_view option) const { return value(option).has_value(); }

    [[nodiscard]] const std::vector<std::string_view>& operands() const { return operands_; }
    [[nodiscard]] const std::vector<std::string_view>& after_dashes() const { return after_dashes_; }
    /// --help stands somewhere before "--".
    [[nodiscard]] bool asks_for_help() const { return asks_for_help_; }
    [[nodiscard]] const Command& command() const { return *command_; }

private:
    const Command* command_ = nullptr;
    std::vector<std::pair<const Option*, std::string_view>> options_;
    std::vector<std::string_view> operands_;
    std::vector<std::string_view> after_dashes_;
    bool asks_for_help_ = false;
};

/// The environment variable that stands for an option: "max-memory" is TRELLIS_MAX_MEMORY.
std::string environment_name(std::string_view option);

} // namespace trellis::cli
