// WASI 0.3: what components may see of the outside, as interfaces of the host. Deny by default, as for 0.1.
// https://github.com/WebAssembly/WASI/tree/main/proposals
#pragma once

#include "sandbox/http/outbound.hpp"
#include "sandbox/http/service.hpp"
#include "sandbox/network/network_grant.hpp"
#include "sandbox/streams.hpp"
#include "sandbox/wasi/wasi.hpp"
#include "wasm/component/execution/instantiate.hpp"

namespace trellis::sandbox {

struct WasiP3Config {
    WasiConfig basics = {}; ///< listen_addresses are nothing that 0.3 has
    std::shared_ptr<const NetworkGrant> network = std::make_shared<const NetworkGrant>();
    std::shared_ptr<const HttpPolicy> http = std::make_shared<const HttpPolicy>();
};

/// The state behind one guest's calls. Outlives the store. One thread at a time.
class WasiP3 {
public:
    /// Errors: not_found, denied, io, with the name of the grant.
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

    /// Whether an instance exports `run: func(input: stream<u8>) -> result<stream<u8>, string>`, asynchronous or not.
    static bool is_stream_program(const wasm::component::ComponentInstance& instance);
    /// Runs that: from `input`, or standard input, to standard output.
    struct StreamEnding {
        wasm::Trap trap = wasm::Trap::none;
        std::optional<std::string> error = {}; ///< what the program says went wrong, or the host
    };
    StreamEnding run_stream(wasm::component::ComponentStore& store, const wasm::component::ComponentInstance& instance,
                            std::optional<Stream> input);

    /// Calls `wasi:http/handler` of an instance, and lets what the guest does behind its answer come to its end.
    /// Whatever the guest does, `answer` is told, unless it trapped. Errors: not_found (it exports no such thing),
    /// trap, usage (no method).
    Result<> answer_request(wasm::component::ComponentStore& store, const wasm::component::ComponentInstance& instance,
                            const HttpQuestion& question, std::shared_ptr<HttpAnswer> answer);
    /// The same by a program of streams, from the request's body to the answer's.
    Result<> answer_with_stream(wasm::component::ComponentStore& store,
                                const wasm::component::ComponentInstance& instance, const HttpQuestion& question,
                                std::shared_ptr<HttpAnswer> answer);

    struct State; ///< for the functions

private:
    explicit WasiP3(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// An exported function in an exported instance, whatever its patch version: "wasi:cli/run@0.3.", "run".
const wasm::component::ComponentFunction* find_export(const wasm::component::ComponentInstance& instance,
                                                      std::string_view interface_begins, std::string_view name);

} // namespace trellis::sandbox
