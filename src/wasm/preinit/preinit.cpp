#include "wasm/preinit/preinit.hpp"

#include "base/format.hpp"
#include "wasm/preinit/absent_imports.hpp"
#include "wasm/preinit/rewriter.hpp"
#include "wasm/preinit/snapshot.hpp"
#include "wasm/validation/validator.hpp"

namespace trellis::wasm {
namespace {

/// Who failed, and how.
std::unexpected<Error> failure_of(const Store& store, std::string_view who, const Error& error)
{
    if (error.code != ErrorCode::trap)
        return std::unexpected(error);
    if (store.last_trap.trap == Trap::exit)
        return fail(ErrorCode::trap, format("{} ended the program with exit code {}", who, store.exit_code));
    return fail(ErrorCode::trap, format("{} failed: {}", who, describe(store, store.last_trap)));
}

Result<> run(Instance& instance, FuncIndex index, std::string_view name)
{
    auto& store = *instance.store;
    store.last_trap = {};
    const auto results = invoke(store, *function_of(instance, index), {});
    if (!results)
        return failure_of(store, name, results.error());
    return {};
}

} // namespace

Result<SharedBytes> preinitialise(Store& store, std::shared_ptr<const Module> module, Linker linker,
                                  const PreinitOptions& options)
{
    const auto plan = TRELLIS_TRY(plan_preinit(*module, options));
    linker.add_provider(absent_imports(module));
    store.last_trap = {};
    const auto made = linker.instantiate(store, module);
    if (!made)
        return failure_of(store, "instantiation", made.error());
    auto& instance = **made;
    if (plan.initialize)
        TRELLIS_TRY(run(instance, *plan.initialize, "_initialize"));
    TRELLIS_TRY(run(instance, plan.init_function, plan.init_name));
    auto binary = TRELLIS_TRY(rewrite_module(instance, plan, TRELLIS_TRY(take_snapshot(instance))));
    if (const auto valid = load_module(binary, store.registry(), module->features); !valid)
        return fail(valid.error().code, format("the initialised module is not accepted: {}", valid.error().describe()));
    return binary;
}

} // namespace trellis::wasm
