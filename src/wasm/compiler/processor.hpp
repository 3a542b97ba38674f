// What differs between the processors that code is made for: one row each. Constant.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace trellis::wasm::compiler {

struct Processor {
    std::string_view triple;
    std::string_view cpu;                ///< LLVM's name, where it is not that of the artifact
    std::uint64_t frame_pointer;         ///< DWARF's number
    std::span<const std::uint64_t> kept; ///< likewise, in the order of native/registers.hpp
    std::string_view (*numeric_bitcode)();
    bool guards_memory;     ///< code for guarded memories can be made
    bool quiets_in_minimum; ///< keep_selects.hpp
    /// Fills in the distance of a relocation. `at` and `target` are offsets in the code, which is loaded at a page's
    /// begin. Errors: unsupported (the type, or it is too far).
    Result<> (*relocate)(std::span<std::byte> code, std::uint64_t type, std::uint64_t at, std::int64_t target);
};

/// Of code for that cpu: a name of native/artifact.hpp, or empty for this machine.
const Processor& processor_of(std::string_view cpu);

} // namespace trellis::wasm::compiler
