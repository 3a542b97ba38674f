#include "services/gateway/loop_thread.hpp"

#include "base/check.hpp"

namespace trellis::gateway {
namespace {

/// How often the access log's lines are handed on, and clients looked for that are gone.
constexpr std::chrono::milliseconds housekeeping{100};
constexpr std::chrono::milliseconds housekeeping_at_the_end{5};

} // namespace

LoopThread::LoopThread(const Shared& shared, std::size_t number, std::shared_ptr<const Application> application,
                       std::vector<net::http::Listener>& listeners)
    : shared_(shared), number_(number), application_(std::move(application)),
      client_(net::http::Client::make(loop_, shared.client_support)),
      context_{loop_,           *client_,           worker_,        pool_, nullptr, shared.metrics, number,
               shared.identity, shared.environment, shared.registry},
      server_(
          loop_, shared.limits, [this](net::http::Exchange& exchange) { answer(context_, application_, exchange); },
          [this](const net::http::Peer& peer, unsigned status, std::string_view reason) {
              refused(peer, status, reason);
          },
          shared.tls)
{
    if (shared_.access_log != nullptr)
        context_.access_log = &access_log_.emplace(*shared_.access_log);
    for (auto& listener : listeners)
        server_.accept_from(listener);
    TRELLIS_CHECK(loop_.spawn([this] { keep_house(); }).has_value());
}

void LoopThread::run()
{
    loop_.run();
}

void LoopThread::start_thread()
{
    thread_ = std::thread([this] { run(); });
}

void LoopThread::join()
{
    if (thread_.joinable())
        thread_.join();
}

void LoopThread::use(std::shared_ptr<const Application> application)
{
    loop_.post([this, application = std::move(application)] { application_ = application; });
}

void LoopThread::drain()
{
    loop_.post([this] {
        draining_ = true;
        server_.drain();
        stop_.wake();
    });
}

void LoopThread::cut()
{
    loop_.post([this] {
        draining_ = true;
        worker_.interrupt_all();
        server_.cut();
        stop_.wake();
    });
}

/// A request that was refused before it had a route.
void LoopThread::refused(const net::http::Peer& peer, unsigned status, std::string_view reason)
{
    shared_.metrics.no_module().of_thread(number_).answered(status, {}, 0, 0);
    if (access_log_)
        access_log_->add(
            {.time = std::chrono::system_clock::now(), .peer = peer.address, .status = status, .error = reason});
}

void LoopThread::keep_house()
{
    while (!draining_ || server_.connections() != 0) {
        stop_.wait(std::chrono::steady_clock::now() + (draining_ ? housekeeping_at_the_end : housekeeping));
        server_.look_for_gone_clients();
        count_connections();
        if (access_log_)
            access_log_->flush();
    }
    stopped_.store(true, std::memory_order_relaxed);
}

void LoopThread::count_connections()
{
    auto& tallies = shared_.metrics.server_of_thread(number_);
    tallies.connections_accepted.add(server_.accepted() - std::exchange(counted_accepted_, server_.accepted()));
    const std::uint64_t open = server_.connections();
    tallies.connections_open.add(open - std::exchange(counted_open_, open));
}

} // namespace trellis::gateway
