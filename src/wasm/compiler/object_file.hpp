// An object file as plain data: what linking needs of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace trellis::wasm::compiler {

struct ObjectFile {
    static constexpr std::uint64_t no_section = ~0ull;

    struct Relocation {
        std::uint64_t offset; ///< in the section
        std::uint64_t type;
        std::int64_t addend;
        std::uint64_t section; ///< index of the target's, or no_section
        std::uint64_t value;   ///< of the target in its section
        std::string symbol;    ///< the target's name
    };
    struct Section {
        std::string name;
        std::uint64_t index;
        bool loaded; ///< code and constants; others say how to unwind
        std::uint64_t alignment;
        std::vector<char> contents;
        std::vector<Relocation> relocations;
    };
    struct Symbol {
        std::string name;
        std::uint64_t section; ///< index
        std::uint64_t value;
    };
    struct Line {
        std::uint64_t section; ///< index
        std::uint64_t offset;  ///< in the section
        std::uint32_t line;    ///< 0: not known from here on
    };

    std::vector<Section> sections;
    std::vector<Symbol> symbols; ///< global ones that are defined
    std::vector<Line> lines;
};

/// Reads what LLVM has just written.
ObjectFile read_object(const std::vector<char>& bytes);

} // namespace trellis::wasm::compiler
