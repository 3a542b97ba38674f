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

    /// A call in place of which its callee's code stands.
    struct InlinedCall {
        std::string callee;
        std::uint32_t line; ///< of the call
        std::size_t around; ///< the call into which this one was inlined: before it in the list; or no_call
    };
    static constexpr std::size_t no_call = ~std::size_t(0);
    struct InlinedCode {
        std::uint64_t section; ///< index
        std::uint64_t begin, end;
        std::size_t call; ///< in inlined_calls
    };

    std::vector<Section> sections;
    std::vector<Symbol> symbols; ///< global ones that are defined
    std::vector<Line> lines;
    std::vector<InlinedCall> inlined_calls;
    std::vector<InlinedCode> inlined; ///< those around others before them
};

/// Reads what LLVM has just written.
ObjectFile read_object(const std::vector<char>& bytes);

} // namespace trellis::wasm::compiler
