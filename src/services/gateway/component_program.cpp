#include "services/gateway/component_program.hpp"

#include "embed/component_file.hpp"
#include "sandbox/wasi/p2/wasi_p2.hpp"
#include "sandbox/wasi/p3/p3.hpp"
#include "sandbox/wasi/providers.hpp"
#include "wasm/component/execution/concurrency.hpp"
#include "wasm/interpreter/interpreter.hpp"

#include <algorithm>
#include <array>
#include <atomic>

namespace trellis::gateway {

using namespace wasm::component;
using wasm::Trap;

namespace {

/// What a component is asked as.
enum class Role : std::uint8_t { http_0_2, http_0_3, stream, command_0_2, command_0_3 };

struct RoleName {
    std::string_view export_begins;
    Role role;
};
/// The first that a component exports counts.
constexpr std::array role_names = {
    RoleName{"wasi:http/handler@0.3.", Role::http_0_3},
    RoleName{"wasi:http/incoming-handler@0.2.", Role::http_0_2},
    RoleName{"run", Role::stream},
    RoleName{"wasi:cli/run@0.3.", Role::command_0_3},
    RoleName{"wasi:cli/run@0.2.", Role::command_0_2},
};

bool exports(const Component& component, const RoleName& one)
{
    for (std::size_t i = 0; i < component.exports.size(); ++i) {
        const auto name = component.export_(i).name.name;
        if (one.role == Role::stream ? name == one.export_begins : name.starts_with(one.export_begins))
            return true;
    }
    return false;
}

Result<Role> role_of(const Component& component)
{
    const auto* const found =
        std::ranges::find_if(role_names, [&](const RoleName& one) { return exports(component, one); });
    if (found == role_names.end())
        return fail(ErrorCode::unlinkable,
                    "the component exports nothing that a request could be given to: neither wasi:http/handler@0.3 nor "
                    "wasi:http/incoming-handler@0.2, nor run from a stream to a stream, nor wasi:cli/run");
    return found->role;
}

bool imports_any(const Component& component, std::string_view part)
{
    for (std::size_t i = 0; i < component.imports.size(); ++i)
        if (component.import(i).name.name.contains(part))
            return true;
    return false;
}

/// What is the same for all calls.
struct Linked {
    std::shared_ptr<const Component> component;
    Role role;
    bool uses_0_2, uses_0_3;
    mutable std::atomic<bool> has_code = false;
    mutable std::unique_ptr<embed::GeneratedModules> adapters = nullptr; ///< written before has_code
};

/// What a guest sees of the outside, and its imports.
struct Outside {
    std::unique_ptr<sandbox::WasiP2> p2 = {};
    std::unique_ptr<sandbox::WasiP3> p3 = {};
    HostImports imports = {};

    Result<> make(const Linked& linked, sandbox::WasiConfig wasi, sandbox::P2Config more)
    {
        imports.advise(sandbox::provider_of);
        if (linked.uses_0_3)
            p3 = TRELLIS_TRY(sandbox::WasiP3::make(
                {.basics = wasi, .http = more.http ? more.http : std::make_shared<const sandbox::HttpPolicy>()}));
        if (linked.uses_0_2) {
            p2 = TRELLIS_TRY(sandbox::WasiP2::make(std::move(wasi), std::move(more)));
            add_wasi_p2(imports, *p2);
        }
        return {};
    }
};

class ComponentCall final : public GuestCall {
public:
    ComponentCall(const Linked& linked, const CallPlace& place)
        : linked_(linked), is_compiled_(&place.tier != &wasm::interpreter_tier),
          core_(place.registry, place.tier, place.limits, place.pool)
    {
    }

    [[nodiscard]] wasm::Store& store() override { return core_; }
    [[nodiscard]] bool was_short() const override { return false; }
    void allow_http(std::shared_ptr<const sandbox::HttpPolicy> policy, sandbox::HttpSurroundings surroundings) override
    {
        more_.http = std::move(policy);
        more_.http_surroundings.emplace(std::move(surroundings));
    }
    Ending run(Asking asking) override
    {
        auto exit_code = start(std::move(asking));
        if (!exit_code)
            return ending_of_component(std::move(exit_code).error());
        return *exit_code == 0 ? Ending() : Ending{.trap = Trap::exit, .exit_code = *exit_code};
    }

private:
    Result<int> start(Asking asking)
    {
        TRELLIS_TRY(outside_.make(linked_, std::move(asking.wasi), std::move(more_)));
        components_.emplace(core_);
        if (is_compiled_)
            components_->adapter_modules = [&](SharedBytes binary) {
                return linked_.adapters->find(std::move(binary));
            };
        if (outside_.p3)
            outside_.p3->attach(*components_, outside_.imports);
        auto& instance = *TRELLIS_TRY(instantiate(*components_, linked_.component, outside_.imports));
        return ask(instance, asking);
    }

