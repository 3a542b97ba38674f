#include "wasm/execution/store.hpp"

#include "base/format.hpp"
#include "wasm/execution/guest_stack.hpp"
#include "wasm/execution/heap.hpp"
#include "wasm/execution/memory.hpp"
#include "wasm/execution/slot_pool.hpp"
#include "wasm/execution/table.hpp"

namespace trellis::wasm {

Store::Store(std::shared_ptr<TypeRegistry> registry, const Tier& tier, StoreLimits limits, SlotPool* pool)
    : fuel(limits.fuel.value_or(0)), registry_(std::move(registry)), tier_(&tier), limits_(limits), pool_(pool),
      interrupt_state_(std::make_shared<InterruptHandle::State>())
{
}

Heap& Store::make_heap()
{
    heap_ = std::make_unique<Heap>(*this);
    return *heap_;
}

Store::~Store()
{
    if (!pool_)
        return;
    memories.clear();
    for (auto& memory : pooled_memories_)
        pool_->give_back(std::move(memory));
    for (auto& one : stacks_)
        pool_->give_back(std::move(one));
}

namespace {

std::uint32_t slots_of(std::span<const ValType> types)
{
    std::uint32_t slots = 0;
    for (const auto one : types)
        slots += one.slots();
    return slots;
}

} // namespace

std::uint32_t parameter_slots(const FuncType& type)
{
    return slots_of(type.params);
}

std::uint32_t result_slots(const FuncType& type)
{
    return slots_of(type.results);
}

Function* Store::make_host_function(const FuncType& type, HostFunction function, void* context)
{
    held_types.push_back(registry_->intern(type));
    functions.push_back({.type = held_types.back().get(), .host = function, .context = context});
    return &functions.back();
}

Global* Store::make_global(GlobalType type, Value value)
{
    globals.push_back({.type = type, .types = {}, .value = value.slots});
    return &globals.back();
}

Tag* Store::make_tag(const FuncType& type)
{
    held_types.push_back(registry_->intern(type));
    tags.push_back({held_types.back().get()});
    return &tags.back();
}

Result<Table*> Store::make_table(TableType type, Ref initial,
                                 std::span<const std::shared_ptr<const CanonicalType>> types)
{
    auto& table = tables.emplace_back();
    table.type = type;
    table.types = types;
    if (auto ready = reserve_table(*this, table, initial); !ready) {
        tables.pop_back();
        return std::unexpected(std::move(ready).error());
    }
    return &table;
}

Result<Memory*> Store::make_memory(MemoryType type)
{
    auto memory = TRELLIS_TRY(Memory::make(type, limits_.memory_bytes));
    TRELLIS_TRY(count(*memory));
    return adopt_memory(std::move(memory));
}

Result<> Store::count(const Memory& memory)
{
    if (take_memory_bytes(memory.size()))
        return {};
    return fail(ErrorCode::limit,
                format("memory limit exceeded: all memories together may have {} bytes", limits_.total_memory_bytes));
}

Result<Memory*> Store::take_from_pool(MemoryType type, std::shared_ptr<const MemoryImage> image)
{
    auto memory = TRELLIS_TRY(pool_->take_memory(type, limits_.memory_bytes, std::move(image)));
    pooled_memories_.push_back(memory);
    TRELLIS_TRY(count(*memory));
    return adopt_memory(std::move(memory));
}

Memory* Store::adopt_memory(std::shared_ptr<Memory> memory)
{
    memories.push_back(std::move(memory));
    return memories.back().get();
}

bool Store::take_memory_bytes(std::uint64_t bytes)
{
    if (bytes > limits_.total_memory_bytes - memory_bytes_in_use_)
        return false;
    memory_bytes_in_use_ += bytes;
    return true;
}

} // namespace trellis::wasm
