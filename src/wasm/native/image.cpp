#include "wasm/native/image.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <cstring>

namespace trellis::wasm::native {

std::string CodeMode::describe() const
{
    return format("memory {}\nfuel {}\nnans {}\n", guarded_memory0 ? "guarded" : "checked",
                  counts_fuel ? "counted" : "not counted", deterministic ? "canonical" : "any");
}

CodeTables tables_of(const CompiledModule& compiled)
{
    return {compiled.functions,       compiled.wrappers, compiled.adapters,
            compiled.saved_registers, compiled.frames,   compiled.landings};
}

Result<std::shared_ptr<const CodeImage>> CodeImage::map(CompiledModule compiled)
{
    auto memory = TRELLIS_TRY(CodeMemory::make(compiled.code.size()));
    if (!compiled.code.empty())
        std::memcpy(memory.writable().data(), compiled.code.data(), compiled.code.size());
    compiled.code = {};
    TRELLIS_TRY(memory.seal(0));
    const std::shared_ptr<CodeImage> image(new CodeImage(std::move(memory), 0));
    image->compiled_ = std::move(compiled);
    image->tables_ = tables_of(image->compiled_);
    image->mode_ = image->compiled_.mode;
    image->read_trace_tables_ = [&made = image->compiled_] {
        return TraceTables{std::move(made.lines), std::move(made.inlined), std::move(made.inlined_calls)};
    };
    return image;
}

std::shared_ptr<const CodeImage> CodeImage::take(CodeMemory memory, std::size_t code, const CodeTables& tables,
                                                 CodeMode mode, std::function<TraceTables()> read_trace_tables)
{
    const std::shared_ptr<CodeImage> image(new CodeImage(std::move(memory), code));
    image->tables_ = tables;
    image->mode_ = mode;
    image->read_trace_tables_ = std::move(read_trace_tables);
    return image;
}

CompiledModule CodeImage::copy() const
{
    std::call_once(index_made_, &CodeImage::make_index, this);
    const auto copied = [](const auto& rows) { return std::vector(rows.begin(), rows.end()); };
    CompiledModule all;
    all.code.resize(code_.size());
    std::ranges::transform(code_, all.code.begin(), [](std::uint8_t byte) { return std::byte(byte); });
    all.mode = mode_;
    all.functions = copied(tables_.functions);
    all.wrappers = copied(tables_.wrappers);
    all.adapters = copied(tables_.adapters);
    all.lines = trace_.lines;
    all.inlined = trace_.inlined;
    all.inlined_calls = trace_.inlined_calls;
    all.saved_registers = copied(tables_.saved_registers);
    all.frames = copied(tables_.frames);
    all.landings = copied(tables_.landings);
    return all;
}

void CodeImage::make_index() const
{
    for (std::uint32_t i = 0; i < tables_.functions.size(); ++i)
        if (tables_.functions[i] != CompiledModule::absent)
            by_offset_.emplace_back(tables_.functions[i], i);
    for (const auto& one : compiled_.loops)
        by_offset_.emplace_back(one.code, one.function);
    for (const auto& others : {tables_.wrappers, tables_.adapters})
        for (const auto offset : others)
            if (offset != CompiledModule::absent)
                by_offset_.emplace_back(offset, CompiledModule::absent);
    std::ranges::sort(by_offset_);
    trace_ = read_trace_tables_();
}

namespace {

/// Of rows that are sorted and don't overlap, the one around the offset.
template <class Row>
const Row* row_around(std::span<const Row> rows, std::uint32_t offset)
{
    const auto behind = std::ranges::upper_bound(rows, offset, {}, &Row::begin);
    if (behind == rows.begin() || offset >= std::prev(behind)->end)
        return nullptr;
    return &*std::prev(behind);
}

} // namespace

const CompiledModule::SavedRegisters* CodeImage::saved_registers(const void* address) const
{
    const auto* const frame = contains(address) ? row_around(tables_.frames, offset_of(address)) : nullptr;
    return frame ? &tables_.saved_registers[frame->saved] : nullptr;
}

const void* CodeImage::landing(const void* address) const
{
    const auto* const row = contains(address) ? row_around(tables_.landings, offset_of(address)) : nullptr;
    return row ? at(row->pad) : nullptr;
}

namespace {

/// What the last row at or before the offset says.
template <class Row>
std::uint32_t last_before(const std::vector<Row>& rows, std::uint32_t offset, std::uint32_t Row::* what)
{
    const auto behind = std::ranges::upper_bound(rows, offset, {}, &Row::code);
    return behind == rows.begin() ? CompiledModule::absent : (*std::prev(behind)).*what;
}

} // namespace

std::optional<std::uint32_t> CodeImage::function_at(const void* address) const
{
    if (!contains(address))
        return std::nullopt;
    std::call_once(index_made_, &CodeImage::make_index, this);
    const auto offset = offset_of(address);
    const auto behind = std::ranges::upper_bound(by_offset_, offset, {}, [](const auto& row) { return row.first; });
    if (behind == by_offset_.begin() || std::prev(behind)->second == CompiledModule::absent)
        return std::nullopt;
    const auto* const frame = row_around(tables_.frames, offset);
    if (!frame || frame->begin > std::prev(behind)->first)
        return std::nullopt; // code behind the function that no function of the module was compiled to
    return std::prev(behind)->second;
}

std::uint32_t CodeImage::module_offset(std::uint32_t code, std::uint32_t call) const
{
    const auto behind = std::ranges::upper_bound(trace_.lines, code, {}, &CompiledModule::Line::code);
    if (behind == trace_.lines.begin() || std::prev(behind)->module != CompiledModule::unknown)
        return behind == trace_.lines.begin() ? CompiledModule::absent : std::prev(behind)->module;
    // Two accesses that LLVM made one, for instance, have no place: what is before them has, or behind.
    const auto function = *row_around(tables_.frames, code);
    const auto is_place = [&](const CompiledModule::Line& row) {
        return row.module < CompiledModule::unknown &&
               last_before(trace_.inlined, row.code, &CompiledModule::Inlined::call) == call;
    };
    for (auto row = behind; row != trace_.lines.begin() && std::prev(row)->code >= function.begin; --row)
        if (is_place(*std::prev(row)))
            return std::prev(row)->module;
    for (auto row = behind; row != trace_.lines.end() && row->code < function.end; ++row)
        if (is_place(*row))
            return row->module;
    return CompiledModule::absent;
}

std::vector<CodeImage::Place> CodeImage::find(const void* address) const
{
    const auto function = function_at(address);
    if (!function)
        return {};
    const auto offset = offset_of(address);
    std::vector<Place> places;
    auto call = last_before(trace_.inlined, offset, &CompiledModule::Inlined::call);
    auto where = module_offset(offset, call);
    while (call != CompiledModule::absent) {
        const auto& one = trace_.inlined_calls[call];
        places.push_back({one.callee, where});
        where = one.module;
        call = one.around;
    }
    places.push_back({*function, where});
    return places;
}

} // namespace trellis::wasm::native
