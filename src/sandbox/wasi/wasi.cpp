#include "sandbox/wasi/wasi.hpp"

#include "base/format.hpp"
#include "sandbox/wasi/functions.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace trellis::sandbox {

using namespace preview1;

struct Wasi::State {
    Guest guest;
};

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

/// Strings reach the guest with a NUL behind each.
Result<> check_strings(const char* what, const std::vector<std::string>& strings)
{
    for (const auto& text : strings)
        if (text.find('\0') != std::string::npos)
            return fail(ErrorCode::usage, format("{} '{}' holds a NUL character", what, text.c_str()));
    return {};
}

Result<> add_stream(DescriptorTable& descriptors, std::uint32_t number, StandardStream granted, Rights direction)
{
    if (auto* const* channel = std::get_if<Channel*>(&granted)) {
        descriptors.set_standard(number, standard_stream(**channel, direction));
        return {};
    }
    const int host_fd = std::get<int>(granted);
    auto stream = standard_stream(host_fd, direction);
    if (stream)
        descriptors.set_standard(number, std::move(*stream));
    else if (stream.error() != system_error(EBADF)) // closed to us, closed to the guest
        return std::unexpected(grant_error("give the guest descriptor", format("{}", host_fd), stream.error()));
    return {};
}

Result<> add_streams(DescriptorTable& descriptors, const WasiConfig& config)
{
    TRELLIS_TRY(add_stream(descriptors, 0, config.stdin_stream, right::fd_read));
    TRELLIS_TRY(add_stream(descriptors, 1, config.stdout_stream, right::fd_write));
    return add_stream(descriptors, 2, config.stderr_stream, right::fd_write);
}

Result<> add(DescriptorTable& descriptors, Descriptor descriptor, const std::string& grant)
{
    if (!descriptors.add(std::move(descriptor)))
        return fail(ErrorCode::limit, format("no descriptor left for '{}'; raise the limit on descriptors", grant));
    return {};
}

Result<> add_open_directories(DescriptorTable& descriptors, const WasiConfig& config)
{
    for (const auto& [name, directory] : config.open_directories) {
        auto again = directory.reopen();
        if (!again)
            return std::unexpected(grant_error("open directory", name, again.error()));
        TRELLIS_TRY(add(descriptors, granted_directory(std::move(*again), name), name));
    }
    return {};
}

Result<> add_directories(DescriptorTable& descriptors, const WasiConfig& config)
{
    if (config.directories.empty())
        return {};
    const auto resolution = config.resolution.value_or(best_resolution());
    for (const auto& grant : config.directories) {
        auto directory = Directory::open_host(grant.host.c_str(), grant.read_only, resolution);
        if (!directory)
            return std::unexpected(grant_error("open directory", grant.host, directory.error()));
        TRELLIS_TRY(add(descriptors, granted_directory(std::move(*directory), grant.guest), grant.host));
    }
    return {};
}

Result<> add_listeners(DescriptorTable& descriptors, const WasiConfig& config)
{
    for (const auto& address : config.listen_addresses)
        TRELLIS_TRY(add(descriptors, listening_socket(TRELLIS_TRY(listen_on(address))), address));
    return {};
}

} // namespace

Wasi::Wasi(std::unique_ptr<State> state) : state_(std::move(state)) {}
Wasi::~Wasi() = default;

Result<std::unique_ptr<Wasi>> Wasi::make(WasiConfig config)
{
    std::vector<std::string> environment;
    for (const auto& [name, value] : config.environment)
        environment.push_back(name + "=" + value);
    TRELLIS_TRY(check_strings("argument", config.arguments));
    TRELLIS_TRY(check_strings("environment variable", environment));

    DescriptorTable descriptors(config.max_descriptors);
    TRELLIS_TRY(add_streams(descriptors, config));
    TRELLIS_TRY(add_directories(descriptors, config));
    TRELLIS_TRY(add_open_directories(descriptors, config));
    TRELLIS_TRY(add_listeners(descriptors, config));
    Guest guest = {.arguments = std::move(config.arguments),
                   .environment = std::move(environment),
                   .descriptors = std::move(descriptors),
                   .waiter = config.waiter != nullptr ? config.waiter : &blocking_waiter()};
    return std::unique_ptr<Wasi>(new Wasi(std::make_unique<State>(std::move(guest))));
}

std::optional<wasm::HostDefinition> Wasi::define(std::string_view module, std::string_view name)
{
    const auto* found = find_function(module, name);
    if (found == nullptr)
        return std::nullopt;
    return wasm::HostDefinition{found->type(), found->function};
}

void* Wasi::context()
{
    return &state_->guest;
}

wasm::ImportProvider Wasi::provider()
{
    return [guest = &state_->guest](wasm::Store& store, std::string_view module,
                                    std::string_view name) -> std::optional<wasm::Extern> {
        const auto* found = find_function(module, name);
        if (found == nullptr)
            return std::nullopt;
        return store.make_host_function(found->type(), found->function, guest);
    };
}

} // namespace trellis::sandbox
