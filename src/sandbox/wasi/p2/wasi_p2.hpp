// WASI 0.2 for components: what a guest may see of the outside, by the same grants as WASI 0.1. Deny by default: a
// guest has what WasiConfig and P2Config name, and nothing else. One guest per object; one thread at a time.
// https://github.com/WebAssembly/WASI/tree/main/wasip2
#pragma once

#include "net/resolver.hpp"
#include "sandbox/http/outbound.hpp"
#include "sandbox/http/service.hpp"
#include "sandbox/network/network_grant.hpp"
#include "sandbox/wasi/wasi.hpp"
#include "wasm/component/execution/instantiate.hpp"

namespace trellis::sandbox {

namespace preview2 {
struct Guest;
}

/// What WASI 0.1 has no words for.
struct P2Config {
    std::shared_ptr<const NetworkGrant> network = {}; ///< null: none
    net::Resolver* resolver = nullptr;                ///< borrowed; null: no names are looked up
    std::shared_ptr<const HttpPolicy> http = {};      ///< null: no requests
    std::optional<HttpSurroundings> http_surroundings = {};
};

/// The state behind one guest's calls. Outlives the store whose imports it answers.
class WasiP2 {
public:
    /// Opens the granted directories. Errors: not_found, denied, io, with the name of the grant; usage for an argument
    /// or variable that is not UTF-8; unsupported for listening sockets, which components make themselves.
    static Result<std::unique_ptr<WasiP2>> make(WasiConfig config, P2Config more = {});
    ~WasiP2();
    WasiP2(const WasiP2&) = delete;
    WasiP2& operator=(const WasiP2&) = delete;

    [[nodiscard]] preview2::Guest& guest() { return *guest_; }

private:
    explicit WasiP2(std::unique_ptr<preview2::Guest> guest);
    std::unique_ptr<preview2::Guest> guest_;
};

/// Every interface of every version 0.2.x.
void add_wasi_p2(wasm::component::HostImports& imports, WasiP2& wasi);

/// Calls run of wasi:cli/run@0.2.x. The guest's exit code: 0, or 1 where it gave an error. Errors: not_found (it is no
/// such program), trap (Trap::exit: the store has the code).
Result<int> run_command(wasm::component::ComponentStore& store, wasm::component::ComponentInstance& instance);

/// Calls handle of wasi:http/incoming-handler@0.2.x. Whatever the guest does, `answer` is told: an answer, or that
/// there is none; where the guest trapped, it is not. Errors: not_found (it is no such component), trap.
Result<> answer_request(wasm::component::ComponentStore& store, wasm::component::ComponentInstance& instance,
                        const HttpQuestion& question, std::shared_ptr<HttpAnswer> answer);

} // namespace trellis::sandbox
