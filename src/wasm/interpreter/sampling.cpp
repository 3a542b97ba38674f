#include "wasm/interpreter/sampling.hpp"

#include "wasm/interpreter/frames.hpp"

#include <algorithm>

namespace trellis::wasm::interpreter {

std::optional<Sample> take_sample()
{
    if (!current_activation || current_activation->add_frames != add_interpreted_frames)
        return std::nullopt;
    const auto& here = static_cast<const Activation&>(*current_activation);
    const auto frame = here.pc ? Frame::at(*here.instance, static_cast<Code>(here.pc), here.slots()) : std::nullopt;
    if (!frame)
        return std::nullopt;
    Sample sample{.instance = here.instance,
                  .code = frame->module,
                  .function = frame->function->function,
                  .loop = {},
                  .caller = {}};
    const auto& loops = frame->function->loops;
    const auto behind = std::ranges::upper_bound(loops, frame->offset(), {}, &FunctionCode::Loop::code);
    if (behind != loops.begin() && std::prev(behind)->code == frame->offset())
        sample.loop = std::prev(behind)->binary;
    if (const auto caller = frame->is_outermost() ? std::nullopt : frame->caller())
        sample.caller = caller->function->function;
    return sample;
}

} // namespace trellis::wasm::interpreter
