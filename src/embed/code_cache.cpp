#include "embed/code_cache.hpp"

#include "base/digest.hpp"
#include "base/format.hpp"
#include "wasm/native/artifact.hpp"
#include "wasm/native/build_identity.hpp"
#include "wasm/native/processor.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sys/random.h>

namespace trellis::embed {
namespace {

using wasm::native::CodeImage;
using wasm::native::CodeMemory;

constexpr const char* secret_name = "secret";

/// At the end of an entry, behind an artifact without its module. `what` is the first 40 bytes.
struct Seal {
    struct What {
        std::array<char, 8> magic = {'t', 'r', 'e', 'l', 'l', 'i', 's', '1'};
        KeyedDigest key;
        std::uint64_t hot_bytes, cold_bytes;
    } what;
    KeyedDigest hot_digest;  ///< over `what` and the hot part
    KeyedDigest cold_digest; ///< over `what` and the cold part
};
static_assert(sizeof(Seal) == 72 && sizeof(Seal::What) == 40);

template <class Plain>
Bytes bytes_of(const Plain& value)
{
    static_assert(std::has_unique_object_representations_v<Plain>);
    return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

Bytes letters_of(std::string_view text)
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

KeyedDigest key_of(const Secret& secret, Bytes module, std::string_view mode)
{
    const auto identity = format("{}\n{}\n{}", wasm::native::build_identity, wasm::native::processor_identity(), mode);
    return keyed_digest(secret, "module", letters_of(identity), module);
}

Result<Secret> read_secret(const CacheFolder& folder)
{
    const auto file = TRELLIS_TRY(folder.open_file(secret_name));
    Secret secret;
    if (file.bytes != secret.size() || !read_at(file.descriptor, 0, secret))
        return fail(ErrorCode::malformed, "the code cache's secret is damaged");
    return secret;
}

/// One that is damaged is made anew: what was kept with it is lost with it.
Result<Secret> read_or_make_secret(const CacheFolder& folder)
{
    auto there = read_secret(folder);
    if (there || (there.error().code != ErrorCode::not_found && there.error().code != ErrorCode::malformed))
        return there;
    if (there.error().code == ErrorCode::malformed)
        folder.remove_file(secret_name);
    Secret secret;
    if (getrandom(secret.data(), secret.size(), 0) != secret.size())
        return fail(ErrorCode::io, "the system gives no random numbers");
    TRELLIS_TRY(folder.make_file(secret_name, secret));
    return read_secret(folder); // perhaps another process's
}

std::unexpected<Error> damaged(std::string_view name)
{
    return fail(ErrorCode::malformed, format("entry {} is damaged, or of another make", name));
}

/// One file of the folder that claims to be what is looked for.
class Candidate {
public:
    Candidate(CacheFolder::OpenFile file, const Secret& secret, std::string name)
        : file_(std::make_shared<CacheFolder::OpenFile>(std::move(file))), secret_(secret), name_(std::move(name))
    {
    }

    Result<std::shared_ptr<const CodeImage>> load(const KeyedDigest& key)
    {
        TRELLIS_TRY(read_seal(key));
        auto memory = TRELLIS_TRY(CodeMemory::make(seal_.what.hot_bytes));
        if (!read_at(file_->descriptor, 0, memory.writable()))
            return damaged(name_);
        if (!equal_digests(seal_.hot_digest, keyed_digest(secret_, "code", bytes_of(seal_.what), memory.view())))
            return damaged(name_);
        auto loaded =
            TRELLIS_TRY(wasm::native::load_artifact(std::move(memory), [one = *this] { return one.cold_part(); }));
        mark_as_used(file_->descriptor);
        return std::move(loaded.image);
    }

private:
    Result<> read_seal(const KeyedDigest& key)
    {
        if (file_->bytes < sizeof seal_)
            return damaged(name_);
        const auto before = file_->bytes - sizeof seal_;
        const std::span to(reinterpret_cast<std::uint8_t*>(&seal_), sizeof seal_);
        const bool fits = read_at(file_->descriptor, before, to) && seal_.what.magic == Seal::What().magic &&
                          seal_.what.key == key && seal_.what.hot_bytes <= before &&
                          seal_.what.cold_bytes == before - seal_.what.hot_bytes;
        return fits ? Result<>() : damaged(name_);
    }

    [[nodiscard]] std::vector<std::uint8_t> cold_part() const
    {
        std::vector<std::uint8_t> bytes(seal_.what.cold_bytes);
        const bool whole =
            read_at(file_->descriptor, seal_.what.hot_bytes, bytes) &&
            equal_digests(seal_.cold_digest, keyed_digest(secret_, "lines", bytes_of(seal_.what), bytes));
        return whole ? std::move(bytes) : std::vector<std::uint8_t>();
    }

    std::shared_ptr<CacheFolder::OpenFile> file_;
    Secret secret_;
    std::string name_;
    Seal seal_{};
};

bool is_entry(std::string_view name)
{
    return name.size() == 2 * sizeof(KeyedDigest) && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// What a process that died has left behind.
bool is_leftover(const CacheFolder::File& file)
{
    constexpr auto longest_writing = 3600; // seconds
    return file.name.starts_with(unfinished_prefix) && file.used + longest_writing < std::time(nullptr);
}

/// Makes room for so many bytes more, and a little ahead, so that not every new entry has to.
void evict(const CacheFolder& folder, std::uint64_t most_bytes, std::uint64_t needed)
{
    std::uint64_t sum = needed;
    std::vector<CacheFolder::File> entries;
    for (auto& file : folder.files()) {
        if (is_leftover(file))
            folder.remove_file(file.name);
        else
            sum += file.bytes;
        if (is_entry(file.name))
            entries.push_back(std::move(file));
    }
    if (sum <= most_bytes)
        return;
    std::ranges::sort(entries, {}, &CacheFolder::File::used);
    for (const auto& entry : entries) {
        if (sum <= most_bytes / 10 * 9)
            return;
        folder.remove_file(entry.name);
        sum -= entry.bytes;
    }
}

} // namespace

Result<std::string> default_cache_folder()
{
    // Relative paths there have no meaning: XDG Base Directory Specification.
    if (const char* const folder = std::getenv("XDG_CACHE_HOME"); folder && folder[0] == '/')
        return std::string(folder) + "/trellis";
    if (const char* const home = std::getenv("HOME"); home && home[0] == '/')
        return std::string(home) + "/.cache/trellis";
    return fail(ErrorCode::not_found, "there is no place for the code cache: neither XDG_CACHE_HOME nor HOME is set; "
                                      "name a folder with --cache-dir");
}

void CodeCache::tell(std::string_view what, const Error* error) const
{
    if (!settings_.tell)
        return;
    if (!error)
        settings_.tell(format("code cache: {}", what));
    else if (error->code == ErrorCode::not_found)
        settings_.tell("code cache: nothing there for this module");
    else
        settings_.tell(format("code cache: not {}: {}", what, error->message));
}

Result<std::shared_ptr<const CodeImage>> CodeCache::find(Bytes module, std::string_view mode) const
{
    auto found = find_entry(module, mode);
    tell("used", found ? nullptr : &found.error());
    return found;
}

Result<> CodeCache::keep(Bytes module, std::string_view mode, const wasm::native::CompiledModule& compiled) const
{
    auto kept = keep_entry(module, mode, compiled);
    tell("written", kept ? nullptr : &kept.error());
    return kept;
}

Result<std::shared_ptr<const CodeImage>> CodeCache::find_entry(Bytes module, std::string_view mode) const
{
    const auto folder = TRELLIS_TRY(CacheFolder::open(settings_.folder));
    const auto secret = TRELLIS_TRY(read_secret(folder));
    const auto key = key_of(secret, module, mode);
    const auto name = hex(key);
    auto file = TRELLIS_TRY(folder.open_file(name));
    if (file.bytes > settings_.most_bytes)
        return fail(ErrorCode::limit, format("entry {} is larger than the whole cache may be", name));
    return Candidate(std::move(file), secret, name).load(key);
}

Result<> CodeCache::keep_entry(Bytes module, std::string_view mode, const wasm::native::CompiledModule& compiled) const
{
    const auto folder = TRELLIS_TRY(CacheFolder::open_or_make(settings_.folder));
    const auto secret = TRELLIS_TRY(read_or_make_secret(folder));
    const auto file = wasm::native::write_artifact({{}, std::string(wasm::native::best_cpu()), compiled});
    const auto hot_bytes = TRELLIS_TRY(wasm::native::hot_bytes(file));
    Seal seal;
    seal.what.key = key_of(secret, module, mode);
    seal.what.hot_bytes = hot_bytes;
    seal.what.cold_bytes = file.size() - hot_bytes;
    seal.hot_digest = keyed_digest(secret, "code", bytes_of(seal.what), Bytes(file).first(hot_bytes));
    seal.cold_digest = keyed_digest(secret, "lines", bytes_of(seal.what), Bytes(file).subspan(hot_bytes));
    const auto size = file.size() + sizeof seal;
    if (size > settings_.most_bytes)
        return fail(ErrorCode::limit, format("an entry of {} bytes is larger than the whole cache may be", size));
    evict(folder, settings_.most_bytes, size);
    return folder.replace_file(hex(seal.what.key), {file, bytes_of(seal)});
}

Result<std::vector<CodeCache::Entry>> CodeCache::entries() const
{
    std::vector<Entry> all;
    auto folder = CacheFolder::open(settings_.folder);
    if (!folder && folder.error().code == ErrorCode::not_found)
        return all;
    if (!folder)
        return std::unexpected(std::move(folder).error());
    for (auto& file : folder->files())
        if (is_entry(file.name))
            all.push_back({std::move(file.name), file.bytes, file.used});
    std::ranges::sort(
        all, [](const Entry& a, const Entry& b) { return std::pair(b.used, a.name) < std::pair(a.used, b.name); });
    return all;
}

Result<std::uint64_t> CodeCache::clear() const
{
    const auto folder = CacheFolder::open(settings_.folder);
    if (!folder && folder.error().code == ErrorCode::not_found)
        return 0u;
    if (!folder)
        return std::unexpected(folder.error());
    std::uint64_t freed = 0;
    for (const auto& file : folder->files()) {
        const bool ours = is_entry(file.name) || file.name == secret_name || file.name.starts_with(unfinished_prefix);
        if (ours && folder->remove_file(file.name))
            freed += file.bytes;
    }
    return freed;
}

} // namespace trellis::embed
