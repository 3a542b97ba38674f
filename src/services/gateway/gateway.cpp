#include "services/gateway/gateway.hpp"

#include "base/format.hpp"
#include "net/tls/tls.hpp"
#include "sandbox/system.hpp"
#include "services/gateway/loop_thread.hpp"
#include "services/gateway/watcher.hpp"

#include <algorithm>
#include <csignal>
#include <sys/signalfd.h>

namespace trellis::gateway {

using net::http::Listener;

namespace {

sigset_t handled_signals()
{
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&set, number);
    return set;
}

/// GET /metrics, and nothing else.
void answer_metrics(const Metrics& metrics, net::http::Exchange& exchange)
{
    net::http::ResponseHead head;
    std::string text = "see /metrics\n";
    if (exchange.request().target == "/metrics") {
        text = metrics.render();
        head.fields.add("Content-Type", std::string(Metrics::content_type));
    } else {
        head.status = 404;
    }
    exchange.start(std::move(head));
    (void)exchange.write(std::as_bytes(std::span(text)));
}

} // namespace

class Gateway::Impl {
public:
    Impl(GatewayOptions options, GatewayEvents events)
        : options_(std::move(options)), events_(std::move(events)), metrics_(options_.workers, &logs_),
          identity_{options_.default_host, options_.strict}, code_(options_.code, options_.cache, events_.note)
    {
        const auto set = handled_signals();
        ::pthread_sigmask(SIG_BLOCK, &set, nullptr); // all threads that are made from here on
        signals_ = sandbox::HostFd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    }

    Result<> open();
    Result<> run();
    [[nodiscard]] std::vector<std::string> addresses() const;
    [[nodiscard]] std::optional<std::string> metrics_address() const;

private:
    Result<> open_logs();
    Result<> open_addresses();
    void handle_signals();
    void handle(int signal);
    void serve_metrics();
    void reload();
    void finish_reload(Result<std::shared_ptr<const Application>> loaded, const FilesRead& read);
    void stop_loops();
    void watch_files();

    GatewayOptions options_;
    GatewayEvents events_;
    sandbox::HostFd signals_;
    LogThread logs_;
    Metrics metrics_;
    ServerIdentity identity_;
    std::unique_ptr<ModuleLog> module_log_;
    std::unique_ptr<AccessLog> access_log_;
    std::unique_ptr<net::tls::ServerContext> tls_;
    std::shared_ptr<wasm::TypeRegistry> registry_ = std::make_shared<wasm::TypeRegistry>();
    net::http::ClientSupport client_support_;
    CodeSupply code_;
    std::optional<ApplicationContext> context_;
    std::shared_ptr<const Application> application_;
    std::vector<Listener> listeners_;
    std::optional<Listener> metrics_listener_;
    std::optional<LoopThread::Shared> shared_;
    std::vector<std::unique_ptr<LoopThread>> threads_; ///< the first one's loop is this thread's

    // On the first loop.
    std::optional<net::Pause> stop_signals_, stop_watching_;
    std::optional<net::http::Server> metrics_server_;
    bool stopping_ = false;
    Watcher watcher_;
    std::thread reloading_;
    bool reload_again_ = false;
};

Result<> Gateway::Impl::open_logs()
{
    if (options_.log_directory)
        module_log_ = TRELLIS_TRY(ModuleLog::in_directory(logs_, *options_.log_directory));
    else
        module_log_ = std::make_unique<ModuleLog>(logs_);
    if (!options_.access_log)
        return {};
    auto file = *options_.access_log == "-" ? logs_.standard_output() : TRELLIS_TRY(logs_.open(*options_.access_log));
    access_log_ = std::make_unique<AccessLog>(std::move(file), options_.access_format);
    return {};
}

Result<> Gateway::Impl::open_addresses()
{
    if (options_.tls_certificate)
        tls_ = TRELLIS_TRY(net::tls::ServerContext::make(*options_.tls_certificate, options_.tls_key.value_or("")));
    for (const auto& address : options_.listen)
        listeners_.push_back(TRELLIS_TRY(Listener::open(address)));
    if (options_.metrics_address)
        metrics_listener_ = TRELLIS_TRY(Listener::open(*options_.metrics_address));
    return {};
}

Result<> Gateway::Impl::open()
{
    TRELLIS_TRY(open_logs());
    context_ = ApplicationContext{
        options_.configuration_file, options_.environment, registry_, &code_, &metrics_, module_log_.get()};
    FilesRead read;
    application_ = TRELLIS_TRY(Application::load(*context_, nullptr, &read));
    if (options_.reload)
        watcher_.watch(read);
    TRELLIS_TRY(open_addresses());
    shared_.emplace(LoopThread::Shared{identity_, options_.environment, registry_, metrics_, access_log_.get(),
                                       options_.limits, tls_.get(), client_support_});
    for (std::size_t number = 0; number < options_.workers; ++number)
        threads_.push_back(std::make_unique<LoopThread>(*shared_, number, application_, listeners_));
    return {};
}

