#include "sandbox/wasi/p2/wasi_p2.hpp"

#include "base/format.hpp"
#include "sandbox/wasi/p2/interfaces.hpp"
#include "wasm/binary/cursor.hpp"

#include <algorithm>
#include <cstring>

namespace trellis::sandbox {

using namespace preview2;

namespace {

constexpr const HostInterface* interfaces[] = {
    &io_error,
    &io_poll,
    &io_streams,
    &clocks_monotonic,
    &clocks_wall,
    &random_random,
    &random_insecure,
    &random_insecure_seed,
    &cli_environment,
    &cli_exit,
    &cli_stdin,
    &cli_stdout,
    &cli_stderr,
    &cli_terminal_input,
    &cli_terminal_output,
    &cli_terminal_stdin,
    &cli_terminal_stdout,
    &cli_terminal_stderr,
    &filesystem_types,
    &filesystem_preopens,
    &sockets_network,
    &sockets_instance_network,
    &sockets_lookup,
    &sockets_tcp,
    &sockets_tcp_create,
    &sockets_udp,
    &sockets_udp_create,
    &http_outgoing_handler,
};

Result<> check_text(const char* what, const std::string& text)
{
    if (!wasm::is_utf8({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}))
        return fail(ErrorCode::usage, format("{} is not UTF-8, which components ask for", what));
    return {};
}

/// Absent: closed to us, closed to the guest.
std::optional<Stream> stream_of(StandardStream granted)
{
    if (auto* const* channel = std::get_if<Channel*>(&granted))
        return Stream(**channel);
    const int fd = std::get<int>(granted);
    const auto status = fd < 0 ? failure(EBADF) : status_of(fd);
    if (!status)
        return std::nullopt;
    return Stream(HostFd::borrowed(fd), status->st_mode);
}

template <class Open, class Closed, class Kind>
void add_stream(StandardStream granted, std::shared_ptr<Kind>& stream, bool& is_terminal)
{
    auto there = stream_of(granted);
    if (!there) {
        stream = std::make_shared<Closed>();
        return;
    }
    auto open = std::make_shared<Open>(std::move(*there));
    is_terminal = open->is_terminal();
    stream = std::move(open);
}

Error grant_error(const std::string& grant, SystemError error)
{
    const auto number = static_cast<int>(error);
    auto code = ErrorCode::io;
    if (number == ENOENT || number == ENOTDIR)
        code = ErrorCode::not_found;
    else if (number == EACCES || number == EPERM)
        code = ErrorCode::denied;
    return {code, format("cannot open directory '{}': {}", grant, std::strerror(number)), {}};
}

Result<> add_directory(Guest& guest, Outcome<Directory> directory, const std::string& host, const std::string& name)
{
    if (!directory)
        return std::unexpected(grant_error(host, directory.error()));
    TRELLIS_TRY(check_text("the guest's name of a directory", name));
    if (*guest.descriptors_left == 0)
        return fail(ErrorCode::limit, format("no descriptor left for '{}'; raise the limit on descriptors", host));
    auto place = std::make_shared<DescriptorPlace>(guest.descriptors_left);
    guest.granted_directories.emplace_back(std::make_shared<Descriptor>(std::move(*directory), std::move(place)), name);
    return {};
}

Result<> add_directories(Guest& guest, const WasiConfig& config)
{
    const auto resolution = config.resolution.value_or(best_resolution());
    for (const auto& [host, name, read_only] : config.directories)
        TRELLIS_TRY(add_directory(guest, Directory::open_host(host.c_str(), read_only, resolution), host, name));
    for (const auto& [name, directory] : config.open_directories)
        TRELLIS_TRY(add_directory(guest, directory.reopen(), name, name));
    return {};
}

Result<> add_words(Guest& guest, WasiConfig& config)
{
    for (auto& argument : config.arguments) {
        TRELLIS_TRY(check_text("an argument", argument));
        guest.arguments.push_back(std::move(argument));
    }
    for (auto& [name, value] : config.environment) {
        TRELLIS_TRY(check_text("the name of an environment variable", name));
        TRELLIS_TRY(check_text(name.c_str(), value));
        guest.environment.emplace_back(std::move(name), std::move(value));
    }
    return {};
}

/// Nothing that is not listed.
std::shared_ptr<const NetworkGrant> network_of(std::shared_ptr<const NetworkGrant> granted)
{
    return granted ? std::move(granted) : std::make_shared<const NetworkGrant>();
}

} // namespace

WasiP2::WasiP2(std::unique_ptr<Guest> guest) : guest_(std::move(guest)) {}
WasiP2::~WasiP2() = default;

Result<std::unique_ptr<WasiP2>> WasiP2::make(WasiConfig config, P2Config more)
{
    auto random = InsecureRandom::make();
    auto secrets = InsecureRandom::make(); // none of whose numbers a guest ever sees
    if (!random || !secrets)
        return fail(ErrorCode::io, "the system has no randomness");
    auto guest = std::make_unique<Guest>(Guest{.network = Network(network_of(std::move(more.network))),
                                               .resolver = more.resolver,
                                               .insecure = std::move(*random)});
    secrets->fill(std::as_writable_bytes(std::span(guest->secret)));
    *guest->descriptors_left = config.max_descriptors;
    if (!config.listen_addresses.empty())
        return fail(ErrorCode::unsupported, "--listen: components make their sockets themselves");
    TRELLIS_TRY(add_words(*guest, config));
    TRELLIS_TRY(add_directories(*guest, config));
    if (more.http && more.http_surroundings) {
        guest->http.policy = std::move(more.http);
        guest->http.surroundings.emplace(std::move(*more.http_surroundings));
    }
    guest->waiter = config.waiter != nullptr ? config.waiter : &blocking_waiter();
    add_stream<HostInput, NoInput>(config.stdin_stream, guest->standard_input, guest->input_is_terminal);
    add_stream<HostOutput, NoOutput>(config.stdout_stream, guest->standard_output, guest->output_is_terminal);
    add_stream<HostOutput, NoOutput>(config.stderr_stream, guest->standard_error, guest->error_is_terminal);
    return std::unique_ptr<WasiP2>(new WasiP2(std::move(guest)));
}

void add_wasi_p2(wasm::component::HostImports& imports, WasiP2& wasi)
{
    for (const HostInterface* one : interfaces)
        imports.add({one, &wasi.guest()});
    imports.add({&http_types(), &wasi.guest()});
}

} // namespace trellis::sandbox
