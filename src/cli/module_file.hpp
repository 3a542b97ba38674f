// What subcommands that read modules have in common: their feature options, and writing the result.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "cli/command.hpp"
#include "embed/module_file.hpp"

#include <string_view>

namespace trellis::cli {

using embed::decode_file;
using embed::load_file;
using embed::read_binary;
using embed::read_file;

/// Creates or replaces the file; "-" is standard output. Errors: denied, not_found, io.
Result<> write_file(std::string_view path, Bytes content);

/// --feature and --no-feature, in every command that reads modules.
inline constexpr Option feature_option = {
    .name = "feature",
    .value = "NAME",
    .help = "Also accept this part of WebAssembly",
    .example = "--feature legacy-exceptions",
    .repeats = true,
};
inline constexpr Option no_feature_option = {
    .name = "no-feature",
    .value = "NAME",
    .help = "Do not accept this part of WebAssembly",
    .example = "--no-feature threads",
    .repeats = true,
};
/// The standard features with those two options applied. Errors: usage.
Result<wasm::Features> features_of(const Arguments& arguments);

} // namespace trellis::cli
