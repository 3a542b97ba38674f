// An artifact (.cwasm): compiled code of a module with the module itself, as an ELF file. Code in it is trusted:
// whoever hands one to this program hands it native code. Reading checks that the file is whole and of this build's
// making, so that a damaged or foreign one is refused; it can't tell good code from bad.
#pragma once

#include "base/bytes.hpp"
#include "wasm/native/image.hpp"

#include <string>
#include <string_view>

namespace trellis::wasm::native {

/// What is written.
struct Artifact {
    SharedBytes module; ///< binary; empty in the code cache
    std::string cpu;    ///< what the code needs: "x86-64-v2", "-v3" or "-v4", or "aarch64"
    CompiledModule compiled;
};

/// What is read: all of it in the image's memory.
struct LoadedArtifact {
    SharedBytes module;
    std::string_view cpu;
    std::shared_ptr<const CodeImage> image;
};

/// Whether the bytes may be an artifact: they begin as ELF files do.
bool looks_like_artifact(Bytes bytes);

/// The same bytes for the same artifact. What running needs comes first, with the code at its end: the hot part. What
/// is behind it, the cold part, is for backtraces.
std::vector<std::uint8_t> write_artifact(const Artifact& artifact);

/// How many bytes of a file tell how large its hot part is.
constexpr std::size_t artifact_head_bytes = 1024;
/// `head`: as many of its first bytes as there are. Errors: malformed.
Result<std::size_t> hot_bytes(Bytes head);

/// Takes the hot part, read into memory, without copying and without touching the code. `read_cold_part` is called when
/// a backtrace is wanted, and gives what is behind it, or nothing where that can't be had. Errors: malformed (names the
/// section), unsupported (another version, or a processor that is not this one), limit.
Result<LoadedArtifact> load_artifact(CodeMemory hot_part, std::function<std::vector<std::uint8_t>()> read_cold_part);

/// The highest of the names above that this processor can run; runtime_PROCESSOR.cpp.
std::string_view best_cpu();

} // namespace trellis::wasm::native