std::vector<std::string> Gateway::Impl::addresses() const
{
    std::vector<std::string> all;
    for (const auto& one : listeners_)
        all.push_back(one.port() == 0 ? one.address()
                                      : format("{}://{}", tls_ != nullptr ? "https" : "http", one.address()));
    return all;
}

std::optional<std::string> Gateway::Impl::metrics_address() const
{
    if (!metrics_listener_)
        return std::nullopt;
    return format("http://{}/metrics", metrics_listener_->address());
}

Result<> Gateway::Impl::run()
{
    auto& loop = threads_.front()->loop();
    stop_signals_.emplace(loop);
    stop_watching_.emplace(loop);
    TRELLIS_TRY(loop.spawn([this] { handle_signals(); }));
    if (options_.reload)
        TRELLIS_TRY(loop.spawn([this] { watch_files(); }));
    if (metrics_listener_)
        serve_metrics();
    for (const auto& warning : application_->configuration().warnings)
        events_.note(warning);
    for (auto it = threads_.begin() + 1; it != threads_.end(); ++it)
        (*it)->start_thread();
    threads_.front()->run();
    for (const auto& one : threads_)
        one->join();
    if (reloading_.joinable())
        reloading_.join();
    return {};
}

void Gateway::Impl::serve_metrics()
{
    metrics_server_.emplace(threads_.front()->loop(), net::http::ServerLimits{},
                            [this](net::http::Exchange& exchange) { answer_metrics(metrics_, exchange); });
    metrics_server_->accept_from(*metrics_listener_);
}

/// A fiber of the first loop.
void Gateway::Impl::handle_signals()
{
    while (!stopping_) {
        pollfd wanted = {.fd = signals_.number(), .events = POLLIN, .revents = 0};
        threads_.front()->loop().wait_ready({&wanted, 1}, std::nullopt, &*stop_signals_);
        signalfd_siginfo info;
        while (!stopping_ && ::read(signals_.number(), &info, sizeof info) == sizeof info) // a second one is read below
            handle(static_cast<int>(info.ssi_signo));
    }
    // Whoever asks a second time does not want to wait.
    pollfd wanted = {.fd = signals_.number(), .events = POLLIN, .revents = 0};
    const auto& others = threads_;
    while (std::ranges::any_of(others, [](const auto& one) { return !one->stopped(); })) {
        const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(10);
        if (!threads_.front()->loop().wait_ready({&wanted, 1}, soon))
            continue;
        signalfd_siginfo info;
        while (::read(signals_.number(), &info, sizeof info) == sizeof info) {
        }
        events_.note("stopping at once");
        for (const auto& one : threads_)
            one->cut();
    }
}

void Gateway::Impl::handle(int signal)
{
    if (signal != SIGHUP)
        return stop_loops();
    if (access_log_ != nullptr)
        if (const auto opened = access_log_->reopen(); !opened)
            events_.failure(opened.error());
    if (const auto opened = module_log_->reopen(); !opened)
        events_.failure(opened.error());
    reload();
}

void Gateway::Impl::stop_loops()
{
    if (std::exchange(stopping_, true))
        return;
    events_.note("stopping: open requests finish first; a second signal stops at once");
    stop_signals_->wake();
    stop_watching_->wake();
    if (metrics_server_)
        metrics_server_->cut();
    for (const auto& one : threads_)
        one->drain();
}

/// A fiber of the first loop.
void Gateway::Impl::watch_files()
{
    watch_until(threads_.front()->loop(), watcher_, *stop_watching_, stopping_, [this] { reload(); });
}

/// Loads on a thread of its own; requests go on meanwhile.
void Gateway::Impl::reload()
{
    if (stopping_)
        return;
    reload_again_ = reloading_.joinable();
    if (reload_again_)
        return;
    reloading_ = std::thread([this, previous = application_] {
        FilesRead read;
        auto loaded = Application::load(*context_, previous.get(), &read);
        threads_.front()->loop().post(
            [this, loaded = std::move(loaded), read = std::move(read)] { finish_reload(loaded, read); });
    });
}

void Gateway::Impl::finish_reload(Result<std::shared_ptr<const Application>> loaded, const FilesRead& read)
{
    reloading_.join();
    if (options_.reload)
        watcher_.watch(read); // also where loading failed: what is missing may come
    metrics_.reloaded(loaded.has_value());
    if (loaded) {
        application_ = *loaded;
        for (const auto& one : threads_)
            one->use(application_);
        events_.note(format("reloaded {}", options_.configuration_file));
    } else {
        events_.failure(loaded.error());
    }
    if (std::exchange(reload_again_, false))
        reload();
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::make(GatewayOptions options, GatewayEvents events)
{
    auto impl = std::make_unique<Impl>(std::move(options), std::move(events));
    TRELLIS_TRY(impl->open());
    return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

std::vector<std::string> Gateway::addresses() const
{
    return impl_->addresses();
}

std::optional<std::string> Gateway::metrics_address() const
{
    return impl_->metrics_address();
}

Result<> Gateway::run()
{
    return impl_->run();
}

} // namespace trellis::gateway
