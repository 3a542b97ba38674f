// From a file name to a module: reads the file whole (or standard input for "-"), turns text into binary, and says what
// is wrong with the file in its own name.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wasm/syntax/module.hpp"
#include "wasm/syntax/type_registry.hpp"

#include <memory>
#include <string>

namespace trellis::embed {

/// The error for a system call on a file, that failed with errno `error`: not_found, denied or io.
std::unexpected<Error> system_failure(std::string_view path, int error);

/// The same error, with the file's name in front.
std::unexpected<Error> in_file(std::string_view path, Error error);

/// The bytes of a file, or of standard input for "-". Errors: not_found, denied, io; the message names the file.
Result<SharedBytes> read_file(std::string_view path);

/// Whether the file begins as an artifact does; not of standard input.
bool is_artifact(std::string_view path);

/// Whether the file begins as a component does; not of standard input.
bool is_component(std::string_view path);

/// The module's binary: the file as it is, or assembled if it is text. Errors as of reading and parsing; a component is
/// unsupported.
Result<SharedBytes> read_binary(std::string_view path, wasm::Features features);

/// read_binary and decode_module.
Result<wasm::Module> decode_file(std::string_view path, wasm::Features features);

/// read_binary and load_module.
Result<std::shared_ptr<const wasm::Module>> load_file(std::string_view path, wasm::TypeRegistry& registry,
                                                      wasm::Features features);

} // namespace trellis::embed
