// trellis component wit: what a component, a package or a folder says, as WIT text.
#include "cli/component_files.hpp"
#include "cli/terminal.hpp"
#include "wasm/component/wit/printer.hpp"

namespace trellis::cli {
namespace {

constexpr std::array options = {all_features_option};
constexpr std::array examples = {
    Example{"trellis component wit app.component.wasm", "prints what the component imports and exports"},
    Example{"trellis component wit wit", "prints the package in a folder, with all it needs, as one file"},
};

int run_wit(const Arguments& arguments)
{
    const auto model = any_wit_of(arguments.operands()[0], arguments);
    return model ? print(wasm::component::wit::print(*model)) : report(model.error());
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
