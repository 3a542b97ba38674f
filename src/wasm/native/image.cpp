#include "wasm/native/image.hpp"

#include "base/pages.hpp"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>

namespace trellis::wasm::native {

CodeImage::CodeImage(CompiledModule compiled, std::byte* base, std::size_t size)
    : compiled_(std::move(compiled)), base_(base), size_(size)
{
    for (std::uint32_t i = 0; i < compiled_.functions.size(); ++i)
        by_offset_.emplace_back(compiled_.functions[i], i);
    for (const auto* others : {&compiled_.wrappers, &compiled_.adapters})
        for (const auto offset : *others)
            if (offset != CompiledModule::absent)
                by_offset_.emplace_back(offset, CompiledModule::absent);
    std::ranges::sort(by_offset_);
}

CodeImage::~CodeImage()
{
    munmap(base_, size_);
}

Result<std::shared_ptr<const CodeImage>> CodeImage::map(CompiledModule compiled)
{
    const auto size = round_up_to_page(std::max<std::uint64_t>(compiled.code.size(), 1));
    void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return fail(ErrorCode::limit, "no memory for compiled code");
    std::memcpy(memory, compiled.code.data(), compiled.code.size());
    if (mprotect(memory, size, PROT_READ | PROT_EXEC) != 0) {
        munmap(memory, size);
        return fail(ErrorCode::limit, "the system does not let compiled code run (mprotect)");
    }
    compiled.code = {};
    return std::shared_ptr<const CodeImage>(new CodeImage(std::move(compiled), static_cast<std::byte*>(memory), size));
}

namespace {

/// Of rows that are sorted and don't overlap, the one around the offset.
template <class Row>
const Row* row_around(const std::vector<Row>& rows, std::uint32_t offset)
{
    const auto behind = std::ranges::upper_bound(rows, offset, {}, &Row::begin);
    if (behind == rows.begin() || offset >= std::prev(behind)->end)
        return nullptr;
    return &*std::prev(behind);
}

} // namespace

const CompiledModule::SavedRegisters* CodeImage::saved_registers(const void* address) const
{
    const auto* const frame = contains(address) ? row_around(compiled_.frames, offset_of(address)) : nullptr;
    return frame ? &compiled_.saved_registers[frame->saved] : nullptr;
}

const void* CodeImage::landing(const void* address) const
{
    const auto* const row = contains(address) ? row_around(compiled_.landings, offset_of(address)) : nullptr;
    return row ? at(row->pad) : nullptr;
}

std::optional<CodeImage::Place> CodeImage::find(const void* address) const
{
    if (!contains(address))
        return std::nullopt;
    const auto offset = offset_of(address);
    auto function = std::ranges::upper_bound(by_offset_, offset, {}, [](const auto& row) { return row.first; });
    if (function == by_offset_.begin() || std::prev(function)->second == CompiledModule::absent)
        return std::nullopt;
    auto line = std::ranges::upper_bound(compiled_.lines, offset, {}, &CompiledModule::Line::code);
    const auto where = line == compiled_.lines.begin() ? CompiledModule::absent : std::prev(line)->module;
    return Place{std::prev(function)->second, where};
}

} // namespace trellis::wasm::native
