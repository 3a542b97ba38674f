#include "wasm/preinit/snapshot.hpp"

#include "base/format.hpp"
#include "wasm/execution/memory.hpp"
#include "wasm/preinit/same_objects.hpp"
#include "wasm/syntax/implementation_limits.hpp"

#include <algorithm>

namespace trellis::wasm {
namespace {

/// Of all memories or all tables together, about; as in Wizer.
constexpr std::size_t usual_segments = 10'000;

/// How many new segments each of `sharers` may have, beside the `kept` ones of a module that can have `limit`.
std::size_t share_of_segments(std::size_t wanted, std::size_t kept, std::size_t limit, std::size_t sharers)
{
    return std::max<std::size_t>(1, std::min(wanted, limit - std::min(kept, limit)) / sharers);
}

/// What the rewritten module will make before the differences are written over it. Memory is left out: all of it is
/// written.
std::shared_ptr<const Module> twin_module(const Instance& instance)
{
    auto twin = std::make_shared<Module>(*instance.module);
    twin->start.reset();
    twin->data.clear();
    twin->start_up = std::make_shared<StartUpCell>();
    for (auto& memory : twin->memory_types)
        memory.limits.min = 0;
    for (std::size_t i = 0; i < twin->tables.size(); ++i) {
        auto& type = twin->table_types[twin->imported_tables + i];
        type.limits.min = instance.tables[twin->imported_tables + i]->size;
        twin->tables[i].type = type;
    }
    return twin;
}

/// Functions and tags: others are refused before.
std::vector<Extern> imports_of(const Instance& instance)
{
    std::vector<Extern> imports;
    std::size_t functions = 0;
    std::size_t tags = 0;
    for (const auto& import : instance.module->imports) {
        if (std::holds_alternative<TypeIndex>(import.type))
            imports.emplace_back(instance.functions[functions++]);
        else
            imports.emplace_back(instance.tags[tags++]);
    }
    return imports;
}

class Comparison {
public:
    Comparison(const Instance& instance, const Instance& twin)
        : instance_(instance), module_(*instance.module), twin_(twin), same_(instance, twin)
    {
    }

    Result<Snapshot> run()
    {
        Snapshot snapshot;
        for (std::uint32_t i = 0; i < module_.globals.size(); ++i)
            snapshot.changed_globals.push_back(!is_same_global(module_.imported_globals + i));
        for (std::uint32_t i = 0; i < module_.tables.size(); ++i)
            compare_table(module_.imported_tables + i, snapshot.tables);
        for (std::size_t i = 0; i < module_.elements.size(); ++i)
            TRELLIS_TRY(compare_segment(i));
        for (auto i = module_.imported_memories; i < module_.memory_types.size(); ++i)
            read_memory(i, snapshot.data);
        return snapshot;
    }

private:
    bool is_same_global(std::uint32_t index)
    {
        return same_.same(module_.global_types[index].value, instance_.globals[index], twin_.globals[index]);
    }

    bool is_same_element(ValType type, Ref element, Ref of_twin)
    {
        const Slot value{.ref = element};
        const Slot other{.ref = of_twin};
        return same_.same(type, &value, &other);
    }

    void compare_table(std::uint32_t index, std::vector<TableRun>& runs)
    {
        const auto& table = *instance_.tables[index];
        const auto* of_twin = twin_.tables[index]->elements;
        const auto kept = module_.elements.size() + 1;
        Runs changed(
            0, share_of_segments(usual_segments, kept, implementation_limits::element_segments, module_.tables.size()));
        for (std::uint64_t i = 0; i < table.size; ++i)
            if (!is_same_element(table.type.element, table.elements[i], of_twin[i]))
                changed.add({i, i + 1});
        for (const auto run : std::move(changed).take())
            runs.push_back({TableIndex{index}, run});
    }

    Result<> compare_segment(std::size_t index)
    {
        const auto& segment = module_.elements[index];
        if (segment.mode != SegmentMode::passive || instance_.dropped_elements[index])
            return {};
        for (std::size_t i = 0; i < segment.size(); ++i)
            if (!is_same_element(segment.type, instance_.elements[index][i], twin_.elements[index][i]))
                return fail(ErrorCode::unsupported,
                            format("can't be kept: element segment {}, element {}: an object of the garbage-collected "
                                   "heap that the initialisation changed",
                                   index, i));
        return {};
    }

    void read_memory(std::uint32_t index, std::vector<DataRun>& runs)
    {
        const auto& memory = *instance_.memories[index];
        const Bytes bytes(reinterpret_cast<const std::uint8_t*>(memory.base()), memory.size());
        const auto& dropped = instance_.dropped_data;
        const auto free = static_cast<std::size_t>(std::ranges::count(dropped, true));
        const auto most = share_of_segments(std::max(usual_segments, free), dropped.size() - free,
                                            implementation_limits::data_segments, module_.memory_types.size());
        for (const auto [begin, end] : runs_of_data(bytes, most))
            runs.push_back({MemoryIndex{index}, begin, bytes.subspan(begin, end - begin)});
    }

    const Instance& instance_;
    const Module& module_;
    const Instance& twin_;
    SameObjects same_;
};

} // namespace

Result<Snapshot> take_snapshot(Instance& instance)
{
    auto& store = *instance.store;
    store.fuel = store.limits().fuel.value_or(0); // the initialisation's is its own
    const auto& twin = *TRELLIS_TRY(instantiate(store, twin_module(instance), imports_of(instance)));
    return Comparison(instance, twin).run();
}

} // namespace trellis::wasm
