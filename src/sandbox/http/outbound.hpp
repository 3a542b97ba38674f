// HTTP requests of guests, by the import module `wasi_experimental_http` (version 0.10 of it): who may be asked is an
// AllowList; redirects are answers like others; bodies come in pieces, as the guest reads them. The guest's fiber is
// suspended while it waits, never the thread. Policies are shared by threads; an OutboundHttp is one guest's.
#pragma once

#include "net/http/client.hpp"
#include "sandbox/http/allow_list.hpp"
#include "sandbox/waiting.hpp"
#include "wasm/execution/linked_module.hpp"
#include "wasm/execution/linker.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace trellis::sandbox {

/// What a module may do.
struct HttpPolicy {
    AllowList allowed = {};
    std::uint32_t max_concurrent = 16;                       ///< responses that a guest has open
    std::uint64_t response_bytes = std::uint64_t(256) << 20; ///< of a body
    std::chrono::milliseconds timeout{30'000};               ///< from the request to the end of its answer
};

/// What one guest's requests need of the place where it runs.
struct HttpSurroundings {
    net::http::Client& client;
    std::optional<Instant> deadline = {};      ///< of the guest: no request outlasts it
    net::Cancellation* cancellation = nullptr; ///< of the guest; may be null
    /// Calls what it is given, which may suspend the fiber. Absent: it is called as it is.
    std::function<void(const std::function<void()>&)> outside = {};
    /// Told why a request failed; the guest only sees a number. May be absent.
    std::function<void(const std::string&)> report = {};
};

class OutboundHttp {
public:
    OutboundHttp(std::shared_ptr<const HttpPolicy> policy, HttpSurroundings surroundings);
    /// Closes what the guest has left open.
    ~OutboundHttp();
    OutboundHttp(const OutboundHttp&) = delete;
    OutboundHttp& operator=(const OutboundHttp&) = delete;

    /// Answers imports from `wasi_experimental_http`. Belongs to this object, which outlives the store.
    wasm::ImportProvider provider();
    /// The same for a module that is linked once for many guests: every function, and this guest's context for them.
    static std::optional<wasm::HostDefinition> define(std::string_view module, std::string_view name);
    [[nodiscard]] void* context();

    struct State; ///< for the functions

private:
    std::unique_ptr<State> state_;
};

} // namespace trellis::sandbox
