#include "sandbox/wasi/p3/p3.hpp"

#include "base/format.hpp"
#include "sandbox/wasi/p3/state.hpp"
#include "wasm/component/execution/host_calls.hpp"

#include <cstring>

namespace trellis::sandbox {

using namespace preview3;
using namespace wasm::component;

namespace {

Error grant_error(const std::string& what, const std::string& grant, SystemError error)
{
    const auto number = static_cast<int>(error);
    auto code = ErrorCode::io;
    if (number == ENOENT || number == ENOTDIR)
        code = ErrorCode::not_found;
    else if (number == EACCES || number == EPERM)
        code = ErrorCode::denied;
    return {code, format("cannot {} '{}': {}", what, grant, std::strerror(number)), {}};
}

/// A stream of the host's that nobody waits in; absent where it is closed.
Result<std::optional<Stream>> open_standard(const StandardStream& granted)
{
    if (auto* const* channel = std::get_if<Channel*>(&granted)) {
        std::optional<Stream> stream(std::in_place, **channel);
        stream->set_non_blocking(true);
        return stream;
    }
    const int fd = std::get<int>(granted);
    const auto status = status_of(fd);
    if (!status)
        return std::optional<Stream>();
    std::optional<Stream> stream(std::in_place, HostFd::borrowed(fd), status->st_mode);
    stream->set_non_blocking(true);
    return stream;
}

Result<> open_directories(WasiP3::State& state)
{
    const WasiConfig& basics = state.config.basics;
    const auto resolution = basics.resolution.value_or(best_resolution());
    for (const auto& grant : basics.directories) {
        auto directory = Directory::open_host(grant.host.c_str(), grant.read_only, resolution);
        if (!directory)
            return std::unexpected(grant_error("open directory", grant.host, directory.error()));
        state.directories.emplace_back(grant.guest, std::move(*directory));
    }
    for (const auto& [name, directory] : basics.open_directories) {
        auto again = directory.reopen();
        if (!again)
            return std::unexpected(grant_error("open directory", name, again.error()));
        state.directories.emplace_back(name, std::move(*again));
    }
    return {};
}

Result<> prepare_randomness(WasiP3::State& state)
{
    auto insecure = InsecureRandom::make();
    if (!insecure)
        return std::unexpected(grant_error("read", "randomness", insecure.error()));
    state.insecure = std::move(*insecure);
    return {};
}

} // namespace

WasiP3::WasiP3(std::unique_ptr<State> state) : state_(std::move(state)) {}
WasiP3::~WasiP3() = default;

Result<std::unique_ptr<WasiP3>> WasiP3::make(WasiP3Config config)
{
    Waiter& waiter = config.basics.waiter ? *config.basics.waiter : blocking_waiter();
    auto state = std::make_unique<State>(std::move(config), waiter);
    const WasiConfig& basics = state->config.basics;
    const std::array streams = {&basics.stdin_stream, &basics.stdout_stream, &basics.stderr_stream};
    for (std::size_t i = 0; i < streams.size(); ++i)
        state->standard[i] = TRELLIS_TRY(open_standard(*streams[i]));
    TRELLIS_TRY(open_directories(*state));
    TRELLIS_TRY(prepare_randomness(*state));
    return std::unique_ptr<WasiP3>(new WasiP3(std::move(state)));
}

void WasiP3::attach(ComponentStore& store, HostImports& imports)
{
    state_->events.watch(store);
    for (const auto interfaces : {cli_interfaces(), clocks_interfaces(), random_interfaces(), filesystem_interfaces(),
                                  sockets_interfaces(), http_interfaces()})
        for (const HostInterface& one : interfaces)
            imports.add(HostBinding{&one, state_.get()});
}

const ComponentFunction* find_export(const ComponentInstance& instance, std::string_view interface_begins,
                                     std::string_view name)
{
    for (const auto& [export_name, item] : instance.exports.exports) {
        const auto* const inner = std::get_if<InstanceValue*>(&item);
        if (!inner || !export_name.starts_with(interface_begins))
            continue;
        if (const ItemValue* const found = (*inner)->find(name))
            if (const auto* const function = std::get_if<ComponentFunction*>(found))
                return *function;
    }
    return nullptr;
}

std::optional<WasiP3::Ending> WasiP3::run(ComponentStore& store, const ComponentInstance& instance)
{
    using Run = TypedCall<std::expected<void, std::monostate>()>;
    const ComponentFunction* const function = find_export(instance, "wasi:cli/run@0.3.", "run");
    if (!function || !Run::check(*function))
        return std::nullopt;
    Run call(store);
    Trap trap = call.run(*function);
    if (!failed(trap))
        trap = store.run_until([this] { return state_->outputs_under_way == 0; });
    return Ending{trap, call.value() && call.value()->has_value()};
}

} // namespace trellis::sandbox
