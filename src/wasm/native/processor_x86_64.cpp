#include "wasm/native/processor.hpp"

#include "base/format.hpp"
#include "wasm/native/artifact.hpp"

#include <cpuid.h>

namespace trellis::wasm::native {
namespace {

/// Asked once at start for all; a CPUID more costs microseconds in a virtual machine.
std::string features()
{
    std::string text;
#define TRELLIS_FEATURE(name) text += __builtin_cpu_supports(name) ? '1' : '0';
    TRELLIS_FEATURE("pclmul")
    TRELLIS_FEATURE("aes")
    TRELLIS_FEATURE("sha")
    TRELLIS_FEATURE("avx")
    TRELLIS_FEATURE("avx2")
    TRELLIS_FEATURE("fma")
    TRELLIS_FEATURE("f16c")
    TRELLIS_FEATURE("bmi")
    TRELLIS_FEATURE("bmi2")
    TRELLIS_FEATURE("lzcnt")
    TRELLIS_FEATURE("movbe")
    TRELLIS_FEATURE("adx")
    TRELLIS_FEATURE("gfni")
    TRELLIS_FEATURE("vaes")
    TRELLIS_FEATURE("vpclmulqdq")
    TRELLIS_FEATURE("avxvnni")
    TRELLIS_FEATURE("avx512f")
    TRELLIS_FEATURE("avx512cd")
    TRELLIS_FEATURE("avx512bw")
    TRELLIS_FEATURE("avx512dq")
    TRELLIS_FEATURE("avx512vl")
    TRELLIS_FEATURE("avx512ifma")
    TRELLIS_FEATURE("avx512vbmi")
    TRELLIS_FEATURE("avx512vbmi2")
    TRELLIS_FEATURE("avx512vnni")
    TRELLIS_FEATURE("avx512bitalg")
    TRELLIS_FEATURE("avx512vpopcntdq")
    TRELLIS_FEATURE("avx512bf16")
    TRELLIS_FEATURE("avx512fp16")
#undef TRELLIS_FEATURE
    return text;
}

} // namespace

namespace {

std::string find_identity()
{
    unsigned signature = 0, b = 0, c = 0, d = 0; // family, model and stepping
    __get_cpuid(1, &signature, &b, &c, &d);
    const std::string_view maker = __builtin_cpu_is("intel") ? "intel" : __builtin_cpu_is("amd") ? "amd" : "other";
    return format("{} {} {:x} {}", best_cpu(), maker, signature, features());
}

} // namespace

std::string processor_identity()
{
    static const std::string identity = find_identity();
    return identity;
}

} // namespace trellis::wasm::native
