// One worker of the gateway: a thread with its event loop, its server, and what its requests share.
#pragma once

#include "net/http/server.hpp"
#include "sandbox/worker.hpp"
#include "services/gateway/request.hpp"
#include "wasm/execution/slot_pool.hpp"

#include <thread>

namespace trellis::gateway {

class LoopThread {
public:
    /// What all loops of a gateway share; outlives them.
    struct Shared {
        const ServerIdentity& identity;
        const Variables& environment;
        const std::shared_ptr<wasm::TypeRegistry>& registry;
        Metrics& metrics;
        AccessLog* access_log; ///< null: none
        const net::http::ServerLimits& limits;
        net::tls::ServerContext* tls; ///< null: plain text
        net::http::ClientSupport& client_support;
    };

    LoopThread(const Shared& shared, std::size_t number, std::shared_ptr<const Application> application,
               std::vector<net::http::Listener>& listeners);
    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;

    [[nodiscard]] net::EventLoop& loop() { return loop_; }
    /// Runs on the calling thread until it was drained or cut.
    void run();
    void start_thread();
    void join();

    // From any thread.
    [[nodiscard]] bool stopped() const { return stopped_.load(std::memory_order_relaxed); }
    void use(std::shared_ptr<const Application> application);
    void drain();
    void cut();

private:
    void refused(const net::http::Peer& peer, unsigned status, std::string_view reason);
    void keep_house();
    void count_connections();

    const Shared& shared_;
    std::size_t number_;
    std::shared_ptr<const Application> application_;
    net::EventLoop loop_;
    sandbox::Worker worker_{loop_};
    wasm::SlotPool pool_;
    std::unique_ptr<net::http::Client> client_;
    std::optional<AccessLog::Writer> access_log_;
    RequestContext context_;
    net::http::Server server_;
    std::uint64_t counted_accepted_ = 0, counted_open_ = 0;
    bool draining_ = false;
    std::atomic<bool> stopped_ = false; ///< drained, and no connection is left
    net::Pause stop_{loop_};
    std::thread thread_;
};

} // namespace trellis::gateway
