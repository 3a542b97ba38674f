// The sections of a generated module.
#include "generator/plan.hpp"

#include "base/format.hpp"

#include <algorithm>

namespace trellis::wasm::generator {
namespace {

void put(Writer& to, Op op, std::uint64_t value)
{
    Instruction in;
    in.op = op;
    in.value = value;
    in.index = static_cast<std::uint32_t>(value);
    to.instruction(in);
}

void put_null(Writer& to, HeapType type)
{
    Instruction in;
    in.op = Op::ref_null;
    in.type = ValType::ref_null(type);
    to.instruction(in);
}

void put_end(Writer& to)
{
    put(to, Op::end, 0);
}

template <class Items, class Write>
Writer vector_of(const Items& items, Write write)
{
    Writer made;
    made.u64(items.size());
    for (const auto& item : items)
        write(made, item);
    return made;
}

void import_name(Writer& to, const std::string& name)
{
    to.name("host");
    to.name(name);
}

} // namespace

Writer Plan::imports() const
{
    Writer made;
    made.u32(imported_functions + imports_memory + imports_table + imports_global);
    for (std::uint32_t i = 0; i < imported_functions; ++i) {
        import_name(made, format("f{}", i));
        made.extern_type(ExternType(functions[i]));
    }
    if (imports_memory) {
        import_name(made, "memory");
        made.extern_type(memories.front());
    }
    if (imports_table) {
        import_name(made, "table");
        made.extern_type(tables.front());
    }
    if (imports_global) {
        import_name(made, "global");
        made.extern_type(globals.front());
    }
    return made;
}

/// Something that is not zero, and the same every time.
void Plan::initial_value(Writer& to, const GlobalType& type, std::uint32_t index) const
{
    const std::uint64_t bits = index == 0 ? 100 : 0x0123'4567'89ab'cdef * index; // the first one is the budget
    Instruction in;
    switch (type.value.kind()) {
    case Kind::i32:
        put(to, Op::i32_const, static_cast<std::uint32_t>(bits));
        break;
    case Kind::i64:
        put(to, Op::i64_const, bits);
        break;
    case Kind::f32:
        put(to, Op::f32_const, std::bit_cast<std::uint32_t>(static_cast<float>(index) + 0.5f));
        break;
    case Kind::f64:
        put(to, Op::f64_const, std::bit_cast<std::uint64_t>(static_cast<double>(index) - 0.25));
        break;
    case Kind::v128:
        in.op = Op::v128_const;
        in.bytes.fill(static_cast<std::uint8_t>(index));
        to.instruction(in);
        break;
    default:
        put_null(to, type.value.heap());
    }
    put_end(to);
}

Writer Plan::element_section() const
{
    return vector_of(elements, [&](Writer& to, const Elements& one) {
        to.u32(one.active ? 6 : 5); // with a table and expressions; passive
        if (one.active) {
            to.u32(one.active->first);
            put(to, tables[one.active->first].limits.is_64 ? Op::i64_const : Op::i32_const, one.active->second);
            put_end(to);
        }
        to.value_type(one.type);
        to.u64(one.size());
        for (std::size_t i = 0; i < one.size(); ++i) {
            if (!one.functions.empty() && one.functions[i])
                put(to, Op::ref_func, number(*one.functions[i]));
            else
                put_null(to, one.type.heap());
            put_end(to);
        }
    });
}

Writer Plan::data_section() const
{
    return vector_of(data, [&](Writer& to, const Data& one) {
        to.u32(one.active ? 2 : 1);
        if (one.active) {
            to.u32(one.active->first);
            put(to, memories[one.active->first].limits.is_64 ? Op::i64_const : Op::i32_const, one.active->second);
            put_end(to);
        }
        to.sized(one.bytes);
    });
}

std::vector<std::uint8_t> Plan::write(const Body& body) const
{
    const auto skip = [](const auto& items, bool imported) { return std::span(items).subspan(imported ? 1 : 0); };
    const auto defined = std::span(functions).subspan(imported_functions);
    Writer group;
    group.u32(1);
    group.byte(0x4e);
    group.u64(types.size());
    for (const auto& type : types)
        group.sub_type(type);
    Writer made;
    made.raw(std::string_view("\0asm\1\0\0\0", 8));
    made.section(1, group.bytes());
    made.section(2, imports().bytes());
    made.section(3, vector_of(defined, [](Writer& to, TypeIndex type) { to.u32(number(type)); }).bytes());
    made.section(
        4, vector_of(skip(tables, imports_table), [](Writer& to, const TableType& t) { to.table_type(t); }).bytes());
    made.section(5, vector_of(skip(memories, imports_memory), [](Writer& to, const MemoryType& m) {
                        to.memory_type(m);
                    }).bytes());
    made.section(13, vector_of(tags, [](Writer& to, TypeIndex tag) { to.tag_type({tag}); }).bytes());
    std::uint32_t index = 0;
    made.section(6, vector_of(skip(globals, imports_global), [&](Writer& to, const GlobalType& global) {
                        to.global_type(global);
                        initial_value(to, global, index++);
                    }).bytes());
    // Every function is exported, which also lets ref.func name it.
    Writer exports;
    exports.u64(functions.size());
    for (std::uint32_t i = 0; i < functions.size(); ++i) {
        exports.name(format("f{}", i));
        exports.byte(static_cast<std::uint8_t>(ExternKind::func));
        exports.u32(i);
    }
    made.section(7, exports.bytes());
    if (start) {
        Writer one;
        one.u32(number(*start));
        made.section(8, one.bytes());
    }
    made.section(9, element_section().bytes());
    Writer count;
    count.u64(data.size());
    made.section(12, count.bytes());
    auto function = imported_functions;
    made.section(10, vector_of(defined, [&](Writer& to, TypeIndex) { to.sized(body(function++)); }).bytes());
    made.section(11, data_section().bytes());
    return {made.bytes().begin(), made.bytes().end()};
}

} // namespace trellis::wasm::generator
