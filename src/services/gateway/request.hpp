// One HTTP request, from its route to the end of its response: admission, a fresh instance on this fiber, and what
// becomes of every way in which that can end. On the fiber of the request's connection.
#pragma once

#include "net/http/client.hpp"
#include "net/http/server.hpp"
#include "sandbox/worker.hpp"
#include "services/gateway/access_log.hpp"
#include "services/gateway/application.hpp"
#include "services/gateway/cgi.hpp"
#include "wasm/execution/slot_pool.hpp"

#include <memory>

namespace trellis::gateway {

/// What is the same for all requests of one loop's thread.
struct RequestContext {
    net::EventLoop& loop;
    net::http::Client& client;
    sandbox::Worker& worker;
    wasm::SlotPool& pool;
    AccessLog::Writer* access_log; ///< null: none
    Metrics& metrics;
    std::size_t thread; ///< number of the loop's thread in the metrics
    const ServerIdentity& identity;
    const Variables& environment; ///< the operator's, for all modules
    const std::shared_ptr<wasm::TypeRegistry>& registry;
};

/// Answers it, whatever happens.
void answer(const RequestContext& context, std::shared_ptr<const Application> application,
            net::http::Exchange& exchange);

} // namespace trellis::gateway
