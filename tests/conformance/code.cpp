#include "conformance/code.hpp"

#include "base/digest.hpp"
#include "base/format.hpp"
#include "conformance/script.hpp"
#include "wasm/native/artifact.hpp"
#include "wasm/native/native_tier.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace trellis::conformance {
namespace {

std::string path_of(const wasm::Module& module, const std::string& folder)
{
    return format("{}/{}.cwasm", folder, hex(sha256(module.binary.view())));
}

Result<> attach(const wasm::Module& module, wasm::native::CompiledModule compiled)
{
    wasm::native::attach(module, TRELLIS_TRY(wasm::native::CodeImage::map(std::move(compiled))));
    return {};
}

} // namespace

Result<> compile_and_attach(const wasm::Module& module, bool checked)
{
    return attach(module, TRELLIS_TRY(compile(module, checked)));
}

const wasm::Tier& compiling_tier()
{
    static const wasm::Tier tier = {"compiling",
                                    [](wasm::Instance& instance) -> Result<> {
                                        if (!wasm::native::has_code(*instance.module))
                                            TRELLIS_TRY(compile_and_attach(*instance.module, false));
                                        return wasm::native_tier.prepare(instance);
                                    },
                                    wasm::native_tier.call};
    return tier;
}

Result<> write_artifact(const wasm::Module& module, const std::string& cpu, const std::string& folder)
{
    const auto path = path_of(module, folder);
    if (std::filesystem::exists(path))
        return {};
    const auto bytes = wasm::native::write_artifact({module.binary, cpu, TRELLIS_TRY(compile_for(module, cpu))});
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush())
        return fail(ErrorCode::io, format("{}: not written", path));
    return {};
}

Result<> attach_artifact(const wasm::Module& module, const std::string& folder)
{
    const auto file = TRELLIS_TRY(read_text_file(path_of(module, folder)));
    const Bytes bytes(reinterpret_cast<const std::uint8_t*>(file.data()), file.size());
    const auto head = bytes.first(std::min(bytes.size(), wasm::native::artifact_head_bytes));
    const auto hot = std::min(TRELLIS_TRY(wasm::native::hot_bytes(head)), bytes.size());
    auto memory = TRELLIS_TRY(wasm::native::CodeMemory::make(hot));
    std::ranges::copy(bytes.first(hot), memory.writable().begin());
    const auto behind = bytes.subspan(hot);
    auto loaded = TRELLIS_TRY(wasm::native::load_artifact(
        std::move(memory), [cold = std::vector(behind.begin(), behind.end())] { return cold; }));
    if (!std::ranges::equal(loaded.module.view(), module.binary.view()))
        return fail(ErrorCode::malformed, "the artifact is of another module");
    wasm::native::attach(module, std::move(loaded.image));
    return {};
}

} // namespace trellis::conformance
