// What every numeric instruction computes: one inline function per row of instructions.def with shape pure, trapping,
// wide, extract_lane or replace_lane, named like the row. i32 and i64 are unsigned, a v128 is a Vector; a trapping one
// returns a Trap and sets its last parameter. Also i8x16_shuffle, and v128_load8x8_s and its like, which take the bytes
// loaded. All tiers and constant expressions use these. Pure functions, for any thread.
#pragma once

#include "wasm/execution/numeric_convert.hpp"
#include "wasm/execution/numeric_float.hpp"
#include "wasm/execution/numeric_integer.hpp"
#include "wasm/execution/numeric_vector_convert.hpp"
#include "wasm/execution/numeric_vector_float.hpp"
#include "wasm/execution/numeric_vector_integer.hpp"
#include "wasm/execution/numeric_vector_lanes.hpp"
