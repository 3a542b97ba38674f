// What a file that modules.toml names is to the server: a core module, which is asked as WAGI says, or a component,
// which is asked as what it exports says. Loaded once, shared by threads; each call has an instance of its own.
#pragma once

#include "embed/compiled_module.hpp"
#include "sandbox/http/outbound.hpp"
#include "sandbox/http/service.hpp"
#include "sandbox/wasi/wasi.hpp"
#include "wasm/execution/slot_pool.hpp"
#include "wasm/execution/store.hpp"

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

/// What a call asks.
struct Asking {
    sandbox::WasiConfig wasi = {};
    std::string entrypoint = "_start";                ///< of a core module
    sandbox::HttpQuestion question = {};              ///< of a program that takes questions; its body is borrowed
    std::shared_ptr<sandbox::HttpAnswer> answer = {}; ///< the same
};

class GuestCall {
public:
    virtual ~GuestCall() = default;

    [[nodiscard]] virtual wasm::Store& store() = 0;
    /// Before run(), for programs that ask over HTTP.
    virtual void allow_http(std::shared_ptr<const sandbox::HttpPolicy> policy,
                            sandbox::HttpSurroundings surroundings) = 0;
    /// Instantiates and asks; once.
    virtual Ending run(Asking asking) = 0;
    /// After run(): its code could not be used for want of address space, so it was interpreted.
    [[nodiscard]] virtual bool was_short() const = 0;
};

/// Where stores come from.
struct CallPlace {
    std::shared_ptr<wasm::TypeRegistry> registry;
    const wasm::Tier& tier;
    const wasm::StoreLimits& limits;
    wasm::SlotPool* pool = nullptr; ///< of memories and stacks; may be null
};

class GuestProgram {
public:
    virtual ~GuestProgram() = default;

    /// Whether it answers HTTP questions, rather than what WAGI puts on its standard input.
    [[nodiscard]] virtual bool takes_questions() const = 0;
    [[nodiscard]] virtual bool asks_over_http() const = 0;
    /// Whether a function of that name is exported, of any type.
    [[nodiscard]] virtual bool exports_function(std::string_view name) const = 0;
    /// Whether it can be asked by that name.
    [[nodiscard]] virtual bool has_entrypoint(std::string_view name) const = 0;
    [[nodiscard]] virtual bool has_code() const = 0;
    /// Errors: as of compiling.
    virtual Result<> give_code(embed::CodeWishes wishes, const embed::CodeCache* cache, unsigned threads) const = 0;
    /// Runs nothing yet. The program outlives the call.
    [[nodiscard]] virtual std::unique_ptr<GuestCall> make_call(const CallPlace& place) const = 0;
};

/// How the last trap of a store, or the error that came instead, ended a call.
Ending ending_of(const wasm::Store& store, Error error);

/// A core module with its imports found in what guests are offered: WASI 0.1 and wasi_experimental_http. Errors:
/// unlinkable.
Result<std::shared_ptr<const GuestProgram>> link_module(std::shared_ptr<const wasm::Module> module,
                                                        wasm::TypeRegistry& registry);

} // namespace trellis::gateway
