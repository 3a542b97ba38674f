#include "embed/compiled_module.hpp"

#include "base/format.hpp"
#include "embed/module_file.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/native/artifact.hpp"
#include "wasm/native/native_tier.hpp"
#include "wasm/validation/validator.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace trellis::embed {
namespace {

using sandbox::HostFd;
using wasm::native::CodeImage;
using wasm::native::CodeMemory;
using Image = std::shared_ptr<const CodeImage>;

/// Everything that was chosen for compiling, as a part of an entry's key.
std::string key_of(std::string_view what, const wasm::Module& module, wasm::native::CodeMode mode)
{
    std::string features;
    for (unsigned i = 0; i < static_cast<unsigned>(wasm::Feature::count_); ++i)
        features += module.features.has(static_cast<wasm::Feature>(i)) ? '1' : '0';
    return format("{}\nfeatures {}\n{}", what, features, mode.describe());
}

std::string mode_of(const wasm::Module& module, MemoryMode memory, CodeWishes wishes)
{
    return key_of("whole module", module,
                  {.guarded_memory0 = memory == MemoryMode::guarded,
                   .counts_fuel = wishes.fuel,
                   .deterministic = wishes.deterministic});
}

constexpr std::string_view some_functions = "some functions";

/// Nothing: it has to be compiled.
Image find_code(const wasm::Module& module, MemoryMode memory, CodeWishes wishes, const CodeCache* cache)
{
    if (!cache)
        return nullptr;
    auto found = cache->find(module.binary.view(), mode_of(module, memory, wishes));
    return found ? *std::move(found) : nullptr;
}

Result<> compile_and_attach(const wasm::Module& module, MemoryMode memory, CodeWishes wishes, const CodeCache* cache,
                            unsigned threads = 0)
{
    auto compiled = TRELLIS_TRY(compile(module, memory, wishes, threads));
    if (cache)
        (void)cache->keep(module.binary.view(), mode_of(module, memory, wishes),
                          compiled); // has told why it does not work
    wasm::native::attach(module, TRELLIS_TRY(CodeImage::map(std::move(compiled))));
    return {};
}

bool is_of(const CodeImage& image, const wasm::Module& module)
{
    const auto& tables = image.tables();
    return tables.functions.size() == module.functions.size() && tables.wrappers.size() == module.types.size() &&
           tables.adapters.size() == module.types.size();
}

Result<HostFd> open_file(const std::string& path, std::size_t& size)
{
    HostFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status{};
    if (!file || fstat(file.number(), &status) != 0)
        return system_failure(path, errno);
    size = static_cast<std::size_t>(status.st_size);
    return file;
}

Result<wasm::native::LoadedArtifact> read_artifact(std::string_view path)
{
    std::size_t size = 0;
    auto file = std::make_shared<HostFd>(TRELLIS_TRY(open_file(std::string(path), size)));
    std::array<std::uint8_t, wasm::native::artifact_head_bytes> head{};
    const auto there = std::span(head).first(std::min(head.size(), size));
    const auto hot = read_at(*file, 0, there) ? TRELLIS_TRY(wasm::native::hot_bytes(there)) : size + 1;
    if (hot > size)
        return fail(ErrorCode::malformed,
                    "not a whole artifact: it ends before its code does; make it anew with trellis "
                    "compile");
    auto memory = TRELLIS_TRY(CodeMemory::make(hot));
    if (!read_at(*file, 0, memory.writable()))
        return system_failure(path, EIO);
    return wasm::native::load_artifact(std::move(memory), [file, hot, cold = size - hot] {
        std::vector<std::uint8_t> bytes(cold);
        return read_at(*file, hot, bytes) ? bytes : std::vector<std::uint8_t>();
    });
}

} // namespace

Image code_in_cache(const wasm::Module& module, CodeWishes wishes, const CodeCache* cache)
{
    auto image = find_code(module, best_memory_mode(module), wishes, cache);
    return image && is_of(*image, module) ? std::move(image) : nullptr;
}

