#include "wasm/preinit/rewriter.hpp"

#include "base/format.hpp"
#include "wasm/binary/cursor.hpp"
#include "wasm/binary/instruction_reader.hpp"
#include "wasm/execution/memory.hpp"
#include "wasm/preinit/constant_of.hpp"
#include "wasm/preinit/uses.hpp"
#include "wasm/syntax/implementation_limits.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace trellis::wasm {
namespace {

enum SectionId : std::uint8_t {
    tables = 4,
    memories = 5,
    globals = 6,
    exports = 7,
    start = 8,
    elements = 9,
    data = 11,
    data_count = 12,
};

/// All that are not custom, in the order of the format.
constexpr std::array<std::uint8_t, 13> section_order = {1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11};

std::size_t position_of(std::uint8_t id)
{
    return static_cast<std::size_t>(std::ranges::find(section_order, id) - section_order.begin());
}

/// A section that is a vector.
struct Entries {
    Writer bytes;
    std::uint32_t count = 0;

    Writer& add()
    {
        ++count;
        return bytes;
    }
    [[nodiscard]] Writer contents() const
    {
        Writer all;
        all.u32(count);
        all.raw(bytes.bytes());
        return all;
    }
};

class Rewriter {
public:
    Rewriter(const Instance& instance, const PreinitPlan& plan, const Snapshot& snapshot)
        : instance_(instance), module_(*instance.module), plan_(plan), snapshot_(snapshot),
          uses_(uses_of_bodies(*instance.module))
    {
    }

    Result<SharedBytes> run()
    {
        TRELLIS_TRY(check_size());
        write_tables();
        write_memories();
        TRELLIS_TRY(write_globals());
        write_exports();
        if (module_.start)
            replaced_[SectionId::start] = std::nullopt;
        TRELLIS_TRY(write_elements());
        write_data();
        return assemble();
    }

private:
    Result<> check_size() const;
    void write_tables();
    void write_memories();
    Result<> write_globals();
    void write_exports();
    Result<> write_elements();
    [[nodiscard]] bool is_dropped_passive(std::size_t element_segment) const;
    void write_old_element_segment(Entries& entries, std::size_t index);
    Result<> write_table_run(Entries& entries, const TableRun& run);
    Result<> write_table_functions(Writer& writer, const TableRun& run);
    Result<> write_table_expressions(Writer& writer, const TableRun& run);
    void write_data();
    [[nodiscard]] std::size_t segments_to_keep() const;
    void write_old_data_segment(Entries& entries, std::size_t index);
    static void write_data_run(Writer& writer, const Module& module, const DataRun& run);
    std::vector<FuncIndex> functions_to_declare() const;
    SharedBytes assemble() const;
    void write_new_sections(Writer& writer, std::span<const SectionInfo> sections) const;

    [[nodiscard]] ByteRange section(std::uint8_t id) const
    {
        const auto found = std::ranges::find(module_.sections, id, &SectionInfo::id);
        return found == module_.sections.end() ? ByteRange{} : found->contents;
    }

    /// The bytes of one definition, as they stand.
    [[nodiscard]] ByteRange entry(std::uint8_t id, std::span<const std::uint32_t> offsets, std::size_t index) const
    {
        const auto contents = section(id);
        const auto end = index + 1 < offsets.size() ? offsets[index + 1] : contents.offset + contents.size;
        return {offsets[index], end - offsets[index]};
    }

    void replace(std::uint8_t id, const Entries& entries) { replaced_[id] = entries.contents(); }

