// trellis component new, trellis component embed: from a core module to a component.
#include "cli/component_files.hpp"
#include "cli/terminal.hpp"
#include "sandbox/wasi/adapter/wasi_adapter.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/component/encoding/component_encoder.hpp"
#include "wasm/component/encoding/embed.hpp"
#include "wasm/component/encoding/wit_decoder.hpp"
#include "wasm/component/validation/validator.hpp"

#include <algorithm>

namespace trellis::cli {
namespace {

using namespace wasm::component;

constexpr std::array embed_options = {wit_option, world_option, strings_option, all_features_option,
                                      component_output_option};
constexpr Option stub_option = {
    .name = "stub-wasi",
    .value = {},
    .help = "Let functions of WASI 0.1 that the module imports be there and fail, instead of the adapter's",
    .example = {},
};
constexpr Option adapt_option = {
    .name = "adapt",
    .value = "[NAME=]FILE",
    .help = "Let this module answer imports of NAME (default: the file's name up to its first dot); for WASI 0.1 "
            "instead of the built-in one",
    .example = "--adapt wasi_snapshot_preview1=adapter.wasm",
    .repeats = true,
};
constexpr Option exit_codes_option = {
    .name = "exit-codes",
    .value = {},
    .help = "Let the exit codes of a program of WASI 0.1 be those of the component, instead of 0 and 1; takes a host "
            "that has exit-with-code of wasi:cli, as trellis has",
    .example = {},
};
constexpr std::array new_options = {wit_option,  adapt_option,      world_option,        strings_option,
                                    stub_option, exit_codes_option, all_features_option, component_output_option};
constexpr std::array embed_examples = {
    Example{"trellis component embed --wit wit --world greeter app.wasm -o app.embed.wasm",
            "writes the module with the world inside; `trellis component new` makes a component of it"},
};
constexpr std::array new_examples = {
    Example{"trellis component new app.wasm -o app.component.wasm", "makes a component of a program of WASI 0.1"},
    Example{"trellis component new app.embed.wasm -o app.component.wasm",
            "makes a component of a module that brings its world"},
    Example{"trellis component new --wit wit --world greeter app.wasm -o app.component.wasm",
            "the same for a module without one"},
    Example{"trellis component new --stub-wasi app.embed.wasm -o app.component.wasm",
            "the same without WASI, where the C library would like to write to standard error before it gives up"},
};

Result<> embed_world_in(const Arguments& arguments)
{
    const auto chosen = TRELLIS_TRY(world_of(arguments));
    const auto strings = TRELLIS_TRY(strings_of(arguments));
    const auto module = TRELLIS_TRY(decode_file(arguments.operands()[0], wasm::Features::standard()));
    const auto binary = encoding::embed_world(module.binary.view(), chosen.model, chosen.world, strings);
    return write_output(arguments, "a binary module", binary);
}

/// The modules that a component is made of: the main one, with the world that --wit names inside, and adapters.
struct Modules {
    std::vector<wasm::Module> list;
    std::vector<std::string> names;
};

/// A file's name says which imports it answers, if nothing else does: up to the first dot.
std::pair<std::string_view, std::string_view> name_and_file(std::string_view text)
{
    if (const auto equals = text.find('='); equals != std::string_view::npos)
        return {text.substr(0, equals), text.substr(equals + 1)};
    const auto name = text.substr(text.rfind('/') + 1);
    return {name.substr(0, name.find('.')), text};
}

/// The adapter that is built in, where WASI 0.1 is imported and nothing else answers.
Result<> add_wasi_adapter(const Arguments& arguments, Modules& modules)
{
    const auto& main = modules.list.front();
    if (!sandbox::imports_wasi(main) || arguments.has(stub_option.name) ||
        std::ranges::find(modules.names, sandbox::wasi_adapter_name) != modules.names.end())
        return {};
    modules.list.push_back(TRELLIS_TRY(sandbox::wasi_adapter_for(main, arguments.has(exit_codes_option.name))));
    modules.names.emplace_back(sandbox::wasi_adapter_name);
    return {};
}

Result<Modules> read_modules(const Arguments& arguments)
{
    Modules modules;
    auto main = TRELLIS_TRY(decode_file(arguments.operands()[0], wasm::Features::standard()));
    if (arguments.has(wit_option.name)) {
        const auto chosen = TRELLIS_TRY(world_of(arguments));
        const auto binary = encoding::embed_world(encoding::without_worlds(main), chosen.model, chosen.world,
                                                  TRELLIS_TRY(strings_of(arguments)));
        main = TRELLIS_TRY(wasm::decode_module(SharedBytes::copy_of(binary)));
    }
    modules.list.push_back(std::move(main));
    modules.names.emplace_back();
    for (const auto text : arguments.values(adapt_option.name)) {
        const auto [name, file] = name_and_file(text);
        modules.list.push_back(TRELLIS_TRY(decode_file(file, wasm::Features::standard())));
        modules.names.emplace_back(name);
    }
    TRELLIS_TRY(add_wasi_adapter(arguments, modules));
    return modules;
}

Result<std::vector<std::uint8_t>> component_of_modules(const Modules& modules, bool stub_wasi)
{
    std::vector<const wasm::Module*> list;
    for (const auto& module : modules.list)
        list.push_back(&module);
    const auto described = TRELLIS_TRY(encoding::decode_module_world(list));
    if (!described)
        return fail(ErrorCode::invalid, "the module does not say which world it was written for; name it with --wit");
    std::vector<encoding::CorePart> parts;
    for (std::size_t i = 0; i < list.size(); ++i)
        parts.push_back({list[i], modules.names[i], described->strings[i]});
    return encoding::encode_component(parts, described->model, described->world, {.stub_wasi = stub_wasi});
}

/// What was made has to be right; a core module that is not valid is found here, too.
Result<> check(Bytes binary)
{
    wasm::TypeRegistry registry;
    TRELLIS_TRY(load_component(SharedBytes::copy_of(binary), registry));
    return {};
}

Result<> make_component(const Arguments& arguments)
{
    const auto modules = TRELLIS_TRY(read_modules(arguments));
    const auto binary = TRELLIS_TRY(component_of_modules(modules, arguments.has(stub_option.name)));
    TRELLIS_TRY(check(binary));
    return write_output(arguments, "a component", binary);
}

template <Result<> (*work)(const Arguments&)>
int run(const Arguments& arguments)
{
    const auto done = work(arguments);
    return done ? 0 : report(done.error());
}

} // namespace

const Command component_embed_command = {
    .name = "component embed",
    .operands = "MODULE",
    .summary = "Puts a world into the core module that was written for it",
    .details = "MODULE is a core module, binary or text. The world goes into a section of its own, which\n"
               "`trellis component new` and other tools look for.",
    .options = embed_options,
    .examples = embed_examples,
    .run = run<embed_world_in>,
};

const Command component_new_command = {
    .name = "component new",
    .operands = "MODULE",
    .summary = "Makes a component of a core module",
    .details = "MODULE is a core module, binary or text, whose imports and exports are named after the world it was\n"
               "written for. The world is in the module (`trellis component embed`, or generated bindings), or is\n"
               "named with --wit. The component imports of it what the module uses. Imports of WASI 0.1 are answered\n"
               "by an adapter inside the component, which is made of WASI 0.2: a program needs no world then, and its\n"
               "_start becomes the component's run.",
    .options = new_options,
    .examples = new_examples,
    .run = run<make_component>,
};

} // namespace trellis::cli
