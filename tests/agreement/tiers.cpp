#include "agreement/tiers.hpp"

#include "wasm/compiler/compiler.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/native/native_tier.hpp"

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
    options.threads = 1;
    native::attach(module, TRELLIS_TRY(native::CodeImage::map(TRELLIS_TRY(compiler::compile(module, options)))));
    return {};
}

} // namespace

std::span<const TierRow> tiers()
{
    static constexpr std::array rows = {
        TierRow{"interpreter", &interpreter_tier, nothing},
        TierRow{"aot", &native_tier, compile},
    };
    return rows;
}

} // namespace trellis::agreement
