// Whatever the bytes, reading an artifact ends; one that is read is written as it was read.
#include "wasm/native/artifact.hpp"

#include "base/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace trellis::wasm::native;
    const auto artifact = read_artifact({data, size});
    if (artifact) {
        const auto again = write_artifact(*artifact);
        TRELLIS_CHECK(read_artifact(again).has_value());
    }
    return 0;
}
