#include "embed/compiler_library.hpp"

#include "base/format.hpp"
#include "wasm/compiler/library.hpp"
#include "wasm/execution/memory.hpp"
#include "wasm/native/artifact.hpp"
#include "wasm/native/build_identity.hpp"

#include <algorithm>
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

std::array<std::string, 2> possible_paths()
{
    const auto folder = folder_of_program();
    return {folder + "libtrellis-compiler.so", folder + "../lib/libtrellis-compiler.so"};
}

Result<Compile> open_compiler()
{
    std::string tried;
    for (const auto& path : possible_paths()) {
        void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (!library) {
            tried += format("\n  {}", dlerror());
            continue;
        }
        const auto build =
            reinterpret_cast<decltype(&trellis_compiler_build)>(dlsym(library, "trellis_compiler_build"));
        if (!build || std::string_view(build()) != wasm::native::build_identity)
            return fail(ErrorCode::unsupported, format("{} is of another version; install both anew", path));
        return reinterpret_cast<Compile>(dlsym(library, "trellis_compile"));
    }
    return fail(ErrorCode::not_found, "the compiler is not installed beside the program; --tier interpreter works "
                                      "without it; tried:" +
                                          tried);
}

Result<wasm::native::CompiledModule> compile_for(const wasm::Module& module, MemoryMode memory, CodeWishes wishes,
                                                 wasm::compiler::Options options)
{
    options.guarded_memory0 = memory == MemoryMode::guarded;
    options.fuel = wishes.fuel;
    options.deterministic = wishes.deterministic;
    return compile_with(module, options);
}

} // namespace

bool has_compiler()
{
    return std::ranges::any_of(possible_paths(), [](const auto& path) { return access(path.c_str(), R_OK) == 0; });
}

Result<wasm::native::CompiledModule> compile_with(const wasm::Module& module, const wasm::compiler::Options& options)
{
    static const Result<Compile> compiler = open_compiler();
    if (!compiler)
        return std::unexpected(compiler.error());
    Result<wasm::native::CompiledModule> compiled = wasm::native::CompiledModule{};
    (*compiler)(module, options, compiled);
    return compiled;
}

MemoryMode best_memory_mode(const wasm::Module& module)
{
    const bool wants_guard = !module.memory_types.empty() && wasm::Memory::is_guarded_kind(module.memory_types[0]);
    return wants_guard && !wasm::Memory::has_space_for_guard() ? MemoryMode::checked : MemoryMode::guarded;
}

Result<wasm::native::CompiledModule> compile(const wasm::Module& module, MemoryMode memory, CodeWishes wishes,
                                             unsigned threads)
{
    return compile_for(module, memory, wishes, {.threads = threads});
}

Result<std::vector<std::uint8_t>> compile_artifact(const wasm::Module& module, std::string_view cpu, MemoryMode memory,
                                                   CodeWishes wishes, wasm::compiler::Progress progress)
{
    auto compiled =
        TRELLIS_TRY(compile_for(module, memory, wishes, {.cpu = std::string(cpu), .progress = std::move(progress)}));
    return wasm::native::write_artifact({module.binary, std::string(cpu), std::move(compiled)});
}

} // namespace trellis::embed
