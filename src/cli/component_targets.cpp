// trellis component targets: whether a component can stand where a world is asked for.
#include "base/format.hpp"
#include "cli/component_files.hpp"
#include "cli/terminal.hpp"
#include "wasm/component/encoding/wit_decoder.hpp"
#include "wasm/component/encoding/world_matching.hpp"

#include <array>

namespace trellis::cli {
namespace {

using namespace wasm::component;

constexpr std::array options = {wit_option, world_option, all_features_option};
constexpr std::array examples = {
    Example{"trellis component targets app.component.wasm --wit wit --world command",
            "says what is missing or of another type, or that the component fits"},
};

Result<std::string> compare(const Arguments& arguments)
{
    const auto file = arguments.operands()[0];
    const auto target = TRELLIS_TRY(world_of(arguments));
    const auto component = TRELLIS_TRY(component_of(file, TRELLIS_TRY(read_file(file))));
    const auto model = TRELLIS_TRY(encoding::decode_wit(*component));
    if (encoding::is_wit_package(*component))
        return fail(ErrorCode::usage, format("{} is a binary WIT package", file));
    const auto name = target.model.full_name(target.world);
    std::string list;
    for (const auto& sentence : encoding::mismatches(model, wit::WorldId{}, target.model, target.world))
        list.append("\n  ").append(sentence);
    if (!list.empty())
        return fail(ErrorCode::invalid, format("{} does not fit world {}:{}", file, name, list));
    return format("{} fits world {}\n", file, name);
}

int run_targets(const Arguments& arguments)
{
    const auto text = compare(arguments);
    return text ? print(*text) : report(text.error());
}

} // namespace

const Command component_targets_command = {
    .name = "component targets",
    .operands = "FILE",
    .summary = "Checks a component against a world",
    .details =
        "FILE is a component; - is standard input. It fits if it imports nothing but what the world offers, and\n"
        "exports all that the world exports, with the same types. Otherwise each difference is named.",
    .options = options,
    .examples = examples,
    .run = run_targets,
};

} // namespace trellis::cli
