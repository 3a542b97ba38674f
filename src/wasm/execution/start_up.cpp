#include "wasm/execution/start_up.hpp"

#include "base/check.hpp"
#include "base/pages.hpp"
#include "wasm/binary/instruction_reader.hpp"
#include "wasm/syntax/type_registry.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

namespace trellis::wasm {
namespace {

/// The value of an expression that is a constant and nothing else.
std::optional<std::uint64_t> constant(const Module& module, const ConstExpr& expression)
{
    InstructionReader reader(module, expression.bytes);
    Instruction instruction;
    TRELLIS_CHECK(reader.read(instruction).has_value()); // it was validated
    const bool is_32 = instruction.op == Op::i32_const;
    if (!is_32 && instruction.op != Op::i64_const)
        return std::nullopt;
    const auto value = is_32 ? static_cast<std::uint32_t>(instruction.value) : instruction.value;
    TRELLIS_CHECK(reader.read(instruction).has_value());
    return instruction.op == Op::end ? std::optional(value) : std::nullopt;
}

bool is_inside(const MemoryType& memory, std::uint64_t offset, std::uint64_t size)
{
    const auto pages = std::min(memory.limits.min, ~std::uint64_t(0) >> memory.page_size_log2);
    const auto bytes = pages << memory.page_size_log2;
    return offset <= bytes && size <= bytes - offset;
}

using Images = std::vector<std::shared_ptr<MemoryImage>>;

/// Whether the segment is in an image now, or is none that is copied.
bool add_segment(const Module& module, const DataSegment& segment, Images& images)
{
    if (segment.mode != SegmentMode::active)
        return true;
    const auto memory = number(segment.memory);
    const auto& type = module.memory_types[memory];
    if (memory < module.imported_memories || type.shared)
        return false;
    const auto offset = constant(module, segment.offset);
    if (!offset || !is_inside(type, *offset, segment.bytes.size))
        return false;
    if (segment.bytes.size == 0)
        return true;
    auto& image = images[memory - module.imported_memories];
    if (!image)
        image = std::make_shared<MemoryImage>(module.binary);
    image->add({*offset, module.bytes(segment.bytes)});
    return true;
}

StartUp find_out(const Module& module)
{
    StartUp start_up;
    for (const auto& type : module.canonical_types) {
        start_up.types.push_back(type.get());
        start_up.has_objects |= !type->is_function();
    }
    Images images(module.memory_types.size() - module.imported_memories);
    for (const auto& segment : module.data) {
        if (!add_segment(module, segment, images))
            break;
        start_up.imaged_segments += 1;
        start_up.fuel += segment.mode == SegmentMode::active ? segment.bytes.size >> 10 : 0;
    }
    start_up.images.assign(images.begin(), images.end());
    return start_up;
}

} // namespace

void MemoryImage::add(SharedPages::Part piece)
{
    const auto end = piece.offset + piece.bytes.size();
    is_sorted_ = is_sorted_ && piece.offset >= end_;
    // In order, a piece may begin in the page where the one before ends.
    const auto first = piece.offset & ~(os_page_bytes - 1);
    page_bytes_ += round_up_to_page(end) - (is_sorted_ ? std::max(first, round_up_to_page(end_)) : first);
    begin_ = std::min(begin_, piece.offset);
    end_ = std::max(end_, end);
    bytes_ += piece.bytes.size();
    pieces_.push_back(piece);
}

void MemoryImage::put(std::byte* memory) const
{
    for (const auto& piece : pieces_)
        if (!piece.bytes.empty())
            std::memcpy(memory + piece.offset, piece.bytes.data(), piece.bytes.size());
}

void MemoryImage::erase(std::byte* memory) const
{
    for (const auto& piece : pieces_)
        if (!piece.bytes.empty())
            std::memset(memory + piece.offset, 0, piece.bytes.size());
}

const SharedPages* MemoryImage::shared() const
{
    const auto size = end_ - std::min(end_, shared_begin());
    if (bytes_ < worth_sharing || size > 2 * page_bytes_)
        return nullptr;
    std::call_once(shared_once_, [&] {
        auto parts = pieces_;
        for (auto& part : parts)
            part.offset -= shared_begin();
        if (auto made = SharedPages::make(size, parts))
            shared_.emplace(*std::move(made));
    });
    return shared_ ? &*shared_ : nullptr;
}

const StartUp& StartUp::of(const Module& module)
{
    auto& cell = *module.start_up;
    std::call_once(cell.once, [&] { cell.value = std::make_shared<const StartUp>(find_out(module)); });
    return *static_cast<const StartUp*>(cell.value.get());
}

} // namespace trellis::wasm