    Result<int> ask(ComponentInstance& instance, const Asking& asking)
    {
        switch (linked_.role) {
        case Role::http_0_2:
            TRELLIS_TRY(sandbox::answer_request(*components_, instance, asking.question, asking.answer));
            return 0;
        case Role::http_0_3:
            TRELLIS_TRY(outside_.p3->answer_request(*components_, instance, asking.question, asking.answer));
            return 0;
        case Role::stream:
            TRELLIS_TRY(outside_.p3->answer_with_stream(*components_, instance, asking.question, asking.answer));
            return 0;
        case Role::command_0_3:
            return run_command_0_3(instance);
        case Role::command_0_2:
            break;
        }
        return sandbox::run_command(*components_, instance);
    }

    Result<int> run_command_0_3(const ComponentInstance& instance)
    {
        const auto ending = outside_.p3->run(*components_, instance);
        if (!ending)
            return fail(ErrorCode::not_found, "the component exports no wasi:cli/run");
        if (failed(ending->trap))
            return fail(ErrorCode::trap, std::string(wasm::message_of(ending->trap)));
        return ending->is_ok ? 0 : 1;
    }

    /// Traps of the component's rules have no report of the core module's.
    Ending ending_of_component(Error error)
    {
        const bool is_rule = error.code == ErrorCode::trap && core_.last_trap.trap == Trap::none;
        auto ending = ending_of(core_, std::move(error));
        if (is_rule)
            ending.trap = Trap::host_error;
        return ending;
    }

    const Linked& linked_;
    bool is_compiled_;
    sandbox::P2Config more_;
    Outside outside_;
    wasm::Store core_;
    std::optional<ComponentStore> components_;
};

class ComponentProgram final : public GuestProgram {
public:
    ComponentProgram(std::shared_ptr<const Component> component, Role role,
                     std::shared_ptr<wasm::TypeRegistry> registry)
        : registry_(std::move(registry)),
          linked_{.component = component,
                  .role = role,
                  .uses_0_2 = imports_any(*component, "@0.2") || role == Role::http_0_2 || role == Role::command_0_2,
                  .uses_0_3 = imports_any(*component, "@0.3") || role == Role::http_0_3 || role == Role::command_0_3 ||
                              role == Role::stream}
    {
    }

    /// Whether all imports are offered. Nothing of the component runs.
    Result<> check() const
    {
        Outside outside;
        TRELLIS_TRY(outside.make(linked_, {.stdin_stream = -1, .stdout_stream = -1, .stderr_stream = -1}, {}));
        wasm::Store core(registry_, wasm::interpreter_tier);
        ComponentStore components(core);
        if (outside.p3)
            outside.p3->attach(components, outside.imports);
        return check_imports(components, linked_.component, outside.imports);
    }

    [[nodiscard]] bool takes_questions() const override { return linked_.role <= Role::stream; }
    [[nodiscard]] bool asks_over_http() const override
    {
        return imports_any(*linked_.component, "wasi:http/outgoing-handler") ||
               imports_any(*linked_.component, "wasi:http/client");
    }
    [[nodiscard]] bool exports_function(std::string_view) const override { return false; }
    [[nodiscard]] bool has_entrypoint(std::string_view name) const override { return name == "_start"; }
    [[nodiscard]] bool has_code() const override { return linked_.has_code; }
    Result<> give_code(embed::CodeWishes wishes, const embed::CodeCache* cache, unsigned threads) const override
    {
        TRELLIS_TRY(embed::give_code(*linked_.component, wishes, cache, threads));
        linked_.adapters =
            std::make_unique<embed::GeneratedModules>(registry_, wishes, cache ? std::optional(*cache) : std::nullopt);
        linked_.has_code = true;
        return {};
    }
    [[nodiscard]] std::unique_ptr<GuestCall> make_call(const CallPlace& place) const override
    {
        return std::make_unique<ComponentCall>(linked_, place);
    }

private:
    std::shared_ptr<wasm::TypeRegistry> registry_;
    Linked linked_;
};

} // namespace

Result<std::shared_ptr<const GuestProgram>> link_component(std::shared_ptr<const Component> component,
                                                           const std::shared_ptr<wasm::TypeRegistry>& registry)
{
    const auto role = TRELLIS_TRY(role_of(*component));
    auto program = std::make_shared<ComponentProgram>(std::move(component), role, registry);
    TRELLIS_TRY(program->check());
    return program;
}

} // namespace trellis::gateway