bool give_cached_code(const wasm::Module& module, CodeWishes wishes, const CodeCache* cache)
{
    auto image = code_in_cache(module, wishes, cache);
    const bool found = image != nullptr;
    if (found)
        wasm::native::attach(module, std::move(image));
    return found;
}

Result<> give_code(const wasm::Module& module, CodeWishes wishes, const CodeCache* cache, unsigned threads)
{
    if (give_cached_code(module, wishes, cache))
        return {};
    return compile_and_attach(module, best_memory_mode(module), wishes, cache, threads);
}

namespace {

Result<std::shared_ptr<const wasm::Module>> with_code(std::shared_ptr<wasm::Module> module,
                                                      wasm::TypeRegistry& registry, CodeWishes wishes,
                                                      const CodeCache* cache, IfMissing if_missing,
                                                      std::string_view name)
{
    auto image = code_in_cache(*module, wishes, cache);
    const auto bodies = image ? wasm::Bodies::vouched_for : wasm::Bodies::check;
    if (auto valid = wasm::validate_module(*module, registry, bodies); !valid)
        return in_file(name, std::move(valid).error());
    if (image)
        wasm::native::attach(*module, std::move(image));
    else if (if_missing == IfMissing::compile)
        TRELLIS_TRY(compile_and_attach(*module, best_memory_mode(*module), wishes, cache));
    return module;
}

} // namespace

Result<std::shared_ptr<const wasm::Module>> GeneratedModules::make(SharedBytes binary) const
{
    return with_code(std::make_shared<wasm::Module>(TRELLIS_TRY(wasm::decode_module(std::move(binary)))), *registry_,
                     wishes_, cache_ ? &*cache_ : nullptr, IfMissing::compile, "generated module");
}

std::shared_ptr<const wasm::Module> GeneratedModules::find(SharedBytes binary)
{
    const Bytes bytes = binary.view();
    const std::string_view key(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::scoped_lock lock(mutex_);
    if (const auto known = made_.find(key); known != made_.end())
        return known->second;
    auto& made = made_[std::string(key)];
    made = make(std::move(binary)).value_or(nullptr);
    return made;
}

void use_cache(wasm::jit::Settings& settings, const CodeCache& cache)
{
    settings.find = [cache](const wasm::Module& module, wasm::native::CodeMode mode) -> Image {
        auto found = cache.find(module.binary.view(), key_of(some_functions, module, mode));
        return found && is_of(**found, module) ? *std::move(found) : nullptr;
    };
    settings.keep = [cache](const wasm::Module& module, const wasm::native::CompiledModule& compiled) {
        (void)cache.keep(module.binary.view(), key_of(some_functions, module, compiled.mode),
                         compiled); // has told why it does not work
    };
}

Result<std::shared_ptr<const wasm::Module>> load_with_code(std::string_view path, wasm::TypeRegistry& registry,
                                                           wasm::Features features, CodeWishes wishes,
                                                           const CodeCache* cache, IfMissing if_missing)
{
    auto module = std::make_shared<wasm::Module>(TRELLIS_TRY(decode_file(path, features)));
    return with_code(std::move(module), registry, wishes, cache, if_missing, path);
}

Result<std::shared_ptr<const wasm::Module>> load_artifact(std::string_view path, wasm::TypeRegistry& registry,
                                                          wasm::Features features)
{
    auto artifact = read_artifact(path);
    if (!artifact)
        return in_file(path, artifact.error());
    auto module = wasm::load_module(artifact->module, registry, features, wasm::Bodies::vouched_for);
    if (!module)
        return in_file(path, module.error());
    if (!is_of(*artifact->image, **module))
        return fail(ErrorCode::malformed,
                    format("{}: the artifact's code is of another module than the one beside it", path));
    if (!artifact->image->needs_guarded_memory0() || best_memory_mode(**module) == MemoryMode::guarded)
        wasm::native::attach(**module, std::move(artifact->image));
    return module;
}

} // namespace trellis::embed
