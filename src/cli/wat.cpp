// trellis wat: any module as text that assembles to the same module.
#include "cli/arguments.hpp"
#include "cli/module_file.hpp"
#include "cli/terminal.hpp"
#include "wasm/text/text.hpp"

#include <array>

namespace trellis::cli {
namespace {

constexpr Option output_option = {
    .name = "output",
    .value = "FILE",
    .help = "Write here and not to standard output",
    .example = "--output app.wat",
};
constexpr std::array options = {output_option, feature_option, no_feature_option};
constexpr std::array examples = {
    Example{"trellis wat app.wasm", "prints the module as text"},
    Example{"trellis wat app.wasm --output app.wat", "writes it to a file; `trellis assemble` is the way back"},
};

Result<> print_module(const Arguments& arguments)
{
    const auto features = TRELLIS_TRY(features_of(arguments));
    const auto module = TRELLIS_TRY(decode_file(arguments.operands()[0], features));
    const auto text = TRELLIS_TRY(wasm::print_text(module));
    return write_file(arguments.value("output").value_or("-"),
                      Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

int run_wat(const Arguments& arguments)
{
    const auto printed = print_module(arguments);
    return printed ? 0 : report(printed.error());
}

} // namespace

const Command wat_command = {
    .name = "wat",
    .operands = "FILE",
    .summary = "Prints a module as text",
    .details = "FILE may be binary or text; - is standard input.",
    .options = options,
    .examples = examples,
    .run = run_wat,
};

} // namespace trellis::cli
