// trellis compose: a component and those it needs become one.
#include "cli/composition.hpp"

#include "cli/component_files.hpp"
#include "cli/terminal.hpp"

namespace trellis::cli {
namespace {

constexpr std::array options = {component_output_option};
constexpr std::array examples = {
    Example{"trellis compose app.component.wasm log.component.wasm -o whole.component.wasm",
            "the app imports from the other component what that one exports"},
    Example{"trellis compose app.component.wasm a.component.wasm b.component.wasm -o whole.component.wasm",
            "the same with several; trellis run --link does it without a file"},
};

Result<> compose_files(const Arguments& arguments)
{
    const auto& operands = arguments.operands();
    const auto binary = TRELLIS_TRY(compose(operands[0], std::span(operands).subspan(1)));
    return write_output(arguments, "a component", binary);
}

int run_compose(const Arguments& arguments)
{
    const auto done = compose_files(arguments);
    return done ? 0 : report(done.error());
}

} // namespace

Result<std::vector<std::uint8_t>> compose(std::string_view root, std::span<const std::string_view> dependencies)
{
    using wasm::component::encoding::ComposedFile;
    std::vector<ComposedFile> files;
    for (const auto file : dependencies)
        files.push_back({std::string(file), TRELLIS_TRY(read_file(file))});
    return wasm::component::encoding::compose({std::string(root), TRELLIS_TRY(read_file(root))}, files);
}

const Command compose_command = {
    .name = "compose",
    .operands = "ROOT DEPENDENCY...",
    .summary = "Makes one component of a component and those it imports from",
    .details =
        "ROOT and each DEPENDENCY are components; - is standard input. What one of them imports comes from the\n"
        "other that exports it: an interface by its name, of the same or a compatible version, or a plain name.\n"
        "Dependencies may import from one another, in any order. The result imports what none of them exports,\n"
        "each interface once for all of them, and exports what ROOT exports. It is an error if two components\n"
        "export what a third one imports, if components need each other, or if nothing needs a DEPENDENCY.",
    .options = options,
    .examples = examples,
    .run = run_compose,
    .min_operands = 2,
    .max_operands = unlimited_operands,
};

} // namespace trellis::cli
