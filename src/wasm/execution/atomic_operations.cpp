#include "wasm/execution/memory.hpp"
#include "wasm/execution/operations.hpp"
#include "wasm/execution/waiters.hpp"

namespace trellis::wasm {
namespace {

Memory& memory_of(Instance& instance, MemoryIndex index)
{
    return *instance.memories[number(index)];
}

Trap check_access(const Memory& memory, std::uint64_t address, std::uint64_t bytes)
{
    if (address % bytes != 0)
        return Trap::unaligned_atomic;
    return memory.range(address, bytes) ? Trap::none : Trap::out_of_bounds_memory_access;
}

template <class T>
Trap wait(Instance& instance, MemoryIndex index, std::uint64_t address, T expected, std::int64_t timeout_ns,
          std::uint32_t& result)
{
    auto& memory = memory_of(instance, index);
    if (const auto trap = check_access(memory, address, sizeof(T)); failed(trap))
        return trap;
    if (!memory.type().shared)
        return Trap::expected_shared_memory;
    auto* cell = reinterpret_cast<T*>(memory.base() + address);
    auto outcome = Memory::WaitResult::ok;
    const auto trap = memory.waiters().wait(
        *instance.store, address, timeout_ns, [&] { return __atomic_load_n(cell, __ATOMIC_SEQ_CST) == expected; },
        outcome);
    result = static_cast<std::uint32_t>(outcome);
    return trap;
}

} // namespace

Trap atomic_notify(Instance& instance, MemoryIndex index, std::uint64_t address, std::uint32_t count,
                   std::uint32_t& result)
{
    auto& memory = memory_of(instance, index);
    if (const auto trap = check_access(memory, address, 4); failed(trap))
        return trap;
    result = memory.waiters().notify(address, count);
    return Trap::none;
}

Trap atomic_wait32(Instance& instance, MemoryIndex index, std::uint64_t address, std::uint32_t expected,
                   std::int64_t timeout_ns, std::uint32_t& result)
{
    return wait(instance, index, address, expected, timeout_ns, result);
}

Trap atomic_wait64(Instance& instance, MemoryIndex index, std::uint64_t address, std::uint64_t expected,
                   std::int64_t timeout_ns, std::uint32_t& result)
{
    return wait(instance, index, address, expected, timeout_ns, result);
}

} // namespace trellis::wasm
