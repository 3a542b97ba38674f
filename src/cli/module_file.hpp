// From a file name to a module: reads the file whole (or standard input for "-"), turns text into binary, and says what
// is wrong with the file in its own name.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "cli/command.hpp"
#include "wasm/syntax/module.hpp"
#include "wasm/syntax/type_registry.hpp"

#include <memory>
#include <string>

namespace trellis::cli {

/// The bytes of a file, or of standard input for "-". Errors: not_found, denied, io; the message names the file.
Result<SharedBytes> read_file(std::string_view path);

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

/// The module's binary: the file as it is, or assembled if it is text. Errors as of reading and parsing; a component is
/// unsupported.
Result<SharedBytes> read_binary(std::string_view path, wasm::Features features);

/// read_binary and decode_module.
Result<wasm::Module> decode_file(std::string_view path, wasm::Features features);

/// read_binary and load_module.
Result<std::shared_ptr<const wasm::Module>> load_file(std::string_view path, wasm::TypeRegistry& registry,
                                                      wasm::Features features);

} // namespace trellis::cli
