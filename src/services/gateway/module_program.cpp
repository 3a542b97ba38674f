// Core modules: linked once, asked by the name of a function that takes and gives nothing.
#include "base/format.hpp"
#include "services/gateway/guest_program.hpp"
#include "wasm/execution/linked_module.hpp"
#include "wasm/jit/jit.hpp"
#include "wasm/native/native_tier.hpp"

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

class ModuleCall final : public GuestCall {
public:
    ModuleCall(const wasm::LinkedModule& module, const CallPlace& place)
        : module_(module), store_(place.registry, place.tier, place.limits, place.pool)
    {
    }

    [[nodiscard]] wasm::Store& store() override { return store_; }
    [[nodiscard]] bool was_short() const override { return was_short_; }
    void allow_http(std::shared_ptr<const sandbox::HttpPolicy> policy, sandbox::HttpSurroundings surroundings) override
    {
        http_.emplace(std::move(policy), std::move(surroundings));
    }
    Ending run(Asking asking) override
    {
        auto result = start(std::move(asking));
        return result ? Ending() : ending_of(store_, std::move(result).error());
    }

private:
    /// Where the function isn't `_start`, `_initialize` comes first, as reactors expect.
    Result<> start(Asking asking)
    {
        wasi_ = TRELLIS_TRY(sandbox::Wasi::make(std::move(asking.wasi)));
        const std::array<void*, 2> contexts = {wasi_->context(), http_ ? http_->context() : nullptr};
        auto& instance = *TRELLIS_TRY(module_.instantiate(store_, contexts));
        was_short_ = &store_.tier() == &wasm::compiled_if_possible_tier && !instance.native;
        if (asking.entrypoint != "_start")
            if (auto* initialize = exported_function(instance, "_initialize"))
                TRELLIS_TRY(wasm::invoke(store_, *initialize, {}));
        auto* function = exported_function(instance, asking.entrypoint);
        if (function == nullptr)
            return fail(ErrorCode::not_found, format("the module exports no function {}", asking.entrypoint));
        TRELLIS_TRY(wasm::invoke(store_, *function, {}));
        return {};
    }

    const wasm::LinkedModule& module_;
    std::unique_ptr<sandbox::Wasi> wasi_;
    std::optional<sandbox::OutboundHttp> http_;
    wasm::Store store_;
    bool was_short_ = false;
};

class ModuleProgram final : public GuestProgram {
public:
    explicit ModuleProgram(wasm::LinkedModule linked) : linked_(std::move(linked)) {}

    [[nodiscard]] bool takes_questions() const override { return false; }
    [[nodiscard]] bool asks_over_http() const override
    {
        return std::ranges::any_of(module().imports,
                                   [](const auto& one) { return one.module == "wasi_experimental_http"; });
    }
    [[nodiscard]] bool exports_function(std::string_view name) const override
    {
        return find_function(module(), name) != nullptr;
    }
    [[nodiscard]] bool has_entrypoint(std::string_view name) const override
    {
        const auto* const found = find_function(module(), name);
        if (found == nullptr)
            return false;
        const auto& type = module().canonical_types[number(module().function_types[found->index])]->function();
        return type.params.empty() && type.results.empty();
    }
    [[nodiscard]] bool has_code() const override { return wasm::native::has_code(module()); }
    Result<> give_code(embed::CodeWishes wishes, const embed::CodeCache* cache, unsigned threads) const override
    {
        return embed::give_code(module(), wishes, cache, threads);
    }
    [[nodiscard]] std::unique_ptr<GuestCall> make_call(const CallPlace& place) const override
    {
        return std::make_unique<ModuleCall>(linked_, place);
    }

private:
    [[nodiscard]] const wasm::Module& module() const { return *linked_.module(); }

    wasm::LinkedModule linked_;
};

} // namespace

Ending ending_of(const wasm::Store& store, Error error)
{
    const auto trap = error.code == ErrorCode::trap ? store.last_trap.trap : Trap::none;
    if (trap == Trap::exit)
        return {.trap = trap, .exit_code = store.exit_code};
    if (failed(trap))
        error.message = describe(store, store.last_trap);
    return {.failed = true, .trap = trap, .error = std::move(error)};
}

Result<std::shared_ptr<const GuestProgram>> link_module(std::shared_ptr<const wasm::Module> module,
                                                        wasm::TypeRegistry& registry)
{
    const std::array<wasm::HostInterface, 2> interfaces = {sandbox::Wasi::define, sandbox::OutboundHttp::define};
    return std::make_shared<ModuleProgram>(
        TRELLIS_TRY(wasm::LinkedModule::link(std::move(module), interfaces, registry)));
}

} // namespace trellis::gateway
