// What the numeric instructions compute, in LLVM's own representation: compiled to bitcode when the compiler is built
// and inlined into compiled code, so that every tier computes with the same functions. The table makes them be emitted.
#include "wasm/execution/numeric.hpp"

namespace trellis::wasm::numeric {

#define EMIT(name) reinterpret_cast<const void*>(&(name)),
#define EMIT_pure(name) EMIT(name)
#define EMIT_trapping(name) EMIT(name)
#define EMIT_wide(name) EMIT(name)
#define EMIT_extract_lane(name) EMIT(name)
#define EMIT_replace_lane(name) EMIT(name)
#define EMIT_load(name)
#define EMIT_store(name)
#define EMIT_load_lane(name)
#define EMIT_store_lane(name)
#define EMIT_atomic_load(name)
#define EMIT_atomic_store(name)
#define EMIT_atomic_rmw(name)
#define EMIT_atomic_cmpxchg(name)
#define EMIT_special(name)

extern const void* const all[];
[[gnu::used]] const void* const all[] = {
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape) EMIT_##shape(name)
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
    EMIT(i8x16_shuffle) EMIT(v128_load8x8_s) EMIT(v128_load8x8_u) EMIT(v128_load16x4_s) EMIT(v128_load16x4_u)
        EMIT(v128_load32x2_s) EMIT(v128_load32x2_u) EMIT(v128_load8_splat) EMIT(v128_load16_splat)
            EMIT(v128_load32_splat) EMIT(v128_load64_splat) EMIT(v128_load32_zero) EMIT(v128_load64_zero)};

} // namespace trellis::wasm::numeric
