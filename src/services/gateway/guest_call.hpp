// One call of a module's function in a fresh instance: what `_routes` at load and every request have in common.
// One thread at a time.
#pragma once

#include "base/result.hpp"
#include "sandbox/http/outbound.hpp"
#include "sandbox/wasi/wasi.hpp"
#include "wasm/execution/linked_module.hpp"
#include "wasm/execution/slot_pool.hpp"

#include <memory>
#include <optional>
#include <string>

namespace trellis::gateway {

/// How a call ended: normally, by exit, by a trap, or it never began.
struct Ending {
    bool failed = false;                ///< a trap, or no instance could be made
    wasm::Trap trap = wasm::Trap::none; ///< none: it returned, or never began; exit: see exit_code
    std::int32_t exit_code = 0;
    std::optional<Error> error = {}; ///< where it failed: what happened, for the operator, with a backtrace
};

/// The module with its imports found in what guests are offered: WASI 0.1 and wasi_experimental_http.
Result<wasm::LinkedModule> link(std::shared_ptr<const wasm::Module> module, wasm::TypeRegistry& registry);

/// Whether it imports wasi_experimental_http.
bool asks_over_http(const wasm::Module& module);

/// Whether a function of that name is exported, of any type.
bool exports_function(const wasm::Module& module, std::string_view name);

/// Whether there is an exported function of that name that takes and gives nothing.
bool has_entrypoint(const wasm::Module& module, std::string_view name);

class GuestCall {
public:
    /// Runs nothing yet. `pool`: where memories and stacks come from; may be null.
    GuestCall(const wasm::LinkedModule& module, std::shared_ptr<wasm::TypeRegistry> registry, const wasm::Tier& tier,
              const wasm::StoreLimits& limits, wasm::SlotPool* pool = nullptr);
    ~GuestCall();
    GuestCall(const GuestCall&) = delete;
    GuestCall& operator=(const GuestCall&) = delete;

    [[nodiscard]] wasm::Store& store() { return store_; }
    /// After run(): its code could not be used for want of address space, so it was interpreted.
    [[nodiscard]] bool was_short() const { return was_short_; }
    /// Before run(), for modules that ask over HTTP.
    void allow_http(std::shared_ptr<const sandbox::HttpPolicy> policy, sandbox::HttpSurroundings surroundings);
    /// Instantiates and calls `entrypoint`; where that isn't `_start`, `_initialize` comes first, as reactors expect.
    Ending run(sandbox::WasiConfig config, const std::string& entrypoint);

private:
    Result<> start(sandbox::WasiConfig config, const std::string& entrypoint);

    const wasm::LinkedModule& module_;
    std::unique_ptr<sandbox::Wasi> wasi_;
    std::optional<sandbox::OutboundHttp> http_;
    wasm::Store store_;
    bool was_short_ = false;
};

} // namespace trellis::gateway