    const Instance& instance_;
    const Module& module_;
    const PreinitPlan& plan_;
    const Snapshot& snapshot_;
    const Uses uses_;
    /// New contents by section's id; nothing: the section goes.
    std::map<std::uint8_t, std::optional<Writer>> replaced_;
};

Result<> Rewriter::check_size() const
{
    std::uint64_t bytes = module_.binary.size();
    for (const auto& run : snapshot_.data)
        bytes += run.bytes.size();
    if (bytes <= implementation_limits::module_bytes)
        return {};
    return fail(ErrorCode::limit, format("the initialised module would have {} bytes where {} are supported", bytes,
                                         implementation_limits::module_bytes));
}

void Rewriter::write_tables()
{
    Entries entries;
    bool changed = false;
    for (std::size_t i = 0; i < module_.tables.size(); ++i) {
        const auto& table = module_.tables[i];
        const auto size = instance_.tables[module_.imported_tables + i]->size;
        auto& writer = entries.add();
        if (size == table.type.limits.min) {
            writer.raw(module_.bytes(entry(SectionId::tables, module_.offsets.tables, i)));
            continue;
        }
        changed = true;
        auto type = table.type;
        type.limits.min = size;
        if (table.initial)
            writer.fixed(0x40, 2); // a table with an initial value
        writer.table_type(type);
        if (table.initial)
            writer.raw(module_.bytes(table.initial->bytes));
    }
    if (changed)
        replace(SectionId::tables, entries);
}

void Rewriter::write_memories()
{
    Entries entries;
    bool changed = false;
    for (auto i = module_.imported_memories; i < module_.memory_types.size(); ++i) {
        auto type = module_.memory_types[i];
        const auto pages = instance_.memories[i]->pages();
        changed |= pages != type.limits.min;
        type.limits.min = pages;
        entries.add().memory_type(type);
    }
    if (changed)
        replace(SectionId::memories, entries);
}

/// The same error, behind the place where it was met.
std::unexpected<Error> at_place(std::string place, const Error& error)
{
    return fail(error.code, format("can't be kept: {}: {}", place, error.message));
}

std::string name_of_export(const Module& module, ExternKind kind, std::uint32_t index)
{
    for (const auto& one : module.exports)
        if (one.kind == kind && one.index == index)
            return format(" ({})", one.name);
    return "";
}

Result<> Rewriter::write_globals()
{
    if (std::ranges::find(snapshot_.changed_globals, true) == snapshot_.changed_globals.end())
        return {};
    Entries entries;
    for (std::uint32_t i = 0; i < module_.globals.size(); ++i) {
        const auto& global = module_.globals[i];
        const auto range = entry(SectionId::globals, module_.offsets.globals, i);
        auto& writer = entries.add();
        if (!snapshot_.changed_globals[i]) {
            writer.raw(module_.bytes(range));
            continue;
        }
        const auto index = module_.imported_globals + i;
        writer.raw(module_.bytes({range.offset, global.initial.bytes.offset - range.offset}));
        const auto written = write_constant(writer, instance_, global.type.value, instance_.globals[index]);
        if (!written)
            return at_place(format("global {}{}", index, name_of_export(module_, ExternKind::global, index)),
                            written.error());
    }
    replace(SectionId::globals, entries);
    return {};
}

void Rewriter::write_exports()
{
    Entries entries;
    for (const auto& one : plan_.exports) {
        auto& writer = entries.add();
        writer.name(one.name);
        writer.byte(static_cast<std::uint8_t>(one.kind));
        writer.u32(one.index);
    }
    const auto is_same = [](const Export& a, const Export& b) { return a.name == b.name; };
    if (!std::ranges::equal(plan_.exports, module_.exports, is_same))
        replace(SectionId::exports, entries);
}

/// Functions that ref.func names in some body and that only an export or a global's old value declared.
std::vector<FuncIndex> Rewriter::functions_to_declare() const
{
    std::vector<bool> lost(module_.function_types.size());
    for (const auto function : plan_.no_longer_exported)
        lost[number(function)] = true;
    Instruction instruction;
    for (std::size_t i = 0; i < module_.globals.size(); ++i) {
        InstructionReader reader(module_, module_.globals[i].initial.bytes);
        while (snapshot_.changed_globals[i] && !reader.at_end() && reader.read(instruction))
            if (instruction.op == Op::ref_func)
                lost[instruction.index] = true;
    }
    std::vector<FuncIndex> found;
    for (std::uint32_t i = 0; i < lost.size(); ++i)
        if (lost[i] && uses_.functions[i])
            found.push_back(FuncIndex{i});
    return found;
}

Result<> Rewriter::write_elements()
{
    Entries entries;
    bool changed = false;
    for (std::size_t i = 0; i < module_.elements.size(); ++i) {
        write_old_element_segment(entries, i);
        changed |= is_dropped_passive(i);
    }
    for (const auto& run : snapshot_.tables)
        TRELLIS_TRY(write_table_run(entries, run));
    const auto declared = functions_to_declare();
    if (!declared.empty()) {
        auto& writer = entries.add();
        writer.u32(3); // declarative
        writer.byte(0);
        writer.u64(declared.size());
        for (const auto function : declared)
            writer.u32(number(function));
    }
    if (entries.count > module_.elements.size() || changed)
        replace(SectionId::elements, entries);
    return {};
}

bool Rewriter::is_dropped_passive(std::size_t element_segment) const
{
    return module_.elements[element_segment].mode == SegmentMode::passive &&
           instance_.dropped_elements[element_segment];
}

/// A passive segment that was dropped becomes a declarative one: dropped from the start, and what it declares stays
/// declared.
void Rewriter::write_old_element_segment(Entries& entries, std::size_t index)
{
    constexpr std::uint32_t declarative = 2;
    const auto range = entry(SectionId::elements, module_.offsets.elements, index);
    auto& writer = entries.add();
    if (!is_dropped_passive(index))
        return writer.raw(module_.bytes(range));
    Cursor cursor(module_.binary.view(), range);
    writer.u32(cursor.u32() | declarative);
    writer.raw(cursor.take(cursor.remaining()));
}

Result<> Rewriter::write_table_run(Entries& entries, const TableRun& run)
{
    const auto& table = *instance_.tables[number(run.table)];
    const auto* const refs = table.elements;
    const auto is_null = [](Ref ref) { return ref == null_ref; };
    const bool only_functions = table.type.element.heap() == HeapType::func &&
                                std::none_of(refs + run.elements.begin, refs + run.elements.end, is_null);
    auto& writer = entries.add();
    return only_functions ? write_table_functions(writer, run) : write_table_expressions(writer, run);
}

Result<> Rewriter::write_table_functions(Writer& writer, const TableRun& run)
{
    const auto& table = *instance_.tables[number(run.table)];
    const auto [begin, end] = run.elements;
    const bool is_first = number(run.table) == 0;
    writer.u32(is_first ? 0 : 2);
    if (!is_first)
        writer.u32(number(run.table));
    write_address(writer, table.type.limits.is_64, begin);
    if (!is_first)
        writer.byte(0);
    writer.u64(end - begin);
    for (auto i = begin; i < end; ++i) {
        const auto function = function_index(instance_, table.elements[i]);
        if (!function)
            return at_place(format("table {}, element {}", number(run.table), i), function.error());
        writer.u32(number(*function));
    }
    return {};
}

Result<> Rewriter::write_table_expressions(Writer& writer, const TableRun& run)
{
    const auto& table = *instance_.tables[number(run.table)];
    const auto [begin, end] = run.elements;
    writer.u32(6);
    writer.u32(number(run.table));
    write_address(writer, table.type.limits.is_64, begin);
    writer.value_type(table.type.element);
    writer.u64(end - begin);
    for (auto i = begin; i < end; ++i) {
        const Slot value{.ref = table.elements[i]};
        const auto written = write_constant(writer, instance_, table.type.element, &value);
        if (!written)
            return at_place(format("table {}, element {}", number(run.table), i), written.error());
    }
    return {};
}

/// Segments that were dropped are free for new data: nobody can tell them from others that were. What is left of them
/// stays, empty, as far as the numbers of others depend on it.
void Rewriter::write_data()
{
    Entries entries;
    const auto kept = segments_to_keep();
    std::size_t written = 0;
    for (std::size_t i = 0; i < module_.data.size(); ++i) {
        if (instance_.dropped_data[i] && written < snapshot_.data.size())
            write_data_run(entries.add(), module_, snapshot_.data[written++]);
        else if (i < kept)
            write_old_data_segment(entries, i);
    }
    while (written < snapshot_.data.size())
        write_data_run(entries.add(), module_, snapshot_.data[written++]);
    if (entries.count == 0 && module_.data.empty())
        return;
    replace(SectionId::data, entries);
    if (module_.data_count)
        replaced_[SectionId::data_count].emplace().u32(entries.count);
}

/// All up to the last that a body names or that still has its data; all, where a name section may name them.
std::size_t Rewriter::segments_to_keep() const
{
    auto kept = module_.data.size();
    if (std::ranges::count(module_.custom_sections, "name", &CustomSection::name) != 0)
        return kept;
    while (kept > uses_.data_segments && instance_.dropped_data[kept - 1])
        --kept;
    return kept;
}

void Rewriter::write_old_data_segment(Entries& entries, std::size_t index)
{
    const auto range = entry(SectionId::data, module_.offsets.data, index);
    auto& writer = entries.add();
    if (!instance_.dropped_data[index])
        return writer.raw(module_.bytes(range));
    // The beginning as it stands, and no bytes.
    Cursor cursor(module_.binary.view(), range);
    cursor.u32();
    const auto& segment = module_.data[index];
    const auto& offset = segment.offset.bytes;
    const auto end = segment.mode == SegmentMode::active ? offset.offset + offset.size : cursor.offset();
    writer.raw(module_.bytes({range.offset, end - range.offset}));
    writer.u32(0);
}

void Rewriter::write_data_run(Writer& writer, const Module& module, const DataRun& run)
{
    const auto memory = number(run.memory);
    writer.u32(memory == 0 ? 0 : 2);
    if (memory != 0)
        writer.u32(memory);
    write_address(writer, module.memory_types[memory].limits.is_64, run.offset);
    writer.sized(run.bytes);
}

/// Sections that the module did not have, of those behind the first of `sections` and in front of the next that it has;
/// so that they stand in front of custom sections about what follows.
void Rewriter::write_new_sections(Writer& writer, std::span<const SectionInfo> sections) const
{
    const auto next = std::ranges::find_if(sections.subspan(1), [](const SectionInfo& info) { return info.id != 0; });
    const auto end = next == sections.end() ? section_order.size() : position_of(next->id);
    for (auto position = position_of(sections[0].id) + 1; position < end; ++position)
        if (const auto found = replaced_.find(section_order[position]); found != replaced_.end() && found->second)
            writer.section(found->first, found->second->bytes());
}

SharedBytes Rewriter::assemble() const
{
    constexpr std::uint32_t header_bytes = 8;
    Writer writer;
    writer.raw(module_.bytes({0, header_bytes}));
    std::uint32_t copied = header_bytes;
    const std::span sections(module_.sections);
    for (std::size_t i = 0; i < sections.size(); ++i) {
        const auto& [id, contents] = sections[i];
        const auto end = contents.offset + contents.size;
        const auto found = replaced_.find(id);
        if (found == replaced_.end())
            writer.raw(module_.bytes({copied, end - copied}));
        else if (found->second)
            writer.section(id, found->second->bytes());
        copied = end;
        if (id != 0)
            write_new_sections(writer, sections.subspan(i));
    }
    return SharedBytes::copy_of(writer.bytes());
}

} // namespace

Result<SharedBytes> rewrite_module(const Instance& instance, const PreinitPlan& plan, const Snapshot& snapshot)
{
    return Rewriter(instance, plan, snapshot).run();
}

} // namespace trellis::wasm
