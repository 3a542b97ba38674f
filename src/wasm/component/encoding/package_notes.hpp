// Documentation and gates of a package, which its binary form keeps in a custom section of its own: a byte for the
// version, then JSON with the names of what is documented.
#pragma once

#include "base/bytes.hpp"
#include "wasm/component/wit/model.hpp"

namespace trellis::wasm::component::encoding {

inline constexpr std::string_view notes_section = "package-docs";

std::vector<std::uint8_t> encode_notes(const wit::Model& model, wit::PackageId package);
/// Fills in what the section says; what it says about things that are not there is passed over, and so is a section
/// that can't be read.
void decode_notes(Bytes section, wit::Model& model, wit::PackageId package);

} // namespace trellis::wasm::component::encoding
