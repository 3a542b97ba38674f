#include "generator/plan.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace trellis::wasm::generator {

Plan::Plan(Random random, bool hides, bool metered) : hides_nans(hides), is_metered(metered)
{
    choose_types(random.fork());
    choose_functions(random.fork());
    choose_memories(random.fork());
    choose_tables(random.fork());
    choose_globals(random.fork());
    choose_segments(random.fork());
}

ValType Plan::any_type(Random& random) const
{
    if (random.per_cent(75))
        return random.pick(std::array{i32, i32, i32, i64, i64, f32, f64, v128});
    static constexpr std::array heaps = {HeapType::func,    HeapType::extern_, HeapType::any, HeapType::eq,
                                         HeapType::struct_, HeapType::array,   HeapType::i31, HeapType::exn};
    if (random.per_cent(60))
        return ValType::ref_null(random.pick(heaps));
    const auto* const kind = random.pick(std::array{&function_types, &struct_types, &array_types});
    return kind->empty() ? anyref : ValType::ref_null(HeapType(random.pick(*kind)));
}

FuncType Plan::any_function_type(Random& random) const
{
    FuncType type;
    for (auto count = random.below(4); count > 0; --count)
        type.params.push_back(any_type(random));
    for (auto count = random.pick(std::array{0, 1, 1, 1, 1, 2, 3, 4}); count > 0; --count)
        type.results.push_back(any_type(random));
    return type;
}

StructType Plan::any_struct_type(Random& random) const
{
    StructType type;
    for (auto count = random.between(1, 4); count > 0; --count) {
        const auto storage =
            random.per_cent(25) ? random.pick(std::array<ValType, 2>{Kind::i8, Kind::i16}) : any_type(random);
        type.fields.push_back({storage, random.per_cent(80)});
    }
    return type;
}

/// Types refer to earlier ones only, but all are one group: type 0 is of the start function.
void Plan::choose_types(Random random)
{
    const auto add = [&](std::vector<TypeIndex>& list, CompositeType composite, std::optional<TypeIndex> super = {},
                         bool is_final = true) {
        list.push_back(static_cast<TypeIndex>(types.size()));
        types.push_back({is_final, super, std::move(composite)});
        return list.back();
    };
    add(function_types, FuncType{});
    add(array_types, ArrayType{{Kind::i8, true}});
    add(array_types, ArrayType{{funcref, true}});
    const auto base = any_struct_type(random);
    const auto base_index = add(struct_types, base, {}, false);
    auto extended = base;
    extended.fields.push_back({any_type(random), true});
    add(struct_types, extended, base_index, random.per_cent(50));
    for (auto count = random.between(1, 3); count > 0; --count) {
        const auto storage = random.per_cent(20) ? ValType(Kind::i16) : any_type(random);
        add(array_types, ArrayType{{storage, random.per_cent(85)}});
    }
    for (auto count = random.below(3); count > 0; --count)
        add(struct_types, any_struct_type(random));
    for (auto count = random.between(2, 5); count > 0; --count)
        add(function_types, any_function_type(random), {}, random.per_cent(80));
}

void Plan::choose_functions(Random random)
{
    imported_functions = random.below(3);
    for (std::uint32_t i = 0; i < imported_functions; ++i)
        functions.push_back(random.pick(function_types));
    for (auto count = random.between(2, 6); count > 0; --count)
        functions.push_back(random.pick(function_types));
    for (auto count = random.between(1, 2); count > 0; --count) {
        FuncType type = any_function_type(random);
        type.results.clear();
        tags.push_back(static_cast<TypeIndex>(types.size()));
        types.push_back({true, {}, type});
    }
    if (!random.per_cent(15))
        return;
    functions.push_back(function_types.front());
    start = static_cast<FuncIndex>(functions.size() - 1);
}

void Plan::choose_memories(Random random)
{
    const auto any_memory = [&] {
        MemoryType type;
        const auto min = random.between(1, 2);
        type.limits = {.min = min, .max = random.per_cent(70) ? std::optional(min + random.below(3)) : std::nullopt};
        type.limits.is_64 = random.per_cent(20);
        type.shared = type.limits.max && random.per_cent(20);
        if (random.per_cent(8)) {
            type.page_size_log2 = 0;
            type.limits.min = 16384;
            type.limits.max = 20000;
        }
        return type;
    };
    imports_memory = random.per_cent(15);
    for (auto count = random.pick(std::array{1, 1, 1, 1, 2, 3}); count > 0; --count)
        memories.push_back(any_memory());
    if (imports_memory)
        memories.front() = {.limits = {.min = 1, .max = 3, .is_64 = false}, .shared = false};
}

