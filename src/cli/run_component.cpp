#include "cli/run_component.hpp"

#include "base/format.hpp"
#include "cli/composition.hpp"
#include "cli/exit_code.hpp"
#include "cli/interruption.hpp"
#include "cli/module_file.hpp"
#include "cli/terminal.hpp"
#include "sandbox/wasi/p2/wasi_p2.hpp"
#include "sandbox/wasi/p3/p3.hpp"
#include "sandbox/wasi/providers.hpp"
#include "wasm/component/execution/concurrency.hpp"
#include "wasm/component/validation/validator.hpp"
#include "wasm/jit/jit.hpp"
#include "wasm/native/native_tier.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace trellis::cli {
namespace {

using namespace wasm::component;

/// Code for the core modules of a component and those nested in it.
Result<> compile_modules(const Component& component, const RunSettings& settings)
{
    for (const Definition& definition : component.definitions) {
        if (const auto* core = std::get_if<CoreModuleDefinition>(&definition.what))
            TRELLIS_TRY(embed::give_code(*core->module, settings.wishes, settings.used_cache()));
        else if (const auto* nested = std::get_if<NestedComponent>(&definition.what))
            TRELLIS_TRY(compile_modules(*nested->component, settings));
    }
    return {};
}

/// The program, with the components that it is linked with.
Result<SharedBytes> binary_of(std::string_view file, const std::vector<std::string>& linked)
{
    if (linked.empty())
        return read_file(file);
    return SharedBytes::copy_of(
        TRELLIS_TRY(compose(file, std::vector<std::string_view>(linked.begin(), linked.end()))));
}

/// What a component may listen on is what is opened for a module.
Result<sandbox::P2Config> network_config(RunSettings& settings, net::Resolver& resolver)
{
    for (const auto& address : std::exchange(settings.wasi.listen_addresses, {}))
        settings.network.listen.push_back(TRELLIS_TRY(sandbox::parse_local_endpoint(address)));
    return sandbox::P2Config{.network = std::make_shared<const sandbox::NetworkGrant>(std::move(settings.network)),
                             .resolver = &resolver};
}

/// Requests of a program that has its thread for itself: the loop runs while there is something to wait for.
class OwnHttp {
public:
    [[nodiscard]] net::Resolver& resolver() { return support_.resolver(); }
    void grant(sandbox::AllowList allowed, sandbox::P2Config& config)
    {
        config.http = std::make_shared<const sandbox::HttpPolicy>(sandbox::HttpPolicy{.allowed = std::move(allowed)});
        config.http_surroundings.emplace(sandbox::HttpSurroundings{
            .client = *client_, .outside = [this](const std::function<void()>& work) { run(work); }});
    }

private:
    void run(const std::function<void()>& work)
    {
        if (loop_.spawn(work))
            loop_.run();
    }

    net::http::ClientSupport support_;
    net::EventLoop loop_;
    std::unique_ptr<net::http::Client> client_ = net::http::Client::make(loop_, support_);
};

/// Everything that one run needs, in the order in which it has to live.
class ComponentProgram {
public:
    static Result<std::unique_ptr<ComponentProgram>> load(std::string_view file, RunSettings settings);
    /// The exit code of the guest. Errors: what stopped it.
    Result<int> run();
    /// Prints why it failed; the exit code.
    int report_failure(const Error& error);

private:
    OwnHttp http_;
    Result<int> run_p3(const ComponentInstance& instance);
    Result<int> run_stream(const ComponentInstance& instance);
    std::string input_; ///< a file that a program of streams reads; empty: standard input

