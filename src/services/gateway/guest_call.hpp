// One call of a module's function in a fresh instance: what `_routes` at load and every request have in common.
// One thread at a time.
#pragma once

#include "base/result.hpp"
#include "sandbox/wasi/wasi.hpp"
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

/// The exported function of that name, if it takes and gives nothing.
bool has_entrypoint(const wasm::Module& module, std::string_view name);

class GuestCall {
public:
    /// Runs nothing yet. `pool`: where memories and stacks come from; may be null.
    GuestCall(std::shared_ptr<const wasm::Module> module, std::shared_ptr<wasm::TypeRegistry> registry,
              const wasm::StoreLimits& limits, wasm::SlotPool* pool = nullptr);
    ~GuestCall();
    GuestCall(const GuestCall&) = delete;
    GuestCall& operator=(const GuestCall&) = delete;

    [[nodiscard]] wasm::Store& store() { return store_; }
    /// Instantiates and calls `entrypoint`; where that isn't `_start`, `_initialize` comes first, as reactors expect.
    Ending run(sandbox::WasiConfig config, const std::string& entrypoint);

private:
    Result<> start(sandbox::WasiConfig config, const std::string& entrypoint);

    std::shared_ptr<const wasm::Module> module_;
    std::unique_ptr<sandbox::Wasi> wasi_;
    wasm::Store store_;
};

} // namespace trellis::gateway
