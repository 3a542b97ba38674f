// WASI 0.3: what components may see of the outside, as interfaces of the host. Deny by default, as for 0.1.
// https://github.com/WebAssembly/WASI/tree/main/proposals
#pragma once

#include "sandbox/http/outbound.hpp"
#include "sandbox/network/network_grant.hpp"
#include "sandbox/wasi/wasi.hpp"
#include "wasm/component/execution/instantiate.hpp"

namespace trellis::sandbox {

struct WasiP3Config {
    WasiConfig basics = {}; ///< listen_addresses and channels are nothing that 0.3 has
    std::shared_ptr<const NetworkGrant> network = std::make_shared<const NetworkGrant>();
    std::shared_ptr<const HttpPolicy> http = std::make_shared<const HttpPolicy>();
};

/// A request that the host makes of a service, and its answer, with whole bodies.
struct ServiceRequest {
    std::string method = "GET", scheme = "http", authority = {}, path = "/";
    net::http::Fields fields = {};
    std::string body = {};
};
struct ServiceResponse {
    unsigned status = 200;
    net::http::Fields fields = {};
    std::string body = {};
    net::http::Fields trailers = {};
};

/// The state behind one guest's calls. Outlives the store. One thread at a time.
class WasiP3 {
public:
    /// Errors: not_found, denied, io, with the name of the grant; unsupported (a channel as a standard stream).
    static Result<std::unique_ptr<WasiP3>> make(WasiP3Config config);
    ~WasiP3();
    WasiP3(const WasiP3&) = delete;
    WasiP3& operator=(const WasiP3&) = delete;

    /// Before anything is instantiated in the store.
    void attach(wasm::component::ComponentStore& store, wasm::component::HostImports& imports);
    /// Runs `wasi:cli/run` of an instance; false: it ended with an error. Trap::exit: the store's exit_code counts.
    /// Absent: it exports no such thing.
    struct Ending {
        wasm::Trap trap = wasm::Trap::none;
        bool is_ok = false;
    };
    std::optional<Ending> run(wasm::component::ComponentStore& store,
                              const wasm::component::ComponentInstance& instance);

    /// Calls `wasi:http/handler` of an instance. Errors: not_found (it exports no such thing), trap, io (it answered
    /// with an error), usage (no method).
    Result<ServiceResponse> serve(wasm::component::ComponentStore& store,
                                  const wasm::component::ComponentInstance& instance, const ServiceRequest& request);

    struct State; ///< for the functions

private:
    explicit WasiP3(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// An exported function in an exported instance, whatever its patch version: "wasi:cli/run@0.3.", "run".
const wasm::component::ComponentFunction* find_export(const wasm::component::ComponentInstance& instance,
                                                      std::string_view interface_begins, std::string_view name);

} // namespace trellis::sandbox
