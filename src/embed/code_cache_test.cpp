// The cache and everything that may happen to its files: what is not exactly what was kept is not used, and what is
// kept next is good again.
#include "embed/code_cache.hpp"

#include "sandbox/scratch_directory.hpp"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace trellis::embed {
namespace {

namespace fs = std::filesystem;
using wasm::native::CodeImage;
using wasm::native::CompiledModule;
using Content = std::vector<char>;

Content read(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, const Content& content)
{
    std::ofstream(path, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
}

/// In place.
void put(const fs::path& path, std::size_t at, char byte)
{
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(at)).put(byte);
}

Bytes module_of(std::string_view text)
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Code whose every byte is `filling`; nobody runs it.
CompiledModule compiled(char filling, std::size_t size = 100)
{
    CompiledModule one;
    one.code.assign(size, std::byte(filling));
    one.functions = {0, 50};
    one.lines = {{0, 7}, {60, 8}};
    one.saved_registers = {{.offsets = {-8}, .caller_stack = 16}};
    one.frames = {{0, 50, 0}, {50, 100, 0}};
    return one;
}

bool is_filled_with(const CodeImage& image, char filling)
{
    const auto* const code = static_cast<const char*>(image.function(0));
    return std::all_of(code, code + 100, [&](char byte) { return byte == filling; });
}

class embed_code_cache : public ::testing::Test {
protected:
    embed_code_cache() { cache_ = cache(std::uint64_t(1) << 20); }

    [[nodiscard]] CodeCache cache(std::uint64_t most_bytes) const
    {
        return CodeCache({.folder = folder(), .most_bytes = most_bytes});
    }
    [[nodiscard]] std::string folder() const { return scratch_.path("cache"); }
    [[nodiscard]] fs::path path_of(const CodeCache::Entry& entry) const { return fs::path(folder()) / entry.name; }
    [[nodiscard]] fs::path secret() const { return fs::path(folder()) / "secret"; }
    [[nodiscard]] std::string other(const std::string& name) const { return scratch_.path(name); }

    /// Keeps code of module "m"; the entry's path.
    fs::path keep_one()
    {
        EXPECT_TRUE(cache_->keep(module_of("m"), "mode", compiled('A')));
        return path_of(cache_->entries().value().at(0));
    }
    ErrorCode failure() const
    {
        const auto found = cache_->find(module_of("m"), "mode");
        EXPECT_FALSE(found);
        return found ? ErrorCode::usage : found.error().code;
    }
    void expect_good_again()
    {
        ASSERT_TRUE(cache_->keep(module_of("m"), "mode", compiled('A')));
        const auto found = cache_->find(module_of("m"), "mode");
        ASSERT_TRUE(found) << found.error().message;
        EXPECT_TRUE(is_filled_with(**found, 'A'));
    }

