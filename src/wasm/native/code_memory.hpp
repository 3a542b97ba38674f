// Memory for compiled code: filled first, sealed then, and never both writable and executable. It is private to the
// process: whatever happens to the file that its content was read from, it stays as it was checked. One thread until it
// is sealed.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace trellis::wasm::native {

class CodeMemory {
public:
    /// On large pages where they save time. Errors: limit.
    static Result<CodeMemory> make(std::size_t size);
    CodeMemory(CodeMemory&& other) noexcept;
    CodeMemory& operator=(CodeMemory&& other) noexcept;
    ~CodeMemory();

    /// Until it is sealed.
    [[nodiscard]] std::span<std::uint8_t> writable() { return {begin_, size_}; }
    [[nodiscard]] Bytes view() const { return {begin_, size_}; }

    /// Makes whole pages from `code` on executable (0: all of them), and what is before them constant. Errors: limit.
    Result<> seal(std::size_t code);

private:
    CodeMemory() = default;

    std::uint8_t* begin_ = nullptr;
    std::size_t size_ = 0;
    void* mapping_ = nullptr; ///< with what was reserved to align it
    std::size_t mapping_size_ = 0;
};

} // namespace trellis::wasm::native
