#include "wasi/component_run.hpp"

#include "base/format.hpp"
#include "sandbox/wasi/p2/wasi_p2.hpp"
#include "wasm/component/validation/validator.hpp"
#include "wasm/execution/deadline_timer.hpp"
#include "wasm/interpreter/interpreter.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>

namespace trellis::test {

namespace {

namespace fs = std::filesystem;
namespace component = wasm::component;

constexpr auto time_limit = std::chrono::seconds(30);

SharedBytes read_file(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    return SharedBytes::copy_of({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

std::string compared(std::string_view what, const std::string& expected, const std::string& found)
{
    if (expected == found)
        return {};
    return format("{}: expected \"{}\", found \"{}\"", what, expected, found);
}

/// Everything: the programs try what is wrong, and expect to be told so.
std::shared_ptr<const sandbox::NetworkGrant> whole_network()
{
    auto grant = std::make_shared<sandbox::NetworkGrant>();
    const sandbox::Endpoint anywhere = {.host = sandbox::AnyAddress()};
    grant->connect = grant->listen = grant->send = grant->bind = {anywhere};
    grant->max_sockets = 1024;
    return grant;
}

/// A copy the program may write to: the suite's own files are read-only.
void copy_root(const std::string& root, const fs::path& target)
{
    fs::copy(root, target, fs::copy_options::recursive);
    for (const auto& entry : fs::recursive_directory_iterator(target))
        fs::permissions(entry, fs::perms::owner_all, fs::perm_options::add);
    fs::permissions(target, fs::perms::owner_all, fs::perm_options::add);
}

} // namespace

/// Everything that one guest needs, in the order in which it has to live.
class ComponentGuest {
public:
    Result<> load(const std::string& path, sandbox::WasiP3Config config)
    {
        auto registry = std::make_shared<wasm::TypeRegistry>();
        const auto loaded = TRELLIS_TRY(component::load_component(read_file(path), *registry));
        older_ = TRELLIS_TRY(sandbox::WasiP2::make(config.basics));
        wasi = TRELLIS_TRY(sandbox::WasiP3::make(std::move(config)));
        store = std::make_unique<wasm::Store>(std::move(registry), wasm::interpreter_tier);
        timer_.add(std::chrono::steady_clock::now() + time_limit, store->interrupt_handle());
        components = std::make_unique<component::ComponentStore>(*store);
        wasi->attach(*components, imports_);
        sandbox::add_wasi_p2(imports_, *older_);
        instance = TRELLIS_TRY(component::instantiate(*components, loaded, imports_));
        return {};
    }

private:
    std::unique_ptr<sandbox::WasiP2> older_; ///< for the guests' standard library
    wasm::DeadlineTimer timer_;
    component::HostImports imports_;

public:
    std::unique_ptr<sandbox::WasiP3> wasi;
    std::unique_ptr<wasm::Store> store;
    std::unique_ptr<component::ComponentStore> components;
    component::ComponentInstance* instance = nullptr;
};

const std::array<ComponentRun::Row, 9> ComponentRun::rows = {{
    {"run", &ComponentRun::start},
    {"wait", &ComponentRun::wait},
    {"read", &ComponentRun::read},
    {"write", &ComponentRun::write},
    {"connect", &ComponentRun::connect},
    {"send", &ComponentRun::send},
    {"recv", &ComponentRun::receive},
    {"request", &ComponentRun::request},
    {"kill", &ComponentRun::kill},
}};

ComponentRun::~ComponentRun()
{
    for (const auto& [id, socket] : connections_)
        ::close(socket);
    input_.close_writing();
    if (guest_.joinable())
        guest_.join();
}

std::string ComponentRun::follow()
{
    for (const Operation& operation : description_.operations) {
        const auto row = std::ranges::find(rows, operation.type, &Row::type);
        if (row == rows.end())
            return format("unknown operation {}", operation.type);
        if (auto difference = (this->*row->run)(operation); !difference.empty()) {
            if (guest_.joinable()) {
                input_.close_writing();
                guest_.join();
            }
            return format("{}; {}; stderr: {}", difference, failure_, errors_.finish());
        }
    }
    return {};
}

sandbox::WasiP3Config ComponentRun::config_for(const Operation& operation)
{
    sandbox::WasiP3Config config;
    config.basics = {.arguments = {fs::path(description_.path).filename().string()},
                     .environment = operation.environment,
                     .stdin_stream = input_.reading(),
                     .stdout_stream = output_.descriptor(),
                     .stderr_stream = errors_.descriptor()};
    std::ranges::copy(operation.arguments, std::back_inserter(config.basics.arguments));
    if (!description_.root.empty()) {
        copy_root(description_.root, scratch_.path("root"));
        config.basics.directories.push_back({.host = scratch_.path("root"), .guest = "/"});
    }
    if (description_.has_network)
        config.network = whole_network();
    sandbox::HttpPolicy policy;
    std::vector<std::string> allowed = {"http://nonexistent.invalid"};
    for (const ServerDescription& server : description_.servers) {
        servers_.push_back(std::make_unique<HttpServer>(server));
        allowed.push_back("http://" + servers_.back()->address());
        config.basics.environment.emplace_back(servers_.back()->variable(), servers_.back()->address());
    }
    policy.allowed = *sandbox::AllowList::parse(allowed);
    config.http = std::make_shared<const sandbox::HttpPolicy>(std::move(policy));
    return config;
}

std::string ComponentRun::start(const Operation& operation)
{
    auto config = config_for(operation);
    if (!description_.is_service) {
        guest_ = std::thread([this, given = std::move(config)]() mutable { run_guest(std::move(given)); });
        return {};
    }
    service_ = std::make_shared<ComponentGuest>();
    const auto loaded = service_->load(description_.path, std::move(config));
    return loaded ? "" : loaded.error().describe();
}

void ComponentRun::run_guest(sandbox::WasiP3Config config)
{
    ComponentGuest guest;
    if (const auto loaded = guest.load(description_.path, std::move(config)); !loaded) {
        failure_ = loaded.error().describe();
        return;
    }
    const auto ending = guest.wasi->run(*guest.components, *guest.instance);
    if (!ending)
        failure_ = "no function run";
    else if (ending->trap == wasm::Trap::exit)
        exit_code_ = guest.store->exit_code;
    else if (ending->trap != wasm::Trap::none)
        failure_ = format("{} {}", wasm::message_of(ending->trap), guest.store->host_error);
    else
        exit_code_ = ending->is_ok ? 0 : 1;
}

std::string ComponentRun::wait(const Operation& operation)
{
    if (guest_.joinable())
        guest_.join();
    if (!failure_.empty())
        return "trapped";
    return compared("exit code", format("{}", operation.exit_code), format("{}", exit_code_));
}

std::string ComponentRun::read(const Operation& operation)
{
    Collector& from = operation.id == "stderr" ? errors_ : output_;
    return compared(operation.id, operation.payload, from.take(operation.payload.size()));
}

std::string ComponentRun::write(const Operation& operation)
{
    const auto count = ::write(input_.writing(), operation.payload.data(), operation.payload.size());
    return count == std::ssize(operation.payload) ? "" : "stdin takes nothing";
}

std::string ComponentRun::connect(const Operation& operation)
{
    const std::string line = output_.take_line();
    const auto colon = line.rfind(':');
    if (colon == std::string::npos)
        return format("no address: \"{}\"", line);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoul(line.substr(colon + 1))));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connections_[operation.id] = socket;
    const timeval patience = {.tv_sec = Collector::patience.count(), .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return format("can't connect to {}", line);
    return {};
}

std::string ComponentRun::send(const Operation& operation)
{
    const auto count =
        ::send(connections_[operation.id], operation.payload.data(), operation.payload.size(), MSG_NOSIGNAL);
    return count == std::ssize(operation.payload) ? "" : "the connection takes nothing";
}

std::string ComponentRun::receive(const Operation& operation)
{
    std::string text(operation.payload.size(), '\0');
    const auto count = ::recv(connections_[operation.id], text.data(), text.size(), MSG_WAITALL);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return compared("received", operation.payload, text);
}

namespace {

/// Keeps what a service answers.
class KeptAnswer final : public sandbox::HttpAnswer {
public:
    net::http::ResponseHead head;
    std::string body, failure;
    bool has_ended = false;

    sandbox::Outcome<> begin(const net::http::ResponseHead& given, sandbox::Wait&) override
    {
        head = given;
        return {};
    }
    sandbox::Outcome<> write(std::span<const std::byte> bytes, sandbox::Wait&) override
    {
        body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return {};
    }
    sandbox::Outcome<> end(const net::http::Fields&, sandbox::Wait&) override
    {
        has_ended = true;
        return {};
    }
    void fail(std::string_view reason) override { failure = reason; }
};

/// The body of a request.
class GivenBody final : public sandbox::Channel {
public:
    explicit GivenBody(std::string_view text) : rest_(text) {}
    sandbox::Outcome<std::size_t> read(std::span<const iovec> parts, sandbox::Wait&) override
    {
        const auto count = std::min(rest_.size(), parts.front().iov_len);
        std::memcpy(parts.front().iov_base, rest_.data(), count);
        rest_.remove_prefix(count);
        return count;
    }

private:
    std::string_view rest_;
};

} // namespace

std::string ComponentRun::request(const Operation& operation)
{
    GivenBody body(operation.body);
    sandbox::HttpQuestion question = {
        .method = operation.method, .target = operation.path, .authority = "localhost", .body = &body};
    for (const auto& [name, value] : operation.headers)
        question.fields.add(name, value);
    const auto answer = std::make_shared<KeptAnswer>();
    const auto done = service_->wasi->answer_request(*service_->components, *service_->instance, question, answer);
    if (!done)
        return done.error().describe();
    if (!answer->has_ended)
        return "the answer did not end: " + answer->failure;
    std::string differences = compared("status", format("{}", operation.status), format("{}", answer->head.status)) +
                              compared("body", operation.response_body, answer->body);
    for (const auto& [name, value] : operation.response_headers)
        differences += compared(name, value, std::string(answer->head.fields.find(name).value_or("")));
    return differences;
}

/// Services stop when nobody asks any more.
std::string ComponentRun::kill(const Operation&)
{
    service_ = nullptr;
    return {};
}

} // namespace trellis::test
