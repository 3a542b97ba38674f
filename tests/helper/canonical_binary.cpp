#include "helper/canonical_binary.hpp"

#include "wasm/binary/instruction_reader.hpp"
#include "wasm/binary/writer.hpp"

namespace trellis::test {

using namespace trellis::wasm;

namespace {

class CanonicalWriter {
public:
    explicit CanonicalWriter(const Module& module) : module_(module) {}

    Result<std::vector<std::uint8_t>> write()
    {
        // The code section first: it tells whether a data count is needed.
        Writer code;
        for (const auto& function : module_.functions)
            TRELLIS_TRY(write_body(code, function));
        out_.raw(std::string_view("\0asm\1\0\0\0", 8));
        write_customs(0);
        write_types();
        write_list(2, module_.imports, [](Writer& to, const Import& import) {
            to.name(import.module);
            to.name(import.name);
            to.extern_type(import.type);
        });
        write_list(3, module_.functions, [](Writer& to, const auto& function) { to.u32(number(function.type)); });
        TRELLIS_TRY(write_tables());
        write_defined(5, module_.memory_types, module_.imported_memories, &Writer::memory_type);
        write_defined(13, module_.tag_types, module_.imported_tags, &Writer::tag_type);
        TRELLIS_TRY(write_globals());
        write_list(7, module_.exports, [](Writer& to, const Export& item) {
            to.name(item.name);
            to.byte(static_cast<std::uint8_t>(item.kind));
            to.u32(item.index);
        });
        Writer start;
        if (module_.start)
            start.u32(number(*module_.start));
        write_section(8, start);
        TRELLIS_TRY(write_elements());
        Writer data_count;
        if (needs_data_count_)
            data_count.u32(static_cast<std::uint32_t>(module_.data.size()));
        write_section(12, data_count);
        write_counted(10, module_.functions.size(), code);
        TRELLIS_TRY(write_data());
        return std::vector<std::uint8_t>(out_.bytes().begin(), out_.bytes().end());
    }

private:
    void write_customs(std::uint8_t after)
    {
        for (const auto& section : module_.custom_sections)
            if (section.after_section == after)
                out_.custom_section(section.name, module_.bytes(section.contents));
    }

    void write_section(std::uint8_t id, const Writer& contents)
    {
        if (contents.size() > 0)
            out_.section(id, contents.bytes());
        write_customs(id);
    }

    void write_counted(std::uint8_t id, std::size_t count, const Writer& entries)
    {
        Writer contents;
        if (count > 0)
            contents.u64(count);
        contents.raw(entries.bytes());
        write_section(id, contents);
    }

    template <class List, class Write>
    void write_list(std::uint8_t id, const List& list, Write write)
    {
        Writer entries;
        for (const auto& item : list)
            write(entries, item);
        write_counted(id, list.size(), entries);
    }

    template <class Type>
    void write_defined(std::uint8_t id, const std::vector<Type>& types, std::uint32_t imported,
                       void (Writer::*write)(const Type&))
    {
        write_list(id, std::span(types).subspan(imported), [&](Writer& to, const Type& type) { (to.*write)(type); });
    }

    void write_types()
    {
        write_list(1, module_.recursion_groups, [&](Writer& to, const RecursionGroup& group) {
            if (group.count != 1) {
                to.byte(0x4e);
                to.u32(group.count);
            }
            for (std::uint32_t i = 0; i < group.count; ++i)
                to.sub_type(module_.types[number(group.first) + i]);
        });
    }

    Result<> write_instructions(Writer& to, InstructionReader& reader)
    {
        Instruction instruction;
        std::optional<Instruction> waiting_else; // means nothing if `end` follows
        while (!reader.at_end()) {
            TRELLIS_TRY(reader.read(instruction));
            if (waiting_else && instruction.op != Op::end)
                to.instruction(*waiting_else);
            waiting_else.reset();
            if (instruction.op == Op::else_)
                waiting_else = instruction;
            else
                to.instruction(instruction);
            const auto immediate = info(instruction.op).immediate;
            needs_data_count_ = needs_data_count_ || immediate == Immediate::data ||
                                immediate == Immediate::type_data || immediate == Immediate::data_memory;
        }
        return {};
    }

    Result<> write_constant(Writer& to, const ConstExpr& expression)
    {
        InstructionReader reader(module_, expression.bytes);
        return write_instructions(to, reader);
    }

    Result<> write_body(Writer& to, const FunctionDefinition& function)
    {
        InstructionReader reader(module_, function.body);
        std::vector<InstructionReader::LocalRun> runs;
        for (const auto& run : TRELLIS_TRY(reader.read_locals())) {
            if (!runs.empty() && runs.back().type == run.type)
                runs.back().count += run.count;
            else if (run.count > 0)
                runs.push_back(run);
        }
        Writer body;
        body.u64(runs.size());
        for (const auto& run : runs) {
            body.u32(run.count);
            body.value_type(run.type);
        }
        TRELLIS_TRY(write_instructions(body, reader));
        to.sized(body.bytes());
        return {};
    }

    Result<> write_tables()
    {
        Writer entries;
        for (const auto& table : module_.tables) {
            if (table.initial)
                entries.raw(std::string_view("\x40\0", 2));
            entries.table_type(table.type);
            if (table.initial)
                TRELLIS_TRY(write_constant(entries, *table.initial));
        }
        write_counted(4, module_.tables.size(), entries);
        return {};
    }

    Result<> write_globals()
    {
        Writer entries;
        for (const auto& global : module_.globals) {
            entries.global_type(global.type);
            TRELLIS_TRY(write_constant(entries, global.initial));
        }
        write_counted(6, module_.globals.size(), entries);
        return {};
    }

    Result<> write_elements()
    {
        Writer entries;
        for (const auto& segment : module_.elements)
            TRELLIS_TRY(write_element(entries, segment));
        write_counted(9, module_.elements.size(), entries);
        return {};
    }

    Result<> write_element(Writer& entries, const ElementSegment& segment)
    {
        // Always the longest form, so that how it was written does not matter.
        const bool functions = segment.expressions.empty() && segment.type == ValType::ref(HeapType::func);
        static constexpr std::uint8_t forms[] = {2, 1, 3}; // active, passive, declarative
        entries.byte(static_cast<std::uint8_t>(forms[static_cast<std::size_t>(segment.mode)] | (functions ? 0 : 4)));
        if (segment.mode == SegmentMode::active) {
            entries.u32(number(segment.table));
            TRELLIS_TRY(write_constant(entries, segment.offset));
        }
        if (functions)
            entries.byte(0);
        else
            entries.value_type(segment.type);
        entries.u64(segment.size());
        for (const auto function : segment.functions)
            entries.u32(number(function));
        for (const auto& expression : segment.expressions)
            TRELLIS_TRY(write_constant(entries, expression));
        return {};
    }

    Result<> write_data()
    {
        Writer entries;
        for (const auto& segment : module_.data) {
            entries.byte(segment.mode == SegmentMode::active ? 2 : 1);
            if (segment.mode == SegmentMode::active) {
                entries.u32(number(segment.memory));
                TRELLIS_TRY(write_constant(entries, segment.offset));
            }
            entries.sized(module_.bytes(segment.bytes));
        }
        write_counted(11, module_.data.size(), entries);
        return {};
    }

    const Module& module_;
    Writer out_;
    bool needs_data_count_ = false;
};

} // namespace

Result<std::vector<std::uint8_t>> canonical_binary(const Module& module)
{
    return CanonicalWriter(module).write();
}

} // namespace trellis::test
