// trellis assemble: text to binary.
#include "cli/arguments.hpp"
#include "cli/module_file.hpp"
#include "cli/terminal.hpp"

#include <array>
#include <unistd.h>

namespace trellis::cli {
namespace {

constexpr Option output_option = {
    .name = "output",
    .value = "FILE",
    .help = "Write here; otherwise the module goes to standard output, unless that is a terminal",
    .example = "--output app.wasm",
};
constexpr std::array options = {output_option, feature_option, no_feature_option};
constexpr std::array examples = {
    Example{"trellis assemble app.wat --output app.wasm", "writes the binary module"},
    Example{"trellis assemble - < app.wat > app.wasm", "the same in a pipe"},
};

Result<> assemble(const Arguments& arguments)
{
    const auto output = arguments.value("output");
    if (!output && isatty(STDOUT_FILENO) == 1)
        return fail(ErrorCode::usage, "a binary module is not for terminals; name a file with --output");
    const auto features = TRELLIS_TRY(features_of(arguments));
    const auto binary = TRELLIS_TRY(read_binary(arguments.operands()[0], features));
    return write_file(output.value_or("-"), binary.view());
}

int run_assemble(const Arguments& arguments)
{
    const auto assembled = assemble(arguments);
    return assembled ? 0 : report(assembled.error());
}

} // namespace

const Command assemble_command = {
    .name = "assemble",
    .operands = "FILE",
    .summary = "Turns text into a binary module",
    .details =
        "FILE is in the text format; - is standard input. The module is not validated: `trellis validate` does that.",
    .options = options,
    .examples = examples,
    .run = run_assemble,
};

} // namespace trellis::cli
