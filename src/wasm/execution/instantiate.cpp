// https://webassembly.github.io/spec/core/exec/modules.html#instantiation
#include "wasm/execution/instantiate.hpp"

#include "base/check.hpp"
#include "base/format.hpp"
#include "wasm/execution/const_expr.hpp"
#include "wasm/execution/guest_stack.hpp"
#include "wasm/execution/import_matching.hpp"
#include "wasm/execution/memory.hpp"
#include "wasm/execution/operations.hpp"
#include "wasm/execution/start_up.hpp"

namespace trellis::wasm {
namespace {

Result<> as_result(Trap trap)
{
    if (!failed(trap))
        return {};
    return fail(ErrorCode::trap, std::string(message_of(trap)));
}

/// Puts what is given for the imports into the index spaces, after checking it.
Result<> link(Instance& instance, std::span<const Extern> imports)
{
    const auto& module = *instance.module;
    if (imports.size() != module.imports.size())
        return fail(ErrorCode::unlinkable,
                    format("unknown import: {} imports and {} definitions", module.imports.size(), imports.size()));
    for (std::size_t i = 0; i < imports.size(); ++i) {
        TRELLIS_TRY(match_import(module, module.imports[i], imports[i]));
        if (auto* const* function = std::get_if<Function*>(&imports[i]))
            instance.function_list.push_back(*function);
        else if (auto* const* table = std::get_if<Table*>(&imports[i]))
            instance.table_list.push_back(*table);
        else if (auto* const* memory = std::get_if<Memory*>(&imports[i]))
            instance.memory_list.push_back(*memory);
        else if (auto* const* global = std::get_if<Global*>(&imports[i]))
            instance.global_objects.push_back(*global);
        else if (auto* const* tag = std::get_if<Tag*>(&imports[i]))
            instance.tag_list.push_back(*tag);
    }
    return {};
}

/// Publishes the lists as the arrays that tiers read; the lists don't grow any more.
void publish(Instance& instance)
{
    for (auto* global : instance.global_objects)
        instance.global_list.push_back(global->value.data());
    instance.memories = instance.memory_list.data();
    instance.globals = instance.global_list.data();
    instance.tables = instance.table_list.data();
    instance.functions = instance.function_list.data();
    instance.tags = instance.tag_list.data();
    instance.memory0_base = instance.memory_list.empty() ? nullptr : instance.memory_list[0]->base();
}

Result<> make_tables(Instance& instance)
{
    const auto& module = *instance.module;
    for (const auto& table : module.tables)
        instance.table_list.push_back(
            TRELLIS_TRY(instance.store->make_table(table.type, null_ref, module.canonical_types)));
    return {};
}

/// From a pool they come with their data in them.
Result<> take_memories(Instance& instance)
{
    const auto& module = *instance.module;
    const auto& start_up = *instance.start_up;
    for (auto i = module.imported_memories; i < module.memory_types.size(); ++i) {
        const auto& type = module.memory_types[i];
        const auto& image = start_up.images[i - module.imported_memories];
        instance.memory_list.push_back(
            TRELLIS_TRY(type.shared ? instance.store->make_memory(type) : instance.store->take_from_pool(type, image)));
    }
    instance.imaged_segments = start_up.imaged_segments;
    return {};
}

Result<> make_memories(Instance& instance)
{
    const auto& module = *instance.module;
    if (instance.store->pool())
        return take_memories(instance);
    for (auto i = module.imported_memories; i < module.memory_types.size(); ++i)
        instance.memory_list.push_back(TRELLIS_TRY(instance.store->make_memory(module.memory_types[i])));
    return {};
}

/// Functions are made when somebody asks for them; globals and tables have their values later.
Result<> make_definitions(Instance& instance)
{
    const auto& module = *instance.module;
    auto& store = *instance.store;
    instance.function_list.resize(module.function_types.size());
    TRELLIS_TRY(make_tables(instance));
    TRELLIS_TRY(make_memories(instance));
    for (const auto& global : module.globals) {
        store.globals.push_back({.type = global.type, .types = module.canonical_types});
        instance.global_objects.push_back(&store.globals.back());
    }
    for (auto i = module.imported_tags; i < module.tag_types.size(); ++i) {
        store.tags.push_back({instance.types[number(module.tag_types[i].function)]});
        instance.tag_list.push_back(&store.tags.back());
    }
    return {};
}

Trap initialise_globals(Instance& instance)
{
    const auto& module = *instance.module;
    for (std::size_t i = 0; i < module.globals.size(); ++i) {
        std::array<Slot, 2> value{};
        if (const auto trap = evaluate(instance, module.globals[i].initial, value); failed(trap))
            return trap;
        instance.global_objects[module.imported_globals + i]->value = value;
    }
    return Trap::none;
}

Trap initialise_tables(Instance& instance)
{
    const auto& module = *instance.module;
    for (std::uint32_t i = 0; i < module.tables.size(); ++i) {
        if (!module.tables[i].initial)
            continue;
        std::array<Slot, 2> value{};
        if (const auto trap = evaluate(instance, *module.tables[i].initial, value); failed(trap))
            return trap;
        const TableIndex table{module.imported_tables + i};
        if (const auto trap = table_fill(instance, table, 0, value[0].ref, module.tables[i].type.limits.min);
            failed(trap))
            return trap;
    }
    return Trap::none;
}

Trap evaluate_segment(Instance& instance, const ElementSegment& segment, std::vector<Ref>& values)
{
    values.resize(segment.size(), null_ref);
    for (std::size_t i = 0; i < segment.functions.size(); ++i)
        values[i] = ref_func(instance, segment.functions[i]);
    for (std::size_t i = 0; i < segment.expressions.size(); ++i) {
        std::array<Slot, 2> value{};
        if (const auto trap = evaluate(instance, segment.expressions[i], value); failed(trap))
            return trap;
        values[i] = value[0].ref;
    }
    return Trap::none;
}

Trap evaluate_elements(Instance& instance)
{
    const auto& segments = instance.module->elements;
    for (std::size_t i = 0; i < segments.size(); ++i)
        if (segments[i].mode != SegmentMode::declarative)
            if (const auto trap = evaluate_segment(instance, segments[i], instance.elements[i]); failed(trap))
                return trap;
    return Trap::none;
}

/// An offset or size of the address type, zero-extended.
Trap evaluate_address(Instance& instance, const ConstExpr& expression, bool is_64, std::uint64_t& address)
{
    std::array<Slot, 2> value{};
    const auto trap = evaluate(instance, expression, value);
    address = is_64 ? value[0].u64 : value[0].u32;
    return trap;
}

Trap copy_active_elements(Instance& instance)
{
    const auto& segments = instance.module->elements;
    for (std::uint32_t i = 0; i < segments.size(); ++i) {
        const auto& segment = segments[i];
        if (segment.mode == SegmentMode::active) {
            std::uint64_t to = 0;
            const bool is_64 = instance.tables[number(segment.table)]->type.limits.is_64;
            if (const auto trap = evaluate_address(instance, segment.offset, is_64, to); failed(trap))
                return trap;
            if (const auto trap = table_init(instance, ElementIndex{i}, segment.table, to, 0, segment.size());
                failed(trap))
                return trap;
        }
        if (segment.mode != SegmentMode::passive)
            elem_drop(instance, ElementIndex{i});
    }
    return Trap::none;
}

/// Instantiation stops before the data's turn: a function in somebody's table may still look at the memory.
void take_back_images(Instance& instance)
{
    const auto& module = *instance.module;
    const auto& images = instance.start_up->images;
    for (std::size_t i = 0; i < images.size() && instance.imaged_segments > 0; ++i)
        if (images[i])
            images[i]->erase(instance.memories[module.imported_memories + i]->base());
    instance.imaged_segments = 0;
}

/// Segments that are in memory already cost the same fuel and count as dropped like the others.
void drop_imaged_data(Instance& instance)
{
    auto& store = *instance.store;
    const auto fuel = instance.start_up->fuel;
    if (instance.imaged_segments > 0 && store.limits().fuel && store.fuel < fuel)
        return take_back_images(instance);
    store.fuel -= instance.imaged_segments > 0 && store.limits().fuel ? fuel : 0;
    for (std::uint32_t i = 0; i < instance.imaged_segments; ++i)
        instance.dropped_data[i] = instance.module->data[i].mode == SegmentMode::active;
}

Trap copy_active_data(Instance& instance)
{
    drop_imaged_data(instance);
    const auto& segments = instance.module->data;
    for (auto i = instance.imaged_segments; i < segments.size(); ++i) {
        const auto& segment = segments[i];
        if (segment.mode != SegmentMode::active)
            continue;
        std::uint64_t to = 0;
        if (const auto trap =
                evaluate_address(instance, segment.offset, instance.memories[number(segment.memory)]->is_64(), to);
            failed(trap))
            return trap;
        if (const auto trap = memory_init(instance, DataIndex{i}, segment.memory, to, 0, segment.bytes.size);
            failed(trap))
            return trap;
        data_drop(instance, DataIndex{i});
    }
    return Trap::none;
}

Trap initialise(Instance& instance)
{
    for (const auto step : {initialise_globals, initialise_tables, evaluate_elements, copy_active_elements})
        if (const auto trap = step(instance); failed(trap)) {
            take_back_images(instance);
            return trap;
        }
    return copy_active_data(instance);
}

void reserve_lists(Instance& instance, const Module& module)
{
    instance.memory_list.reserve(module.memory_types.size());
    instance.global_list.reserve(module.global_types.size());
    instance.global_objects.reserve(module.global_types.size());
    instance.table_list.reserve(module.table_types.size());
    instance.function_list.reserve(module.function_types.size());
    instance.tag_list.reserve(module.tag_types.size());
}

/// The store owns the instance from here on, also if linking fails: nothing refers to it then.
Instance& make_instance(Store& store, std::shared_ptr<const Module> module)
{
    auto& instance = store.instances.emplace_back();
    instance.store = &store;
    instance.stack_limit = &store.interrupt_state().stack_limit;
    instance.start_up = &StartUp::of(*module);
    instance.types = instance.start_up->types.data();
    if (instance.start_up->has_objects)
        instance.layouts.resize(instance.start_up->types.size());
    reserve_lists(instance, *module);
    instance.dropped_data.resize(module->data.size());
    instance.dropped_elements.resize(module->elements.size());
    instance.elements.resize(module->elements.size());
    instance.module = std::move(module);
    return instance;
}

} // namespace

Result<Instance*> begin_instance(Store& store, std::shared_ptr<const Module> module)
{
    if (store.instances.size() >= store.limits().instances)
        return fail(ErrorCode::limit, format("instance limit exceeded: {} allowed", store.limits().instances));
    TRELLIS_CHECK(module->canonical_types.size() == module->types.size()); // it was validated
    TRELLIS_TRY(store.guest_stack());
    return &make_instance(store, std::move(module));
}

Result<Instance*> finish_instance(Instance& instance)
{
    auto& store = *instance.store;
    TRELLIS_TRY(make_definitions(instance));
    publish(instance);
    TRELLIS_TRY(store.tier().prepare(instance));
    if (const auto trap = initialise(instance); failed(trap)) {
        store.last_trap = {trap, {}};
        return std::unexpected(as_result(trap).error());
    }
    if (const auto start = instance.module->start)
        TRELLIS_TRY(as_result(call(store, *function_of(instance, *start), nullptr)));
    return &instance;
}

Result<Instance*> instantiate(Store& store, std::shared_ptr<const Module> module, std::span<const Extern> imports)
{
    auto& instance = *TRELLIS_TRY(begin_instance(store, std::move(module)));
    if (auto linked = link(instance, imports); !linked) {
        store.instances.pop_back();
        return std::unexpected(std::move(linked).error());
    }
    return finish_instance(instance);
}

Function* function_of(Instance& instance, FuncIndex index)
{
    auto& known = instance.function_list[number(index)];
    if (!known) {
        const auto type = instance.module->function_types[number(index)];
        instance.store->functions.push_back(
            {.type = instance.types[number(type)], .instance = &instance, .index = index});
        known = &instance.store->functions.back();
    }
    return known;
}

std::optional<Extern> find_export(Instance& instance, std::string_view name)
{
    for (const auto& one : instance.module->exports) {
        if (one.name != name)
            continue;
        switch (one.kind) {
        case ExternKind::func:
            return function_of(instance, FuncIndex{one.index});
        case ExternKind::table:
            return instance.table_list[one.index];
        case ExternKind::memory:
            return instance.memory_list[one.index];
        case ExternKind::global:
            return instance.global_objects[one.index];
        case ExternKind::tag:
            return instance.tag_list[one.index];
        }
    }
    return std::nullopt;
}

} // namespace trellis::wasm
