#include "services/gateway/guest_call.hpp"

#include "base/format.hpp"
#include "wasm/jit/jit.hpp"

#include <algorithm>
#include <array>

namespace trellis::gateway {

using wasm::Trap;

namespace {

wasm::Function* exported_function(wasm::Instance& instance, std::string_view name)
{
    const auto item = find_export(instance, name);
    const auto* function = item ? std::get_if<wasm::Function*>(&*item) : nullptr;
    return function ? *function : nullptr;
}

/// Null where no function of that name is exported.
const wasm::Export* find_function(const wasm::Module& module, std::string_view name)
{
    const auto found = std::ranges::find_if(module.exports, [&](const wasm::Export& one) {
        return one.kind == wasm::ExternKind::func && one.name == name;
    });
    return found == module.exports.end() ? nullptr : &*found;
}

} // namespace

Result<wasm::LinkedModule> link(std::shared_ptr<const wasm::Module> module, wasm::TypeRegistry& registry)
{
    const std::array<wasm::HostInterface, 2> interfaces = {sandbox::Wasi::define, sandbox::OutboundHttp::define};
    return wasm::LinkedModule::link(std::move(module), interfaces, registry);
}

bool asks_over_http(const wasm::Module& module)
{
    return std::ranges::any_of(module.imports, [](const auto& one) { return one.module == "wasi_experimental_http"; });
}

bool exports_function(const wasm::Module& module, std::string_view name)
{
    return find_function(module, name) != nullptr;
}

bool has_entrypoint(const wasm::Module& module, std::string_view name)
{
    const auto* const found = find_function(module, name);
    if (found == nullptr)
        return false;
    const auto& type = module.canonical_types[number(module.function_types[found->index])]->function();
    return type.params.empty() && type.results.empty();
}

GuestCall::GuestCall(const wasm::LinkedModule& module, std::shared_ptr<wasm::TypeRegistry> registry,
                     const wasm::Tier& tier, const wasm::StoreLimits& limits, wasm::SlotPool* pool)
    : module_(module), store_(std::move(registry), tier, limits, pool)
{
}

GuestCall::~GuestCall() = default;

void GuestCall::allow_http(std::shared_ptr<const sandbox::HttpPolicy> policy, sandbox::HttpSurroundings surroundings)
{
    http_.emplace(std::move(policy), std::move(surroundings));
}

Result<> GuestCall::start(sandbox::WasiConfig config, const std::string& entrypoint)
{
    wasi_ = TRELLIS_TRY(sandbox::Wasi::make(std::move(config)));
    const std::array<void*, 2> contexts = {wasi_->context(), http_ ? http_->context() : nullptr};
    auto& instance = *TRELLIS_TRY(module_.instantiate(store_, contexts));
    was_short_ = &store_.tier() == &wasm::compiled_if_possible_tier && !instance.native;
    if (entrypoint != "_start")
        if (auto* initialize = exported_function(instance, "_initialize"))
            TRELLIS_TRY(wasm::invoke(store_, *initialize, {}));
    auto* function = exported_function(instance, entrypoint);
    if (function == nullptr)
        return fail(ErrorCode::not_found, format("the module exports no function {}", entrypoint));
    TRELLIS_TRY(wasm::invoke(store_, *function, {}));
    return {};
}

Ending GuestCall::run(sandbox::WasiConfig config, const std::string& entrypoint)
{
    auto result = start(std::move(config), entrypoint);
    if (result)
        return {};
    const auto trap = result.error().code == ErrorCode::trap ? store_.last_trap.trap : Trap::none;
    if (trap == Trap::exit)
        return {.trap = trap, .exit_code = store_.exit_code};
    auto error = std::move(result).error();
    if (failed(trap))
        error.message = describe(store_, store_.last_trap);
    return {.failed = true, .trap = trap, .error = std::move(error)};
}

} // namespace trellis::gateway
