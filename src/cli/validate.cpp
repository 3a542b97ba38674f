// trellis validate: is this module or component valid? Silence and 0, or one error with its offset.
#include "base/format.hpp"
#include "cli/arguments.hpp"
#include "cli/component_files.hpp"
#include "cli/exit_code.hpp"
#include "cli/module_file.hpp"
#include "cli/terminal.hpp"
#include "wasm/validation/custom_section_check.hpp"

#include <array>

namespace trellis::cli {
namespace {

constexpr Option strict_option = {
    .name = "strict",
    .value = {},
    .help = "Check names and branch hints too, which otherwise can't make a module fail",
    .example = {},
};
constexpr std::array options = {strict_option, feature_option, no_feature_option};
constexpr std::array examples = {
    Example{"trellis validate app.wasm", "exits with 0, or prints what is wrong and at which byte"},
    Example{"trellis validate --no-feature simd app.wasm", "does it run where there is no SIMD?"},
    Example{"trellis validate app.component.wasm", "does the same for a component and all that is in it"},
};

/// A component has no parts of WebAssembly to choose, and its names are no matter of strictness.
Result<> validate_whole_component(const Arguments& arguments)
{
    for (const Option& option : options) {
        if (arguments.has(option.name))
            return fail(ErrorCode::usage, format("--{} is for core modules; this is a component", option.name));
    }
    const auto path = arguments.operands()[0];
    TRELLIS_TRY(component_of(path, TRELLIS_TRY(read_file(path))));
    return {};
}

Result<> validate(const Arguments& arguments)
{
    if (embed::is_component(arguments.operands()[0]))
        return validate_whole_component(arguments);
    const auto features = TRELLIS_TRY(features_of(arguments));
    wasm::TypeRegistry registry;
    const auto module = TRELLIS_TRY(load_file(arguments.operands()[0], registry, features));
    return arguments.has("strict") ? wasm::check_custom_sections(*module) : Result<>();
}

int run_validate(const Arguments& arguments)
{
    const auto valid = validate(arguments);
    return valid ? 0 : report(valid.error());
}

} // namespace

const Command validate_command = {
    .name = "validate",
    .operands = "FILE",
    .summary = "Checks that a module or component is well-formed and valid",
    .details = {},
    .options = options,
    .examples = examples,
    .run = run_validate,
};

} // namespace trellis::cli
