// Any module that can be run: pre-initialised by each of its functions that can do it, or refused; never anything else.
// What was written is valid (preinitialise checks), and an instance of it begins where the initialisation ended.
#include "wasm/execution/memory.hpp"
#include "wasm/execution/object_layout.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/preinit/absent_imports.hpp"
#include "wasm/preinit/preinit.hpp"
#include "wasm/validation/validator.hpp"

#include "base/check.hpp"

#include <cstring>

namespace {

using namespace trellis;
using namespace trellis::wasm;

constexpr StoreLimits limits = {
    .memory_bytes = 1 << 20,
    .total_memory_bytes = 4 << 20,
    .table_elements = 10'000,
    .stack_bytes = 64 << 10,
    .gc_heap_bytes = 1 << 20,
    .instances = 10,
    .fuel = 100'000,
};

/// An instance of what was written, if limits allow one.
Instance* start(Store& store, const SharedBytes& binary)
{
    store.fuel = *limits.fuel;
    const auto module = load_module(binary, store.registry(), Features::all());
    TRELLIS_CHECK(module.has_value());
    Linker linker;
    linker.add_provider(absent_imports(*module));
    const auto instance = linker.instantiate(store, *module);
    TRELLIS_CHECK(instance || instance.error().code == ErrorCode::limit || store.last_trap.trap == Trap::out_of_fuel ||
                  store.last_trap.trap == Trap::gc_heap_exhausted);
    return instance ? *instance : nullptr;
}

bool same_memory(const Memory& a, const Memory& b)
{
    return a.size() == b.size() && std::memcmp(a.base(), b.base(), a.size()) == 0;
}

bool same_reference(const Instance& a, const Instance& b, bool is_function, Ref of_a, Ref of_b)
{
    if (of_a == null_ref || of_b == null_ref || !is_function)
        return (of_a == null_ref) == (of_b == null_ref);
    const auto& function = *reinterpret_cast<const Function*>(of_a);
    const auto& other = *reinterpret_cast<const Function*>(of_b);
    return (function.instance == &a) == (other.instance == &b) && (function.host || function.index == other.index);
}

bool same_table(const Instance& a, const Instance& b, const Table& of_a, const Table& of_b)
{
    const bool is_function = !is_heap_reference(of_a.type.element, std::span(a.types, a.module->types.size()));
    bool same = of_a.size == of_b.size;
    for (std::uint64_t i = 0; same && i < of_a.size; ++i)
        same = same_reference(a, b, is_function, of_a.elements[i], of_b.elements[i]);
    return same;
}

bool same_global(ValType type, const Slot* a, const Slot* b)
{
    if (type == i32 || type == f32)
        return a->u32 == b->u32;
    return type.is_ref() || std::memcmp(a, b, type == v128 ? 16 : 8) == 0;
}

bool has_no_data(const Instance& instance, std::size_t segment)
{
    return instance.dropped_data[segment] || instance.module->data[segment].bytes.size == 0;
}

/// That the instance begins where the other one is.
void check_same(const Instance& initialised, const Instance& fresh)
{
    const auto& module = *initialised.module;
    for (std::size_t i = 0; i < module.memory_types.size(); ++i)
        TRELLIS_CHECK(same_memory(*initialised.memories[i], *fresh.memories[i]));
    for (std::size_t i = 0; i < module.table_types.size(); ++i)
        TRELLIS_CHECK(same_table(initialised, fresh, *initialised.tables[i], *fresh.tables[i]));
    for (std::size_t i = 0; i < module.global_types.size(); ++i)
        TRELLIS_CHECK(same_global(module.global_types[i].value, initialised.globals[i], fresh.globals[i]));
    for (std::size_t i = 0; i < fresh.dropped_data.size() && i < module.data.size(); ++i)
        TRELLIS_CHECK(has_no_data(initialised, i) == has_no_data(fresh, i));
    for (std::size_t i = 0; i < module.elements.size(); ++i)
        TRELLIS_CHECK(initialised.dropped_elements[i] == fresh.dropped_elements[i]);
}

void preinitialise_by(const std::shared_ptr<TypeRegistry>& registry, const std::shared_ptr<const Module>& module,
                      std::string_view name)
{
    Store store(registry, interpreter_tier, limits);
    store.fuel = *limits.fuel;
    const auto binary = preinitialise(store, module, {}, {.init_function = std::string(name)});
    if (!binary) {
        TRELLIS_CHECK(!binary.error().message.starts_with("the initialised module is not accepted"));
        return;
    }
    Store another(registry, interpreter_tier, limits);
    if (const auto* fresh = start(another, *binary))
        check_same(*store.instances.begin(), *fresh);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const auto registry = std::make_shared<TypeRegistry>();
    const auto module = load_module(SharedBytes::copy_of({data, size}), *registry, Features::all());
    if (!module)
        return 0;
    int functions = 0;
    for (const auto& one : (*module)->exports)
        if (one.kind == ExternKind::func && (*module)->type_of(FuncIndex{one.index}) == FuncType{} && ++functions <= 3)
            preinitialise_by(registry, *module, one.name);
    return 0;
}
