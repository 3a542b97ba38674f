// Memory for compiled code: filled first, sealed then, and never both writable and executable. It is private to the
// process: whatever happens to the file that its content was read from, it stays as it was checked. One thread until it
// is sealed.
#pragma once

#include "base/bytes.hpp"
#include "base/ready_memory.hpp"

namespace trellis::wasm::native {

class CodeMemory {
public:
    /// Errors: limit.
    static Result<CodeMemory> make(std::size_t size);

    /// Until it is sealed.
    [[nodiscard]] std::span<std::uint8_t> writable() { return block_.bytes(); }
    [[nodiscard]] Bytes view() const { return block_.bytes(); }

    /// Makes whole pages from `code` on executable (0: all of them), and what is before them constant. Errors: limit.
    Result<> seal(std::size_t code);

private:
    explicit CodeMemory(ReadyMemory block) : block_(std::move(block)) {}

    ReadyMemory block_;
};

} // namespace trellis::wasm::native
