// Whatever the bytes, loading an artifact ends; what is found in one stays inside its code.
#include "wasm/native/artifact.hpp"

#include "base/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace trellis;
    using namespace trellis::wasm::native;
    const Bytes file(data, size);
    const auto hot = hot_bytes(file);
    if (!hot || *hot > size)
        return 0;
    auto memory = CodeMemory::make(*hot).value();
    std::ranges::copy(file.first(*hot), memory.writable().begin());
    const auto artifact =
        load_artifact(std::move(memory), [&] { return std::vector<std::uint8_t>(data + *hot, data + size); });
    if (!artifact)
        return 0;
    const auto& image = *artifact->image;
    for (std::uint32_t i = 0; i < image.tables().functions.size(); ++i) {
        const auto* const entry = image.function(i);
        TRELLIS_CHECK(image.contains(entry));
        (void)image.find(entry);
        (void)image.landing(entry);
        (void)image.saved_registers(entry);
    }
    return 0;
}
