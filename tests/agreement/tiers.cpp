#include "agreement/tiers.hpp"

#include "wasm/compiler/compiler.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/jit/jit.hpp"
#include "wasm/jit/unit.hpp"
#include "wasm/native/native_tier.hpp"

#include <algorithm>
#include <iterator>

namespace trellis::agreement {
namespace {

using namespace wasm;

Result<> nothing(const Module&, const Mode&)
{
    return {};
}

Result<> compile(const Module& module, const Mode& mode)
{
    compiler::Options options;
    options.fuel = mode.metered;
    options.deterministic = mode.deterministic;
    options.threads = 1;
    native::attach(module, TRELLIS_TRY(native::CodeImage::map(TRELLIS_TRY(compiler::compile(module, options)))));
    return {};
}

/// One half of the functions is compiled, the other interpreted; every loop of that half goes on in compiled code at
/// its second iteration.
Result<> prepare_mixed(Instance& instance)
{
    thread_local std::unique_ptr<jit::Jit> jit;
    jit = std::make_unique<jit::Jit>(compiler::compile, jit::Settings{.interval = std::chrono::hours(1)});
    TRELLIS_TRY(jit_tier.prepare(instance));
    compiler::Selection what;
    for (std::uint32_t i = 0; i < instance.module->functions.size(); ++i) {
        if (i % 2 == 0)
            what.functions.push_back(i);
        else
            std::ranges::copy(jit::loops_of(*instance.module, i), std::back_inserter(what.loops));
    }
    const auto handle = instance.store->interrupt_handle();
    instance.store->set_sample_handler([handle] { handle.sample(); }); // polls at every chance
    handle.sample();
    return jit->compile_now(instance, std::move(what));
}

const Tier mixed_tier = {"jit", prepare_mixed, jit_tier.call};

} // namespace

std::span<const TierRow> tiers()
{
    static constexpr std::array rows = {
        TierRow{"interpreter", &interpreter_tier, nothing},
        TierRow{"aot", &native_tier, compile},
        TierRow{"jit", &mixed_tier, nothing},
    };
    return rows;
}

} // namespace trellis::agreement
