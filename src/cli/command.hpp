// What the program can do, as data: one row per subcommand and one per option. Parser, help and reference follow from
// these rows. Constant; nothing here runs before it is asked for.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace trellis::cli {

class Arguments;

struct Option {
    std::string_view name;    ///< "max-memory", written --max-memory
    std::string_view value;   ///< "SIZE"; empty: a flag
    std::string_view help;    ///< one sentence
    std::string_view example; ///< "--max-memory 256MiB"
    bool repeats = false;
    bool environment = false; ///< TRELLIS_MAX_MEMORY says it where the command line does not
    char letter = 0;          ///< 'o': it may be written -o FILE or -oFILE too
};

/// An option that people know from another program, and that this one does not have.
struct ForeignOption {
    std::string_view name;
    char letter;             ///< 0: it has none
    std::string_view advice; ///< what to do instead
};

struct Example {
    std::string_view command;
    std::string_view explanation;
};

struct Command {
    std::string_view name;     ///< one word, or two: "component new"
    std::string_view operands; ///< "FILE [ARGUMENT...]"
    std::string_view summary;
    std::string_view details; ///< rules that options alone don't tell; may be empty
    std::span<const Option> options;
    std::span<const Example> examples;
    int (*run)(const Arguments&); ///< gives the exit code
    unsigned min_operands = 1;
    unsigned max_operands = 1; ///< unlimited_operands: as many as you like
    std::span<const ForeignOption> foreign_options = {};
};
inline constexpr unsigned unlimited_operands = ~0u;

extern const Command run_command;
extern const Command serve_command;
extern const Command routes_command;
extern const Command preinit_command;
extern const Command optimize_command;
extern const Command compile_command;
extern const Command cache_command;
extern const Command inspect_command;
extern const Command wat_command;
extern const Command assemble_command;
extern const Command validate_command;
extern const Command component_new_command;
extern const Command component_embed_command;
extern const Command component_wit_command;
extern const Command component_inspect_command;
extern const Command component_targets_command;
extern const Command bindgen_command;
extern const Command compose_command;

/// All subcommands in the order of the help.
std::span<const Command* const> all_commands();
/// The subcommand that the first word or the first two are the name of; null where there is none.
const Command* find_command(std::span<const char* const> words);
/// How many words its name has.
std::size_t words_of(const Command& command);
/// The subcommands whose names begin with this word and go on.
std::vector<const Command*> commands_of_group(std::string_view word);

} // namespace trellis::cli
