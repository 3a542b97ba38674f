#include "generator/module_generator.hpp"

namespace trellis::wasm::generator {

Generated generate(std::uint64_t seed, const Options& options, Statements& statements)
{
    Random random(seed);
    Generated made{Plan(random.fork(), options.hides_nans, options.is_metered), {}};
    made.binary = made.plan.write(
        [&](std::uint32_t function) { return Body(made.plan, function, random.fork(), statements).make(); });
    return made;
}

} // namespace trellis::wasm::generator
