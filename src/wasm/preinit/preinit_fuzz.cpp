// Any module that can be run: pre-initialised by each of its functions that can do it, or refused; never anything else.
// What was written is valid (preinitialise checks), and starts.
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/preinit/absent_imports.hpp"
#include "wasm/preinit/preinit.hpp"
#include "wasm/validation/validator.hpp"

#include "base/check.hpp"

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

/// Whether the module can be instantiated; limits may forbid it.
bool starts(const std::shared_ptr<TypeRegistry>& registry, const SharedBytes& binary)
{
    Store store(registry, interpreter_tier, limits);
    store.fuel = *limits.fuel;
    const auto module = load_module(binary, *registry, Features::all());
    TRELLIS_CHECK(module.has_value());
    Linker linker;
    linker.add_provider(absent_imports(*module));
    const auto instance = linker.instantiate(store, *module);
    TRELLIS_CHECK(instance || instance.error().code == ErrorCode::limit || store.last_trap.trap == Trap::out_of_fuel ||
                  store.last_trap.trap == Trap::gc_heap_exhausted);
    return instance.has_value();
}

void preinitialise_by(const std::shared_ptr<TypeRegistry>& registry, const std::shared_ptr<const Module>& module,
                      std::string_view name)
{
    Store store(registry, interpreter_tier, limits);
    store.fuel = *limits.fuel;
    const auto binary = preinitialise(store, module, {}, {.init_function = std::string(name)});
    if (binary)
        starts(registry, *binary);
    else
        TRELLIS_CHECK(binary.error().message.find("is not accepted") == std::string::npos);
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
        if (one.kind == ExternKind::func && ++functions <= 3)
            preinitialise_by(registry, *module, one.name);
    return 0;
}
