// trellis bindgen: the source text through which a program in another language is a component.
#include "base/format.hpp"
#include "cli/arguments.hpp"
#include "cli/module_file.hpp"
#include "cli/terminal.hpp"
#include "cli/wit_folder.hpp"
#include "wasm/component/bindgen/c_generator.hpp"
#include "wasm/component/encoding/world_encoder.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <sys/stat.h>

namespace trellis::cli {
namespace {

using wasm::component::bindgen::CBindings;
using wasm::component::bindgen::COptions;

constexpr std::array options = {
    Option{.name = "world",
           .value = "NAME",
           .help = "The world to be in; needed if there are several",
           .example = "--world proxy"},
    Option{.name = "out-dir",
           .value = "FOLDER",
           .help = "Write the files here (default: the current folder); it is made if it is not there",
           .example = "--out-dir generated"},
    Option{.name = "unstable",
           .value = "NAME",
           .help = "Also take what is marked @unstable(feature = NAME)",
           .example = "--unstable clocks-timezone",
           .repeats = true},
    Option{.name = "rename",
           .value = "INTERFACE=NAME",
           .help = "Begin the C names of this interface with NAME",
           .example = "--rename wasi:cli/stdout@0.3.0=out",
           .repeats = true},
    Option{.name = "sync",
           .value = "FUNCTION",
           .help = "Make this function, which WIT calls async, one that is done when it returns",
           .example = "--sync wasi:cli/run@0.3.0#run",
           .repeats = true},
    Option{.name = "async",
           .value = "FUNCTION",
           .help = "Make this function asynchronous, though WIT does not call it so",
           .example = "--async wasi:io/poll@0.2.0#poll",
           .repeats = true},
};
constexpr std::array examples = {
    Example{"trellis bindgen c wit", "writes WORLD.h and WORLD.c for the only world of the folder wit"},
    Example{"trellis bindgen c wit --world proxy --out-dir generated", "chooses the world and the place"},
    Example{"clang-19 --target=wasm32-wasi -mexec-model=reactor app.c proxy.c -o app.wasm",
            "compiles them with the program, which includes proxy.h and defines what it exports"},
    Example{"trellis component new app.wasm --output component.wasm", "makes the component of it"},
};
constexpr std::string_view details =
    "PATH is a WIT file, or a folder of them with what they need in its folder deps. LANGUAGE is c; C++ can use the\n"
    "header, too. Functions to call and to define are named after package, interface and function: wasi:cli/stdout's\n"
    "get-stdout is wasi_cli_stdout_get_stdout, and exported ones begin with exports_. Arguments stay the caller's;\n"
    "results, and what an exported function is given, are the receiver's, who frees them with the type's _free "
    "function.";

bool is_c_name(std::string_view name)
{
    const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    return !name.empty() && std::ranges::all_of(name, fits) && std::isdigit(static_cast<unsigned char>(name[0])) == 0;
}

Result<COptions> options_of(const Arguments& arguments)
{
    COptions wanted;
    for (const auto rename : arguments.values("rename")) {
        const auto equals = rename.find('=');
        if (equals == std::string_view::npos || !is_c_name(rename.substr(equals + 1)))
            return fail(ErrorCode::usage, format("--rename {}: write INTERFACE=NAME, a name as C has them", rename));
        wanted.renames.emplace(rename.substr(0, equals), rename.substr(equals + 1));
    }
    for (const auto function : arguments.values("sync"))
        wanted.synchronous.emplace(function);
    for (const auto function : arguments.values("async"))
        wanted.asynchronous.emplace(function);
    return wanted;
}

Result<CBindings> generate(const Arguments& arguments)
{
    wasm::component::wit::ResolveOptions resolving;
    for (const auto feature : arguments.values("unstable"))
        resolving.features.emplace(feature);
    const auto model = TRELLIS_TRY(resolve(TRELLIS_TRY(read_wit(arguments.operands()[1])), resolving));
    const auto world = TRELLIS_TRY(choose_world(model, arguments.value("world").value_or("")));
    auto wanted = TRELLIS_TRY(options_of(arguments));
    const auto type = wasm::component::encoding::encode_module_type(model, world);
    wanted.component_type = type;
    return wasm::component::bindgen::generate_c(model, world, wanted);
}

Result<> make_folder(const std::string& path)
{
    if (mkdir(path.c_str(), 0777) != 0 && errno != EEXIST)
        return embed::system_failure(path, errno);
    return {};
}

Result<> write_text(const std::string& path, std::string_view text)
{
    return write_file(path, Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

Result<std::string> bindgen(const Arguments& arguments)
{
    const auto language = arguments.operands()[0];
    if (language != "c")
        return fail(ErrorCode::usage, format("no bindings for {}; the only language is c", language));
    const auto bindings = TRELLIS_TRY(generate(arguments));
    const std::string folder(arguments.value("out-dir").value_or("."));
    TRELLIS_TRY(make_folder(folder));
    const auto path = format("{}/{}", folder, bindings.name);
    TRELLIS_TRY(write_text(path + ".h", bindings.header));
    TRELLIS_TRY(write_text(path + ".c", bindings.source));
    return format("{0}.h\n{0}.c\n", path);
}

int run_bindgen(const Arguments& arguments)
{
    const auto report_text = bindgen(arguments);
    return report_text ? print(*report_text) : report(report_text.error());
}

} // namespace

const Command bindgen_command = {
    .name = "bindgen",
    .operands = "LANGUAGE PATH",
    .summary = "Writes the source text through which a program is a component",
    .details = details,
    .options = options,
    .examples = examples,
    .run = run_bindgen,
    .min_operands = 2,
    .max_operands = 2,
};

} // namespace trellis::cli
