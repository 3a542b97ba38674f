// How the interpreter lays out a frame, for those who take one over: slots for the parameters (results are written over
// them), the header, slots for the other locals in order, and one place (two slots for a vector) for every operand by
// its position on the operand stack. At the head of a loop every operand is in its place.
#pragma once

#include <cstdint>

namespace trellis::wasm {

inline constexpr std::uint32_t frame_header_slots = 2; ///< return address, caller's frame

} // namespace trellis::wasm