    sandbox::ScratchDirectory scratch_;
    std::optional<CodeCache> cache_;
};

TEST_F(embed_code_cache, finds_what_was_kept_and_nothing_else)
{
    EXPECT_EQ(failure(), ErrorCode::not_found);
    ASSERT_TRUE(cache_->keep(module_of("m"), "mode", compiled('A')));
    ASSERT_TRUE(cache_->keep(module_of("n"), "mode", compiled('B')));
    const auto found = cache_->find(module_of("m"), "mode");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_TRUE(is_filled_with(**found, 'A'));
    EXPECT_TRUE(is_filled_with(**cache_->find(module_of("n"), "mode"), 'B'));
    EXPECT_EQ((*found)->find((*found)->function(1)).front().offset, 7u);
    EXPECT_EQ(cache_->find(module_of("m"), "other mode").error().code, ErrorCode::not_found);
    EXPECT_EQ(cache_->find(module_of("mm"), "mode").error().code, ErrorCode::not_found);
}

TEST_F(embed_code_cache, only_the_owner_may_look)
{
    const auto entry = keep_one();
    EXPECT_EQ(fs::status(folder()).permissions(), fs::perms::owner_all);
    EXPECT_EQ(fs::status(entry).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(fs::status(secret()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(fs::file_size(secret()), 32u);
}

TEST_F(embed_code_cache, a_truncated_entry_is_refused)
{
    const auto entry = keep_one();
    for (auto size = fs::file_size(entry); size > 0; size -= std::min<std::uintmax_t>(size, 41)) {
        fs::resize_file(entry, size - 1);
        EXPECT_EQ(failure(), ErrorCode::malformed) << size;
    }
    expect_good_again();
}

TEST_F(embed_code_cache, with_any_bit_flipped_no_other_code_is_found)
{
    const auto entry = keep_one();
    const auto good = read(entry);
    std::size_t refused = 0;
    for (std::size_t at = 0; at < good.size(); ++at) {
        put(entry, at, static_cast<char>(good[at] ^ 1 << at % 8));
        const auto found = cache_->find(module_of("m"), "mode");
        refused += !found;
        if (!found) {
            put(entry, at, good[at]);
            continue;
        }
        // In what only backtraces need: code is what it was, and lines are gone.
        EXPECT_GE(at, good.size() - 3 * 8 - 2 * 8 - 72) << at;
        EXPECT_TRUE(is_filled_with(**found, 'A')) << at;
        EXPECT_EQ((*found)->find((*found)->function(0)).front().offset, CompiledModule::absent) << at;
        put(entry, at, good[at]);
    }
    EXPECT_GE(refused, good.size() - 3 * 8 - 2 * 8 - 16);
    expect_good_again();
}

TEST_F(embed_code_cache, longer_than_it_was_it_is_refused)
{
    const auto entry = keep_one();
    auto longer = read(entry);
    longer.insert(longer.end(), 72, 'x');
    write(entry, longer);
    EXPECT_EQ(failure(), ErrorCode::malformed);
    expect_good_again();
}

TEST_F(embed_code_cache, an_entry_under_anothers_name_is_refused)
{
    const auto entry = keep_one();
    ASSERT_TRUE(cache_->keep(module_of("n"), "mode", compiled('B')));
    for (const auto& one : cache_->entries().value())
        if (path_of(one) != entry)
            fs::copy_file(path_of(one), entry, fs::copy_options::overwrite_existing);
    EXPECT_EQ(failure(), ErrorCode::malformed);
    expect_good_again();
}

TEST_F(embed_code_cache, an_entry_of_another_secret_is_refused)
{
    const auto entry = keep_one();
    // The same content, by somebody else.
    const CodeCache others({.folder = other("theirs")});
    ASSERT_TRUE(others.keep(module_of("m"), "mode", compiled('B')));
    fs::copy_file(other("theirs") + "/" + others.entries().value().at(0).name, entry,
                  fs::copy_options::overwrite_existing);
    EXPECT_EQ(failure(), ErrorCode::malformed);
    expect_good_again();
}

TEST_F(embed_code_cache, with_another_secret_old_entries_are_as_good_as_none)
{
    keep_one();
    write(secret(), Content(32, 'x'));
    EXPECT_EQ(failure(), ErrorCode::not_found);
    expect_good_again();
}

TEST_F(embed_code_cache, a_damaged_secret_is_made_anew)
{
    keep_one();
    fs::resize_file(secret(), 31);
    EXPECT_EQ(failure(), ErrorCode::malformed);
    expect_good_again();
    EXPECT_EQ(fs::file_size(secret()), 32u);
}

TEST_F(embed_code_cache, links_are_not_followed)
{
    const auto entry = keep_one();
    const auto aside = other("aside");
    fs::rename(entry, aside);
    fs::create_symlink(aside, entry);
    EXPECT_EQ(failure(), ErrorCode::denied);
    const auto before = read(aside);
    expect_good_again(); // the link is replaced, not what it leads to
    EXPECT_FALSE(fs::is_symlink(entry));
    EXPECT_EQ(read(aside), before);
}

TEST_F(embed_code_cache, a_linked_secret_is_refused)
{
    keep_one();
    fs::rename(secret(), other("aside"));
    fs::create_symlink(other("aside"), secret());
    EXPECT_EQ(failure(), ErrorCode::denied);
    EXPECT_EQ(cache_->keep(module_of("m"), "mode", compiled('A')).error().code, ErrorCode::denied);
}

TEST_F(embed_code_cache, a_linked_folder_is_refused)
{
    keep_one();
    fs::create_directory_symlink(folder(), other("link"));
    for (const auto& path : {other("link"), other("link") + "/"}) {
        const CodeCache linked({.folder = path});
        EXPECT_EQ(linked.find(module_of("m"), "mode").error().code, ErrorCode::denied);
        EXPECT_EQ(linked.keep(module_of("m"), "mode", compiled('A')).error().code, ErrorCode::denied);
        EXPECT_EQ(linked.entries().error().code, ErrorCode::denied);
        EXPECT_EQ(linked.clear().error().code, ErrorCode::denied);
    }
    write(other("file"), {});
    EXPECT_EQ(CodeCache({.folder = other("file")}).find(module_of("m"), "mode").error().code, ErrorCode::denied);
}

TEST_F(embed_code_cache, what_is_no_plain_file_is_refused)
{
    const auto entry = keep_one();
    fs::remove(entry);
    ASSERT_EQ(mkfifo(entry.c_str(), 0600), 0);
    EXPECT_EQ(failure(), ErrorCode::denied);
    expect_good_again();
    fs::remove(entry);
    fs::create_directory(entry);
    EXPECT_EQ(failure(), ErrorCode::denied);
    EXPECT_FALSE(cache_->keep(module_of("m"), "mode", compiled('A')));
}

TEST_F(embed_code_cache, a_folder_that_others_may_enter_is_refused)
{
    keep_one();
    for (const mode_t mode : {0755, 0710, 0770, 0702}) {
        ASSERT_EQ(chmod(folder().c_str(), mode), 0);
        EXPECT_EQ(failure(), ErrorCode::denied) << mode;
        EXPECT_EQ(cache_->keep(module_of("m"), "mode", compiled('A')).error().code, ErrorCode::denied);
    }
}

TEST_F(embed_code_cache, files_that_others_may_write_are_refused)
{
    const auto entry = keep_one();
    ASSERT_EQ(chmod(entry.c_str(), 0620), 0);
    EXPECT_EQ(failure(), ErrorCode::denied);
    expect_good_again();
    ASSERT_EQ(chmod(secret().c_str(), 0602), 0);
    EXPECT_EQ(failure(), ErrorCode::denied);
}

TEST_F(embed_code_cache, what_belongs_to_another_user_is_refused)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "only root can give files away";
    const auto entry = keep_one();
    ASSERT_EQ(chown(entry.c_str(), 1, 1), 0);
    EXPECT_EQ(failure(), ErrorCode::denied);
    expect_good_again();
    ASSERT_EQ(chown(secret().c_str(), 1, 1), 0);
    EXPECT_EQ(failure(), ErrorCode::denied);
    ASSERT_EQ(chown(secret().c_str(), 0, 0), 0);
    ASSERT_EQ(chown(folder().c_str(), 1, 1), 0);
    EXPECT_EQ(failure(), ErrorCode::denied);
}

TEST_F(embed_code_cache, code_in_use_does_not_mind_what_becomes_of_its_file)
{
    const auto entry = keep_one();
    const auto found = cache_->find(module_of("m"), "mode").value();
    const auto kept_lines = cache_->find(module_of("m"), "mode").value();
    fs::resize_file(entry, 0);
    EXPECT_TRUE(is_filled_with(*found, 'A'));
    EXPECT_EQ(found->find(found->function(1)).front().offset, CompiledModule::absent);
    write(entry, Content(10'000, 'B'));
    EXPECT_TRUE(is_filled_with(*found, 'A'));
    EXPECT_EQ(kept_lines->find(kept_lines->function(1)).front().offset, CompiledModule::absent);
    EXPECT_EQ(failure(), ErrorCode::malformed);
}

TEST_F(embed_code_cache, what_was_used_least_recently_makes_room)
{
    const auto entry = keep_one();
    const auto size = fs::file_size(entry);
    const auto small = cache(3 * size + size / 2); // nine tenths of it: three entries
    ASSERT_TRUE(small.keep(module_of("second"), "mode", compiled('B')));
    ASSERT_TRUE(small.keep(module_of("third"), "mode", compiled('C')));
    const timespec times[2] = {{1'000'000, 0}, {1'000'000, 0}};
    for (const auto& one : small.entries().value())
        utimensat(AT_FDCWD, path_of(one).c_str(), times, 0);
    EXPECT_TRUE(small.find(module_of("m"), "mode")); // and so it is not the oldest any more
    ASSERT_TRUE(small.keep(module_of("fourth"), "mode", compiled('D')));
    EXPECT_EQ(small.entries().value().size(), 3u);
    EXPECT_TRUE(small.find(module_of("m"), "mode"));
    EXPECT_TRUE(small.find(module_of("fourth"), "mode"));
    EXPECT_EQ(cache(100).keep(module_of("large"), "mode", compiled('E')).error().code, ErrorCode::limit);
    EXPECT_EQ(cache(100).find(module_of("m"), "mode").error().code, ErrorCode::limit);
}

TEST_F(embed_code_cache, what_a_dead_process_left_is_cleaned_up)
{
    keep_one();
    const fs::path old = folder() + "/new.old", young = folder() + "/new.young";
    write(old, Content(1000, 'x'));
    write(young, Content(1000, 'x'));
    fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(2));
    expect_good_again();
    EXPECT_FALSE(fs::exists(old));
    EXPECT_TRUE(fs::exists(young)); // perhaps somebody is writing it
}

TEST_F(embed_code_cache, where_files_may_not_be_as_large_nothing_is_kept)
{
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    const rlimit tight{1000, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
    const auto kept = cache_->keep(module_of("m"), "mode", compiled('A'));
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_EQ(kept.error().code, ErrorCode::io);
    expect_good_again();
    for (const auto& file : fs::directory_iterator(folder()))
        EXPECT_FALSE(file.path().filename().string().starts_with("new.")) << file.path();
}

TEST_F(embed_code_cache, a_cache_that_can_only_be_read_is_read)
{
    keep_one();
    ASSERT_EQ(chmod(folder().c_str(), 0500), 0);
    EXPECT_TRUE(cache_->find(module_of("m"), "mode"));
    if (geteuid() != 0) {
        EXPECT_EQ(cache_->keep(module_of("n"), "mode", compiled('B')).error().code, ErrorCode::denied);
    }
    ASSERT_EQ(chmod(folder().c_str(), 0700), 0);
}

TEST_F(embed_code_cache, clearing_removes_what_is_the_caches_and_nothing_else)
{
    keep_one();
    write(folder() + "/letter.txt", Content(10, 'x'));
    EXPECT_GT(cache_->clear().value(), 32u);
    EXPECT_TRUE(cache_->entries().value().empty());
    EXPECT_FALSE(fs::exists(secret()));
    EXPECT_TRUE(fs::exists(folder() + "/letter.txt"));
    EXPECT_EQ(CodeCache({.folder = other("nowhere")}).clear().value(), 0u);
    expect_good_again();
}

/// Each process would have a cache of its own; so has each thread here.
TEST_F(embed_code_cache, many_at_once_find_only_what_is_right)
{
    constexpr int threads = 4, rounds = 60;
    std::atomic<int> wrong = 0, found = 0;
    {
        std::vector<std::jthread> all;
        for (int thread = 0; thread < threads; ++thread)
            all.emplace_back([&, thread] {
                const auto mine = cache(12'000); // room for two entries: they are evicted all the time
                for (int round = 0; round < rounds; ++round) {
                    const auto letter = static_cast<char>('A' + (round + thread) % 3);
                    const std::string_view module(&letter, 1);
                    if (const auto one = mine.find(module_of(module), "mode")) {
                        ++found;
                        wrong += !is_filled_with(**one, letter);
                    } else {
                        (void)mine.keep(module_of(module), "mode", compiled(letter));
                    }
                }
            });
    }
    EXPECT_EQ(wrong, 0);
    EXPECT_GT(found, 0);
    EXPECT_EQ(fs::file_size(secret()), 32u);
    for (const auto& file : fs::directory_iterator(folder()))
        EXPECT_FALSE(file.path().filename().string().starts_with("new.")) << file.path();
}

} // namespace
} // namespace trellis::embed
