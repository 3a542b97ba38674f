#include "conformance/code.hpp"

namespace trellis::conformance {
namespace {

std::unexpected<Error> no_compiler()
{
    return fail(ErrorCode::unsupported, "this build has no compiler; see --artifacts");
}

} // namespace

Result<wasm::native::CompiledModule> compile(const wasm::Module&, bool)
{
    return no_compiler();
}

Result<wasm::native::CompiledModule> compile_for(const wasm::Module&, const std::string&)
{
    return no_compiler();
}

const wasm::Tier& mixed_tier(unsigned)
{
    static const wasm::Tier tier = {"none", [](wasm::Instance&) -> Result<> { return no_compiler(); }, nullptr};
    return tier;
}

} // namespace trellis::conformance
