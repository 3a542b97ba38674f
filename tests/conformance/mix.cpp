#include "conformance/code.hpp"
#include "wasm/compiler/compiler.hpp"
#include "wasm/jit/jit.hpp"
#include "wasm/jit/unit.hpp"

#include <algorithm>
#include <chrono>

namespace trellis::conformance {
namespace {

/// Of each module one half of the functions is compiled, the other half interpreted, and every loop of that half goes
/// on in compiled code at its second iteration.
struct Mix {
    wasm::jit::Jit jit{[](const auto& module, const auto& options) { return wasm::compiler::compile(module, options); },
                       {.interval = std::chrono::hours(1)}};
    unsigned half = 0;

    Result<> prepare(wasm::Instance& instance)
    {
        TRELLIS_TRY(wasm::jit_tier.prepare(instance));
        wasm::compiler::Selection what;
        for (std::uint32_t i = 0; i < instance.module->functions.size(); ++i) {
            if (i % 2 == half)
                what.functions.push_back(i);
            else
                std::ranges::copy(wasm::jit::loops_of(*instance.module, i), std::back_inserter(what.loops));
        }
        const auto handle = instance.store->interrupt_handle();
        instance.store->set_sample_handler([handle] { handle.sample(); }); // polls at every chance
        handle.sample();
        return jit.compile_now(instance, std::move(what));
    }
};

Mix& mix()
{
    static Mix one;
    return one;
}

} // namespace

const wasm::Tier& mixed_tier(unsigned half)
{
    static const wasm::Tier tier = {"jit", [](wasm::Instance& instance) { return mix().prepare(instance); },
                                    wasm::jit_tier.call};
    mix().half = half;
    return tier;
}

} // namespace trellis::conformance
