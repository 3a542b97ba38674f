// An artifact (.cwasm): compiled code of a module with the module itself, as an ELF file. Code in it is trusted:
// whoever hands one to this program hands it native code. Reading checks that the file is whole and of this build's
// making, so that a damaged or foreign one is refused; it can't tell good code from bad.
#pragma once

#include "base/bytes.hpp"
#include "wasm/native/image.hpp"

#include <string>
#include <string_view>

namespace trellis::wasm::native {

struct Artifact {
    SharedBytes module; ///< binary
    std::string cpu;    ///< what the code needs: "x86-64-v2", "-v3" or "-v4", or "aarch64"
    CompiledModule compiled;
};

/// Whether the bytes may be an artifact: they begin as ELF files do.
bool looks_like_artifact(Bytes bytes);

/// The same bytes for the same artifact.
std::vector<std::uint8_t> write_artifact(const Artifact& artifact);

/// Errors: malformed (names the section), unsupported (another version, or a processor that is not this one).
Result<Artifact> read_artifact(Bytes file);

/// The highest of the names above that this processor can run; runtime_PROCESSOR.cpp.
std::string_view best_cpu();

} // namespace trellis::wasm::native
