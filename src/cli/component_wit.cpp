// trellis component wit: what a component, a package or a folder says, as WIT text.
#include "cli/component_files.hpp"
#include "cli/terminal.hpp"
#include "wasm/component/encoding/world_encoder.hpp"
#include "wasm/component/wit/printer.hpp"

namespace trellis::cli {
namespace {

constexpr std::array options = {
    Option{.name = "binary", .value = {}, .help = "Write the package in binary form", .example = {}},
    component_output_option,
    all_features_option,
};
constexpr std::array examples = {
    Example{"trellis component wit app.component.wasm", "prints what the component imports and exports"},
    Example{"trellis component wit wit", "prints the package in a folder, with all it needs, as one file"},
    Example{"trellis component wit wit --binary -o wit.wasm", "writes the package in binary form"},
};

Result<> write_wit(const Arguments& arguments)
{
    const auto model = TRELLIS_TRY(any_wit_of(arguments.operands()[0], arguments));
    if (arguments.has("binary"))
        return write_output(arguments, "a binary package",
                            wasm::component::encoding::encode_package(model, model.root));
    const auto text = wasm::component::wit::print(model);
    return write_file(arguments.value(component_output_option.name).value_or("-"),
                      Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

int run_wit(const Arguments& arguments)
{
    const auto done = write_wit(arguments);
    return done ? 0 : report(done.error());
}

} // namespace

const Command component_wit_command = {
    .name = "component wit",
    .operands = "PATH",
    .summary = "Prints WIT text of a component, a binary package, a file or a folder",
    .details =
        "PATH is a component or a binary WIT package; a core module with a world inside; a WIT file, or a folder\n"
        "of them whose folder deps holds the packages it needs. What is printed is one file that stands alone.",
    .options = options,
    .examples = examples,
    .run = run_wit,
};

} // namespace trellis::cli
