#include "cli/component_files.hpp"

#include "base/format.hpp"
#include "cli/wit_folder.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/component/binary/decoder.hpp"
#include "wasm/component/encoding/wit_decoder.hpp"
#include "wasm/component/validation/validator.hpp"

#include <algorithm>
#include <array>
#include <unistd.h>

namespace trellis::cli {

using namespace wasm::component;

Result<wit::Model> wit_of(std::string_view path, const Arguments& arguments)
{
    const auto input = TRELLIS_TRY(read_wit(path));
    return wit::resolve(input, {.features = {}, .all_features = arguments.has(all_features_option.name)});
}

Result<std::shared_ptr<const Component>> component_of(std::string_view path, SharedBytes bytes)
{
    wasm::TypeRegistry registry;
    auto component = load_component(std::move(bytes), registry);
    if (!component)
        return embed::in_file(path, std::move(component).error());
    return component;
}

namespace {

Result<wit::Model> wit_of_binary(std::string_view path, const SharedBytes& bytes)
{
    if (is_binary_component(bytes.view()))
        return encoding::decode_wit(*TRELLIS_TRY(component_of(path, bytes)));
    const auto module = TRELLIS_TRY(wasm::decode_module(bytes));
    auto inside = TRELLIS_TRY(encoding::decode_module_world(module));
    if (!inside)
        return fail(ErrorCode::usage, "is a core module that does not say which world it was written for");
    return std::move(inside->model);
}

} // namespace

Result<wit::Model> any_wit_of(std::string_view path, const Arguments& arguments)
{
    if (is_folder(path))
        return wit_of(path, arguments);
    const auto bytes = TRELLIS_TRY(read_file(path));
    if (!wasm::is_binary_module(bytes.view()))
        return wit_of(path, arguments);
    auto model = wit_of_binary(path, bytes);
    if (!model && !model.error().message.starts_with(path))
        return embed::in_file(path, std::move(model).error());
    return model;
}

Result<ChosenWorld> world_of(const Arguments& arguments)
{
    const auto path = arguments.value(wit_option.name);
    if (!path)
        return fail(ErrorCode::usage, "which WIT? name a file or folder with --wit");
    auto model = TRELLIS_TRY(wit_of(*path, arguments));
    const auto world = TRELLIS_TRY(choose_world(model, arguments.value(world_option.name).value_or("")));
    return ChosenWorld{std::move(model), world};
}

Result<StringEncoding> strings_of(const Arguments& arguments)
{
    constexpr std::array<std::string_view, 3> names = {"utf8", "utf16", "latin1+utf16"};
    const auto name = arguments.value(strings_option.name).value_or(names[0]);
    const auto* found = std::ranges::find(names, name);
    if (found == names.end())
        return fail(ErrorCode::usage, format("no string encoding {}; there are utf8, utf16 and latin1+utf16", name));
    return static_cast<StringEncoding>(found - names.begin());
}

Result<> write_output(const Arguments& arguments, std::string_view what, Bytes content)
{
    const auto output = arguments.value(component_output_option.name);
    if (!output && isatty(STDOUT_FILENO) == 1)
        return fail(ErrorCode::usage, format("{} is not for terminals; name a file with --output", what));
    return write_file(output.value_or("-"), content);
}

} // namespace trellis::cli
