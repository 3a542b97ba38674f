// What the system says that the processor can do.
#include "wasm/native/processor.hpp"

#include "base/format.hpp"

#include <sys/auxv.h>

namespace trellis::wasm::native {

std::string processor_identity()
{
    return format("{:x} {:x}", getauxval(AT_HWCAP), getauxval(AT_HWCAP2));
}

} // namespace trellis::wasm::native
