// The way into a program: wasi:cli/run.
#include "base/format.hpp"
#include "sandbox/wasi/p2/wasi_p2.hpp"
#include "wasm/component/execution/concurrency.hpp"

namespace trellis::sandbox {
namespace {

using namespace wasm::component;

/// Calls func() -> result.
class RunCall final : public CallOrigin {
public:
    bool is_error = false;

    wasm::Trap start(const ComponentFunction&, Task*, wasm::Slot*) override { return wasm::Trap::none; }
    wasm::Trap resolve(const CanonicalSide&, wasm::Slot* flat, std::size_t) override
    {
        is_error = flat != nullptr && flat[0].u32 != 0;
        return wasm::Trap::none;
    }
};

ComponentFunction* find_run(const ComponentInstance& instance)
{
    for (const auto& [name, item] : instance.exports.exports) {
        if (!name.starts_with("wasi:cli/run@0.2."))
            continue;
        const auto* const interface = std::get_if<InstanceValue*>(&item);
        const ItemValue* const run = interface ? (*interface)->find("run") : nullptr;
        if (const auto* function = run ? std::get_if<ComponentFunction*>(run) : nullptr)
            return *function;
    }
    return nullptr;
}

/// As the interface has it; a component may export anything under its name.
bool is_run(const ComponentFunction& function)
{
    const FuncType& type = *function.type;
    if (!type.params.empty() || type.result == no_type || type.is_async || function.host)
        return false;
    const ValueType& result = function.types->arena()[type.result];
    return result.kind == ValueKind::result && result.element == no_type && result.other == no_type;
}

} // namespace

Result<int> run_command(ComponentStore& store, ComponentInstance& instance)
{
    const ComponentFunction* const function = find_run(instance);
    if (!function || !is_run(*function))
        return fail(ErrorCode::not_found, "nothing to run: the component exports no wasi:cli/run@0.2");
    RunCall call;
    store.core.last_trap = {};
    const wasm::Trap trap = store.call(*function, call, nullptr);
    if (wasm::failed(trap))
        return fail(ErrorCode::trap, std::string(message_of(trap)));
    return call.is_error ? 1 : 0;
}

} // namespace trellis::sandbox
