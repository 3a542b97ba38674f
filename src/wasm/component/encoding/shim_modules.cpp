#include "wasm/component/encoding/shim_modules.hpp"

#include "wasm/binary/writer.hpp"
#include "wasm/component/encoding/module_exports.hpp"
#include "wasm/component/encoding/writing.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace trellis::wasm::component::encoding {
namespace {

constexpr std::array<std::uint8_t, 8> preamble = {0, 'a', 's', 'm', 1, 0, 0, 0};
enum Section : std::uint8_t {
    types = 1,
    imports = 2,
    functions = 3,
    tables = 4,
    memories = 5,
    exports = 7,
    start = 8,
    elements = 9,
    code = 10
};

/// A module under construction, section by section.
class CoreWriter {
public:
    CoreWriter() { all_.raw(preamble); }

    template <class Fill>
    void section(Section id, std::uint32_t count, Fill fill)
    {
        Writer contents;
        contents.u32(count);
        fill(contents);
        all_.section(id, contents.bytes());
    }

    void raw_section(Section id, std::uint32_t contents)
    {
        Writer writer;
        writer.u32(contents);
        all_.section(id, writer.bytes());
    }

    std::vector<std::uint8_t> take()
    {
        const auto bytes = all_.bytes();
        return {bytes.begin(), bytes.end()};
    }

private:
    Writer all_;
};

std::uint32_t count_of(const std::vector<wasm::FuncType>& list)
{
    return static_cast<std::uint32_t>(list.size());
}

/// Function i has type i.
void write_types(CoreWriter& module, const std::vector<wasm::FuncType>& functions, bool one_more)
{
    module.section(types, count_of(functions) + one_more, [&](Writer& writer) {
        for (const auto& type : functions)
            writer.composite_type(type);
        if (one_more)
            writer.composite_type(wasm::FuncType{});
    });
}

void write_functions(CoreWriter& module, std::uint32_t count)
{
    module.section(functions, count, [&](Writer& writer) {
        for (std::uint32_t i = 0; i < count; ++i)
            writer.u32(i);
    });
}

TableType table_of(std::size_t size)
{
    TableType table{};
    table.element = funcref;
    table.limits.min = size;
    table.limits.max = size;
    return table;
}

/// Calls entry `index` of the table with its own parameters.
Writer shim_body(const wasm::FuncType& type, std::uint32_t index)
{
    constexpr std::uint8_t local_get = 0x20, i32_const = 0x41, call_indirect = 0x11, end = 0x0b;
    Writer body;
    body.u32(0); // no locals
    for (std::uint32_t i = 0; i < type.params.size(); ++i) {
        body.byte(local_get);
        body.u32(i);
    }
    body.byte(i32_const);
    body.s64(index);
    body.byte(call_indirect);
    body.u32(index); // its type
    body.u32(0);     // the table
    body.byte(end);
    return body;
}

void write_export(Writer& writer, std::string_view name, ExternKind kind, std::uint32_t index)
{
    writer.name(name);
    writer.byte(static_cast<std::uint8_t>(kind));
    writer.u32(index);
}

/// All functions, from the table's beginning on.
void write_element(Writer& writer, std::uint32_t count)
{
    constexpr std::uint8_t i32_const = 0x41, end = 0x0b;
    writer.u32(0);
    writer.byte(i32_const);
    writer.s64(0);
    writer.byte(end);
    writer.u32(count);
    for (std::uint32_t i = 0; i < count; ++i)
        writer.u32(i);
}

Writer stub_body(const Stub& stub)
{
    constexpr std::uint8_t unreachable = 0x00, i32_const = 0x41, end = 0x0b;
    Writer body;
    body.u32(0); // no locals
    if (stub.type->results == std::vector<ValType>{i32}) {
        body.byte(i32_const);
        body.s64(stub.result);
    } else {
        body.byte(unreachable);
    }
    body.byte(end);
    return body;
}

} // namespace

std::string stub_name(const wasm::FuncType& type, std::int32_t result)
{
    return text_of(type) + std::to_string(result);
}

std::vector<std::uint8_t> shim_module(const std::vector<wasm::FuncType>& list, const std::optional<MemoryType>& memory,
                                      std::vector<Stub> stubs)
{
    std::ranges::sort(stubs, {}, &Stub::name);
    const auto same = std::ranges::unique(stubs, {}, &Stub::name);
    stubs.erase(same.begin(), same.end());
    auto all = list;
    for (const auto& stub : stubs)
        all.push_back(*stub.type);
    const auto count = count_of(list), both = count_of(all);
    CoreWriter module;
    write_types(module, all, false);
    write_functions(module, both);
    module.section(tables, 1, [&](Writer& writer) { writer.table_type(table_of(count)); });
    if (memory)
        module.section(memories, 1, [&](Writer& writer) { writer.memory_type(*memory); });
    module.section(exports, both + 1 + memory.has_value(), [&](Writer& writer) {
        for (std::uint32_t i = 0; i < both; ++i)
            write_export(writer, i < count ? std::to_string(i) : stubs[i - count].name, ExternKind::func, i);
        write_export(writer, shim_table, ExternKind::table, 0);
        if (memory)
            write_export(writer, shim_memory, ExternKind::memory, 0);
    });
    module.section(code, both, [&](Writer& writer) {
        for (std::uint32_t i = 0; i < both; ++i)
            writer.sized((i < count ? shim_body(list[i], i) : stub_body(stubs[i - count])).bytes());
    });
    return module.take();
}

std::vector<std::uint8_t> fill_module(const std::vector<wasm::FuncType>& list, bool calls_start)
{
    const auto count = count_of(list);
    const bool has_table = count != 0;
    CoreWriter module;
    write_types(module, list, calls_start);
    module.section(imports, count + has_table + calls_start, [&](Writer& writer) {
        const auto import = [&](std::string_view name, const ExternType& type) {
            writer.name("");
            writer.name(name);
            writer.extern_type(type);
        };
        for (std::uint32_t i = 0; i < count; ++i)
            import(std::to_string(i), static_cast<TypeIndex>(i));
        if (has_table)
            import(shim_table, table_of(count));
        if (calls_start)
            import(fill_start, static_cast<TypeIndex>(count));
    });
    if (calls_start)
        module.raw_section(start, count); // the function imported behind the others
    if (has_table)
        module.section(elements, 1, [&](Writer& writer) { write_element(writer, count); });
    return module.take();
}

} // namespace trellis::wasm::component::encoding
