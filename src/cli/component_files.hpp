// What the subcommands of `trellis component` have in common: WIT from files and folders, from components and binary
// packages; worlds; their options.
#pragma once

#include "cli/arguments.hpp"
#include "cli/module_file.hpp"
#include "wasm/component/syntax/component.hpp"
#include "wasm/component/wit/model.hpp"

namespace trellis::cli {

inline constexpr Option wit_option = {
    .name = "wit",
    .value = "PATH",
    .help = "WIT: a file, or a folder whose folder deps holds the packages it needs",
    .example = "--wit wit",
};
inline constexpr Option world_option = {
    .name = "world",
    .value = "NAME",
    .help = "Which world; not needed where there is one only",
    .example = "--world command",
    .letter = 'w',
};
inline constexpr Option strings_option = {
    .name = "string-encoding",
    .value = "NAME",
    .help = "How the module keeps strings: utf8 (the default), utf16 or latin1+utf16",
    .example = "--string-encoding utf16",
};
inline constexpr Option all_features_option = {
    .name = "all-features",
    .value = {},
    .help = "Let in what WIT marks as @unstable",
    .example = {},
};
inline constexpr Option component_output_option = {
    .name = "output",
    .value = "FILE",
    .help = "Write here; otherwise it goes to standard output, unless that is a terminal",
    .example = "-o app.wasm",
    .letter = 'o',
};

struct ChosenWorld {
    wasm::component::wit::Model model;
    wasm::component::wit::WorldId world;
};

/// --wit and --world. Errors: those of reading and resolving, usage.
Result<ChosenWorld> world_of(const Arguments& arguments);
/// The WIT of a path; --all-features counts.
Result<wasm::component::wit::Model> wit_of(std::string_view path, const Arguments& arguments);
/// The same, also of a component, a binary package, or a core module with a world inside.
Result<wasm::component::wit::Model> any_wit_of(std::string_view path, const Arguments& arguments);
/// Validated. Errors: those of decoding and validating, with the file's name.
Result<std::shared_ptr<const wasm::component::Component>> component_of(std::string_view path, SharedBytes bytes);
Result<wasm::component::StringEncoding> strings_of(const Arguments& arguments);
/// Refuses to write binaries to terminals. `what`: "a component".
Result<> write_output(const Arguments& arguments, std::string_view what, Bytes content);

} // namespace trellis::cli
