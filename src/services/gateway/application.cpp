#include "services/gateway/application.hpp"

#include "base/format.hpp"
#include "embed/module_file.hpp"
#include "services/gateway/cgi.hpp"
#include "services/gateway/request_channels.hpp"
#include "wasm/execution/deadline_timer.hpp"

#include <algorithm>

namespace trellis::gateway {
namespace {

constexpr auto longest_declaration = std::chrono::seconds(10);
constexpr std::size_t most_declared_bytes = 1024 * 1024;

/// Keeps what `_routes` prints.
class Collector final : public sandbox::Channel {
public:
    sandbox::Outcome<std::size_t> write(std::span<const iovec> parts, sandbox::Wait&) override
    {
        std::size_t total = 0;
        for (const auto& part : parts) {
            text_.append(static_cast<const char*>(part.iov_base), part.iov_len);
            total += part.iov_len;
        }
        if (text_.size() > most_declared_bytes)
            return sandbox::failure(ENOSPC);
        return total;
    }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
};

sandbox::StandardStream stream_of(std::optional<LogChannel>& log)
{
    return log ? sandbox::StandardStream(&*log) : sandbox::StandardStream(-1);
}

/// While a module is asked for its routes it may ask nobody.
class NoClient final : public net::http::Client {
public:
    net::http::ClientResult<std::unique_ptr<net::http::ClientResponse>> send(const net::http::ClientRequest&) override
    {
        return std::unexpected(net::http::ClientError(net::http::ClientFault::other,
                                                      {ErrorCode::denied, "_routes may not use the network", {}}));
    }
    [[nodiscard]] net::EventLoop& loop() override { return loop_; }

private:
    net::EventLoop loop_;
};

/// Loads what one modules.toml names, each file once.
class Loader {
public:
    Loader(const ApplicationContext& context, const Application* previous, FilesRead& read)
        : context_(context), read_(read)
    {
        if (previous != nullptr)
            for (const auto& entry : previous->loaded())
                known_[key_of(entry->file->path, entry->file->wishes)] = entry->file;
    }

    Result<std::unique_ptr<LoadedModule>> load(const ModuleEntry& entry)
    {
        auto loaded = std::make_unique<LoadedModule>();
        loaded->entry = entry;
        loaded->file = TRELLIS_TRY(named(entry, "module", file_of(entry)));
        TRELLIS_TRY(check_entrypoint(*loaded, entry.entrypoint));
        for (const auto& volume : entry.volumes)
            loaded->volumes.emplace_back(volume.guest, TRELLIS_TRY(named(entry, "volumes", open_volume(volume))));
        loaded->limits = {.memory_bytes = entry.limits.memory_bytes,
                          .total_memory_bytes = entry.limits.memory_bytes,
                          .gc_heap_bytes = entry.limits.memory_bytes,
                          .fuel = entry.limits.fuel,
                          .deterministic = entry.limits.deterministic};
        if (loaded->program().asks_over_http())
            loaded->http = TRELLIS_TRY(named(entry, "allowed_hosts", policy_of(entry)));
        loaded->admission = std::make_unique<Admission>(entry.limits.concurrency);
        if (context_.metrics != nullptr)
            loaded->metrics = context_.metrics->module(entry.route);
        loaded->environment = environment_of(entry);
        return loaded;
    }

    /// The routes of one entry: those it declares itself, then its own.
    Result<> add_routes(LoadedModule& loaded, std::size_t index, std::vector<Route>& routes) const
    {
        const auto& entry = loaded.entry;
        Route own = {.pattern = entry.route,
                     .module = index,
                     .entrypoint = entry.entrypoint,
                     .methods = entry.methods,
                     .hosts = entry.hosts};
        TRELLIS_TRY(open_log(loaded, own.pattern));
        if (loaded.program().exports_function("_routes"))
            for (const auto& declared : TRELLIS_TRY(declared_routes(loaded))) {
                TRELLIS_TRY(check_entrypoint(loaded, declared.entrypoint));
                auto route = own;
                route.pattern = declared.pattern;
                route.entrypoint = declared.entrypoint;
                route.declared_by_module = true;
                TRELLIS_TRY(open_log(loaded, route.pattern));
                routes.push_back(std::move(route));
            }
        routes.push_back(std::move(own));
        return {};
    }

private:
    [[nodiscard]] std::string place_of(const ModuleEntry& entry) const
    {
        return format("{}:{}: route {}", context_.configuration_file, entry.line, entry.route);
    }

    /// The same result; its error names the entry and its field.
    template <class T>
    Result<T> named(const ModuleEntry& entry, std::string_view field, Result<T> result) const
    {
        if (result)
            return result;
        auto error = std::move(result).error();
        error.message = format("{}: {}: {}", place_of(entry), field, error.message);
        return std::unexpected(std::move(error));
    }

