#include "embed/compiler_library.hpp"

#include "base/format.hpp"
#include "wasm/compiler/library.hpp"
#include "wasm/native/native_tier.hpp"

#include <array>
#include <climits>
#include <dlfcn.h>
#include <unistd.h>

namespace trellis::embed {
namespace {

using Compile = decltype(&trellis_compile);

std::string folder_of_program()
{
    std::array<char, PATH_MAX> path{};
    const auto length = readlink("/proc/self/exe", path.data(), path.size() - 1);
    const std::string_view all(path.data(), length < 0 ? 0 : static_cast<std::size_t>(length));
    return std::string(all.substr(0, all.rfind('/') + 1));
}

Result<Compile> open_compiler()
{
    const auto folder = folder_of_program();
    std::string tried;
    for (const auto& path : {folder + "libtrellis-compiler.so", folder + "../lib/libtrellis-compiler.so"}) {
        void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!library) {
            tried += format("\n  {}", dlerror());
            continue;
        }
        const auto* const version = static_cast<const char*>(dlsym(library, "trellis_compiler_version"));
        if (!version || std::string_view(version) != TRELLIS_VERSION)
            return fail(ErrorCode::unsupported, format("{} is of another version; install both anew", path));
        return reinterpret_cast<Compile>(dlsym(library, "trellis_compile"));
    }
    return fail(ErrorCode::not_found, "the compiler is not installed beside the program; --tier interpreter works "
                                      "without it; tried:" +
                                          tried);
}

} // namespace

Result<> compile(const wasm::Module& module)
{
    static const Result<Compile> compiler = open_compiler();
    if (!compiler)
        return std::unexpected(compiler.error());
    Result<wasm::native::CompiledModule> compiled = wasm::native::CompiledModule{};
    (*compiler)(module, {}, compiled);
    if (!compiled)
        return std::unexpected(compiled.error());
    wasm::native::attach(module, TRELLIS_TRY(wasm::native::CodeImage::map(std::move(*compiled))));
    return {};
}

} // namespace trellis::embed
