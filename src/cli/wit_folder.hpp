// From a path to WIT: a file, or a folder of *.wit files whose folder `deps` holds the packages it needs, each as a
// file (deps/io.wit) or as a folder of files (deps/io/*.wit). Files are read in the order of their names, so that what
// is made of them does not depend on the disk.
#pragma once

#include "base/result.hpp"
#include "wasm/component/wit/model.hpp"
#include "wasm/component/wit/resolver.hpp"

#include <string_view>

namespace trellis::cli {

bool is_folder(std::string_view path);

/// The texts of a WIT file or folder, as the resolver takes them. Errors: not_found, denied, io; the message names the
/// file.
Result<wasm::component::wit::Input> read_wit(std::string_view path);

/// The world that `name` means, or the only one where it is empty. Errors: usage, with the worlds there are.
Result<wasm::component::wit::WorldId> choose_world(const wasm::component::wit::Model& model, std::string_view name);

} // namespace trellis::cli