    /// Code is made for one way of running it: entries that want different ones have modules of their own.
    using Key = std::tuple<std::string, bool, bool>;
    static Key key_of(const std::string& path, embed::CodeWishes wishes)
    {
        return {path, wishes.fuel, wishes.deterministic};
    }

    Result<std::shared_ptr<const ModuleFile>> file_of(const ModuleEntry& entry)
    {
        const auto& path = entry.module;
        const embed::CodeWishes wishes = {.fuel = entry.limits.fuel.has_value(),
                                          .deterministic = entry.limits.deterministic};
        auto& known = known_[key_of(path, wishes)];
        if (!read_.contains(path)) // by an earlier entry
            read_[path] = status_before_reading(path);
        const auto& status = read_[path];
        if (known == nullptr || known->status != status)
            known = TRELLIS_TRY(context_.code->load(path, wishes, status, context_.registry));
        return known;
    }

    Result<> check_entrypoint(const LoadedModule& loaded, const std::string& name) const
    {
        if (loaded.program().has_entrypoint(name))
            return {};
        return fail(ErrorCode::not_found, format("{}: {} exports no function {} without parameters and results",
                                                 place_of(loaded.entry), loaded.entry.module, name));
    }

    Result<> open_log(LoadedModule& loaded, const std::string& pattern) const
    {
        if (context_.log != nullptr)
            loaded.logs[pattern] =
                TRELLIS_TRY(named(loaded.entry, "route", context_.log->channel(pattern, loaded.entry.module)));
        return {};
    }

    /// The operator's variables and the entry's, each name once.
    [[nodiscard]] Variables environment_of(const ModuleEntry& entry) const
    {
        std::map<std::string, std::string> all(context_.environment.begin(), context_.environment.end());
        for (const auto& [name, value] : entry.environment)
            all[name] = value;
        return {all.begin(), all.end()};
    }

    static Result<std::shared_ptr<const sandbox::HttpPolicy>> policy_of(const ModuleEntry& entry)
    {
        return std::make_shared<const sandbox::HttpPolicy>(TRELLIS_TRY(sandbox::AllowList::parse(entry.allowed_hosts)),
                                                           entry.http_max_concurrency);
    }

    static Result<sandbox::Directory> open_volume(const Volume& volume)
    {
        auto directory =
            sandbox::Directory::open_host(volume.host.c_str(), volume.read_only, sandbox::best_resolution());
        if (!directory)
            return embed::system_failure(volume.host, static_cast<int>(directory.error()));
        return std::move(*directory);
    }

    /// What the module prints when it is asked, without environment and files.
    [[nodiscard]] Result<std::vector<DeclaredRoute>> declared_routes(const LoadedModule& loaded) const
    {
        Collector output;
        TRELLIS_TRY(check_entrypoint(loaded, "_routes"));
        const auto call = loaded.program().make_call({context_.registry, *loaded.file->tier, loaded.limits});
        NoClient nobody;
        call->allow_http(std::make_shared<const sandbox::HttpPolicy>(), {.client = nobody});
        std::optional<LogChannel> log;
        if (const auto channel = loaded.logs.find(loaded.entry.route); channel != loaded.logs.end())
            log.emplace(channel->second, 0);
        wasm::DeadlineTimer timer;
        timer.add(std::chrono::steady_clock::now() + longest_declaration, call->store().interrupt_handle());
        const auto ending =
            call->run({.wasi = {.stdin_stream = -1, .stdout_stream = &output, .stderr_stream = stream_of(log)},
                       .entrypoint = "_routes"});
        if (ending.failed)
            return fail(ErrorCode::trap,
                        format("{}: _routes failed: {}", place_of(loaded.entry), ending.error->describe()));
        return named(loaded.entry, "_routes", parse_declared_routes(output.text(), loaded.entry.route));
    }

    const ApplicationContext& context_;
    FilesRead& read_;
    std::map<Key, std::shared_ptr<const ModuleFile>> known_;
};

std::string_view as_text(Bytes bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace

Result<std::shared_ptr<const Application>> Application::load(const ApplicationContext& context,
                                                             const Application* previous, FilesRead* read)
{
    FilesRead own;
    auto& files = read != nullptr ? *read : own;
    files[context.configuration_file] = status_before_reading(context.configuration_file);
    const auto text = TRELLIS_TRY(embed::read_file(context.configuration_file));
    auto configuration = TRELLIS_TRY(parse_configuration(as_text(text.view()), context.configuration_file));
    Loader loader(context, previous, files);
    std::vector<std::unique_ptr<const LoadedModule>> modules;
    std::vector<Route> routes;
    for (const auto& entry : configuration.modules) {
        auto loaded = TRELLIS_TRY(loader.load(entry));
        TRELLIS_TRY(loader.add_routes(*loaded, modules.size(), routes));
        modules.push_back(std::move(loaded));
    }
    return std::shared_ptr<const Application>(
        new Application(std::move(configuration), std::move(modules), std::move(routes)));
}

} // namespace trellis::gateway