void Plan::choose_tables(Random random)
{
    imports_table = random.per_cent(15);
    tables.push_back({{.min = 10, .max = 20, .is_64 = !imports_table && random.per_cent(10)}, funcref});
    for (auto count = random.below(3); count > 0; --count) {
        ValType type = any_type(random);
        while (!type.is_ref())
            type = any_type(random);
        tables.push_back({{.min = random.between(1, 10), .max = 16, .is_64 = random.per_cent(15)}, type});
    }
}

void Plan::choose_globals(Random random)
{
    imports_global = random.per_cent(15);
    if (imports_global)
        globals.push_back({i64, true});
    globals.push_back({i32, true}); // the budget
    for (auto count = random.between(1, 5); count > 0; --count)
        globals.push_back({any_type(random), random.per_cent(85)});
}

void Plan::choose_segments(Random random)
{
    for (auto count = random.between(1, 3); count > 0; --count) {
        Data one;
        for (auto size = random.below(80); size > 0; --size)
            one.bytes.push_back(static_cast<std::uint8_t>(random.next() >> 32));
        const auto memory = random.below(memories.size());
        if (random.per_cent(50))
            one.active = {memory, random.per_cent(3) ? 200'000 : random.below(3000)};
        data.push_back(std::move(one));
    }
    const auto any_function = [&]() -> std::optional<FuncIndex> {
        if (random.per_cent(10))
            return std::nullopt;
        return static_cast<FuncIndex>(random.below(functions.size()));
    };
    for (const bool active : {true, random.per_cent(50), false}) {
        Elements one;
        one.type = funcref;
        for (auto size = random.between(1, 8); size > 0; --size)
            one.functions.push_back(any_function());
        if (active)
            one.active = {0, random.per_cent(3) ? 19 : random.below(3)};
        elements.push_back(std::move(one));
    }
    for (const auto& table : tables)
        if (table.element != funcref && random.per_cent(50))
            elements.push_back({{}, table.element, {}, random.between(1, 5)});
}

namespace {

/// Where an abstract heap type stands: its parent, and the bottom of its hierarchy.
struct HeapRow {
    HeapType type, parent, bottom;
};
constexpr std::array heap_rows = {
    HeapRow{HeapType::any, HeapType::any, HeapType::none},
    HeapRow{HeapType::eq, HeapType::any, HeapType::none},
    HeapRow{HeapType::i31, HeapType::eq, HeapType::none},
    HeapRow{HeapType::struct_, HeapType::eq, HeapType::none},
    HeapRow{HeapType::array, HeapType::eq, HeapType::none},
    HeapRow{HeapType::func, HeapType::func, HeapType::nofunc},
    HeapRow{HeapType::extern_, HeapType::extern_, HeapType::noextern},
    HeapRow{HeapType::exn, HeapType::exn, HeapType::noexn},
};

} // namespace

bool Plan::is_subtype(HeapType sub, HeapType super) const
{
    for (;;) {
        if (sub == super)
            return true;
        if (sub.is_index()) {
            const auto& type = types[number(sub.index())];
            sub = type.supertype                                       ? HeapType(*type.supertype)
                  : std::holds_alternative<FuncType>(type.composite)   ? HeapType::func
                  : std::holds_alternative<StructType>(type.composite) ? HeapType::struct_
                                                                       : HeapType::array;
            continue;
        }
        const auto* const row = std::ranges::find(heap_rows, sub, &HeapRow::type);
        if (row == heap_rows.end() || row->parent == sub)
            return false;
        sub = row->parent;
    }
}

bool Plan::is_subtype(ValType sub, ValType super) const
{
    if (!sub.is_ref() || !super.is_ref())
        return sub == super;
    return (super.nullable() || !sub.nullable()) && is_subtype(sub.heap(), super.heap());
}

} // namespace trellis::wasm::generator
