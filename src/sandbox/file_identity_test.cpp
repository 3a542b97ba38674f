#include "sandbox/directory_reader.hpp"
#include "sandbox/file_identity.hpp"
#include "sandbox/scratch_directory.hpp"

#include <dirent.h>
#include <gtest/gtest.h>
#include <map>

namespace trellis::sandbox {
namespace {

class SandboxFileIdentity : public testing::Test {
protected:
    SandboxFileIdentity() { secret.fill(7); }
    Directory grant() const { return Directory::open_host(scratch.path().c_str(), false, best_resolution()).value(); }
    struct stat status(const char* path) const { return grant().status(path, false).value(); }
    MetadataHash hash(const char* path) const { return metadata_hash(secret, status(path)); }

    ScratchDirectory scratch;
    Secret secret;
};

TEST_F(SandboxFileIdentity, links_to_a_file_are_the_same_object)
{
    scratch.write("a", "contents");
    scratch.write("b", "contents");
    ASSERT_TRUE(grant().make_hard_link("a", grant(), "c"));
    EXPECT_TRUE(is_same_object(status("a"), status("c")));
    EXPECT_FALSE(is_same_object(status("a"), status("b")));
    EXPECT_EQ(hash("a"), hash("c"));
    EXPECT_NE(hash("a"), hash("b"));
}

TEST_F(SandboxFileIdentity, a_hash_changes_with_the_file_and_the_secret_alone)
{
    scratch.write("a", "contents");
    const FileTimes times = {timespec{5, 5}, timespec{1000, 5}};
    ASSERT_TRUE(grant().set_times("a", false, times));
    const auto before = hash("a");
    EXPECT_EQ(hash("a"), before);
    EXPECT_EQ(scratch.read("a"), "contents");
    EXPECT_EQ(hash("a"), before) << "reading is no change";
    ASSERT_TRUE(grant().set_times("a", false, {timespec{5, 5}, timespec{1000, 6}}));
    const auto after = hash("a");
    EXPECT_NE(after, before);
    scratch.write("a", "longer contents");
    EXPECT_NE(hash("a"), after);
    const auto same = status("a");
    secret.fill(8);
    const auto other = metadata_hash(secret, same);
    secret.fill(7);
    EXPECT_NE(metadata_hash(secret, same), other);
}

using SandboxDirectoryReader = SandboxFileIdentity;

std::map<std::string, unsigned char> rest_of(DirectoryReader& reader)
{
    std::map<std::string, unsigned char> found;
    while (auto entry = reader.next().value())
        EXPECT_TRUE(found.emplace(entry->name, entry->type).second) << entry->name;
    return found;
}

TEST_F(SandboxDirectoryReader, gives_every_entry_once_without_dots)
{
    const auto directory = grant();
    std::map<std::string, unsigned char> expected = {{"directory", DT_DIR}, {"link", DT_LNK}, {"...", DT_REG}};
    ASSERT_TRUE(directory.make_directory("directory"));
    ASSERT_TRUE(directory.make_symbolic_link("nowhere", "link"));
    scratch.write("...", "");
    for (int i = 0; i < 600; ++i) {
        const auto name = "file-" + std::to_string(i);
        scratch.write(name, "");
        expected.emplace(name, DT_REG);
    }
    auto reader = DirectoryReader::open(directory).value();
    EXPECT_EQ(rest_of(reader), expected);
    EXPECT_FALSE(reader.next().value().has_value());
}

TEST_F(SandboxDirectoryReader, readers_do_not_disturb_each_other)
{
    for (int i = 0; i < 600; ++i)
        scratch.write("file-" + std::to_string(i), "");
    const auto directory = grant();
    auto first = DirectoryReader::open(directory).value();
    for (int i = 0; i < 300; ++i)
        EXPECT_TRUE(first.next().value().has_value());
    auto second = DirectoryReader::open(directory).value();
    EXPECT_EQ(rest_of(second).size(), 600U);
    EXPECT_EQ(rest_of(first).size(), 300U);
}

} // namespace
} // namespace trellis::sandbox