    std::unique_ptr<sandbox::WasiP3> p3_;
    std::unique_ptr<sandbox::WasiP2> wasi_;
    std::shared_ptr<const Component> component_;
    std::unique_ptr<wasm::Store> core_;
    std::unique_ptr<wasm::jit::Jit> jit_;
    HostImports imports_;
    std::unique_ptr<ComponentStore> store_;
};

Result<std::unique_ptr<ComponentProgram>> ComponentProgram::load(std::string_view file, RunSettings settings)
{
    auto program = std::make_unique<ComponentProgram>();
    auto registry = std::make_shared<wasm::TypeRegistry>();
    auto component = load_component(TRELLIS_TRY(binary_of(file, settings.linked)), *registry);
    if (!component)
        return embed::in_file(file, std::move(component).error());
    program->component_ = std::move(*component);
    if (settings.tier == &wasm::native_tier)
        TRELLIS_TRY(compile_modules(*program->component_, settings));
    if (settings.wasi.arguments.size() > 1)
        program->input_ = settings.wasi.arguments[1];
    auto more = TRELLIS_TRY(network_config(settings, program->http_.resolver()));
    program->http_.grant(std::move(settings.http), more);
    // A program of 0.3 may use what is of 0.2, too.
    program->p3_ =
        TRELLIS_TRY(sandbox::WasiP3::make({.basics = settings.wasi, .network = more.network, .http = more.http}));
    program->wasi_ = TRELLIS_TRY(sandbox::WasiP2::make(std::move(settings.wasi), std::move(more)));
    add_wasi_p2(program->imports_, *program->wasi_);
    program->imports_.advise(sandbox::provider_of);
    program->core_ = std::make_unique<wasm::Store>(std::move(registry), *settings.tier, settings.limits);
    if (settings.tier == &wasm::jit_tier) {
        if (settings.used_cache())
            embed::use_cache(settings.jit, *settings.used_cache());
        program->jit_ = std::make_unique<wasm::jit::Jit>(embed::compile_with, settings.jit);
        program->jit_->watch(*program->core_);
    }
    program->store_ = std::make_unique<ComponentStore>(*program->core_);
    program->p3_->attach(*program->store_, program->imports_);
    stop_on_signals(*program->core_, settings.timeout);
    return program;
}

Result<int> ComponentProgram::run()
{
    auto& instance = *TRELLIS_TRY(instantiate(*store_, component_, imports_));
    if (sandbox::find_export(instance, "wasi:cli/run@0.3.", "run"))
        return run_p3(instance);
    if (sandbox::WasiP3::is_stream_program(instance))
        return run_stream(instance);
    return sandbox::run_command(*store_, instance);
}

/// A file that the user names becomes the program's input; it sees no file system.
Result<std::optional<sandbox::Stream>> open_input(const std::string& path)
{
    if (path.empty())
        return std::nullopt;
    sandbox::HostFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status = {};
    if (fd.number() < 0 || ::fstat(fd.number(), &status) != 0)
        return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::denied,
                    format("{}: {}", path, std::generic_category().message(errno)));
    return sandbox::Stream(std::move(fd), status.st_mode);
}

Result<int> ComponentProgram::run_stream(const ComponentInstance& instance)
{
    const auto ending = p3_->run_stream(*store_, instance, TRELLIS_TRY(open_input(input_)));
    if (failed(ending.trap)) {
        if (core_->last_trap.trap == wasm::Trap::none)
            core_->last_trap.trap = ending.trap;
        return fail(ErrorCode::trap, std::string(wasm::message_of(ending.trap)));
    }
    if (ending.error)
        print_error(*ending.error);
    return ending.error ? 1 : 0;
}

Result<int> ComponentProgram::run_p3(const ComponentInstance& instance)
{
    const auto ending = p3_->run(*store_, instance);
    if (!ending)
        return fail(ErrorCode::unlinkable, "wasi:cli/run is no function that takes nothing and gives a result");
    if (ending->trap == wasm::Trap::exit)
        return core_->exit_code;
    if (failed(ending->trap)) {
        if (core_->last_trap.trap == wasm::Trap::none) // the host's own, such as a deadlock
            core_->last_trap.trap = ending->trap;
        return fail(ErrorCode::trap, std::string(wasm::message_of(ending->trap)));
    }
    return ending->is_ok ? 0 : 1;
}

int ComponentProgram::report_failure(const Error& error)
{
    if (error.code != ErrorCode::trap)
        return report(error);
    const auto& last = core_->last_trap;
    if (last.trap == wasm::Trap::exit)
        return core_->exit_code;
    print_error(last.trap == wasm::Trap::none ? error.describe() : describe(*core_, last));
    return exit_code_of(error.code, last.trap);
}

} // namespace

int run_component(std::string_view file, RunSettings settings)
{
    auto program = ComponentProgram::load(file, std::move(settings));
    if (!program)
        return report(program.error());
    const auto code = (*program)->run();
    const int exit_code = code ? *code : (*program)->report_failure(code.error());
    // The process ends now; unmapping and freeing everything first would only take time.
    (void)program->release();
    return exit_code;
}

} // namespace trellis::cli
