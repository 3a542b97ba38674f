// The way into a program: wasi:cli/run.
#include "sandbox/wasi/p2/wasi_p2.hpp"
#include "wasm/component/execution/concurrency.hpp"
#include "wasm/component/execution/value.hpp"

namespace trellis::sandbox {
namespace {

using namespace wasm::component;

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

/// func() -> result. A component may export anything under the name.
bool is_run(const ComponentFunction& function)
{
    const FuncType& type = *function.type;
    if (!type.params.empty() || type.result == no_type || type.is_async)
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
    const auto result = TRELLIS_TRY(invoke(store, *function, {}));
    return result && result->bits == 0 ? 0 : 1;
}

} // namespace trellis::sandbox
