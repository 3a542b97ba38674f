#include "services/gateway/watcher.hpp"

#include "sandbox/scratch_directory.hpp"

#include <gtest/gtest.h>
#include <poll.h>

namespace trellis::gateway {
namespace {

using sandbox::ScratchDirectory;
using namespace std::chrono_literals;

/// Files of a fresh folder, and a watcher that knows them. Nothing here waits: a look is a look, whenever it is.
struct Watched {
    explicit Watched(std::vector<std::string> names = {"config"}, Watcher::Options options = {}) : watcher(options)
    {
        for (const auto& name : names)
            folder.write(name, "contents");
        watch(names);
    }
    void watch(const std::vector<std::string>& names)
    {
        FilesRead read;
        for (const auto& name : names)
            read[folder.path(name)] = status_before_reading(folder.path(name));
        watcher.watch(read);
    }
    /// The first look sees the change, the second that it has stayed so.
    bool changed() { return !watcher.look() && watcher.look(); }
    bool event() const
    {
        pollfd events = {watcher.fd(), POLLIN, 0};
        return ::poll(&events, 1, 0) == 1;
    }

    ScratchDirectory folder;
    Watcher watcher;
};

TEST(gateway_watcher, says_nothing_when_nothing_happens)
{
    Watched watched;
    EXPECT_FALSE(watched.watcher.look());
    EXPECT_FALSE(watched.watcher.look());
    EXPECT_FALSE(watched.event());
    EXPECT_EQ(watched.watcher.next().wait, 5s);
    EXPECT_TRUE(watched.watcher.next().or_event);
}

TEST(gateway_watcher, a_rewritten_file_is_an_event_and_one_change)
{
    Watched watched;
    watched.folder.write("config", "other contents");
    EXPECT_TRUE(watched.event());
    EXPECT_FALSE(watched.watcher.look());
    EXPECT_EQ(watched.watcher.next().wait, 200ms);
    EXPECT_TRUE(watched.watcher.look());
    EXPECT_FALSE(watched.watcher.look());
}

TEST(gateway_watcher, a_change_is_not_quiet_while_it_goes_on)
{
    Watched watched;
    for (int i = 0; i < 5; ++i) {
        watched.folder.write("config", std::string(static_cast<std::size_t>(i), 'x'));
        EXPECT_FALSE(watched.watcher.look());
    }
    EXPECT_TRUE(watched.watcher.look());
}

TEST(gateway_watcher, editors_replace_files_by_renaming)
{
    Watched watched;
    for (int i = 0; i < 2; ++i) {
        watched.folder.write("config.tmp", "contents");
        std::filesystem::rename(watched.folder.path("config.tmp"), watched.folder.path("config"));
        EXPECT_TRUE(watched.event());
        EXPECT_TRUE(watched.changed());
    }
}

TEST(gateway_watcher, touching_is_a_change)
{
    Watched watched;
    std::filesystem::last_write_time(watched.folder.path("config"), std::filesystem::file_time_type::clock::now() - 1h);
    EXPECT_TRUE(watched.event());
    EXPECT_TRUE(watched.changed());
}

TEST(gateway_watcher, files_vanish_and_come_back)
{
    Watched watched;
    std::filesystem::remove(watched.folder.path("config"));
    EXPECT_TRUE(watched.event());
    EXPECT_TRUE(watched.changed());
    EXPECT_EQ(watched.watcher.next().wait, 1s);
    watched.folder.write("config", "back");
    EXPECT_TRUE(watched.event());
    EXPECT_TRUE(watched.changed());
    EXPECT_EQ(watched.watcher.next().wait, 5s);
}

TEST(gateway_watcher, whole_folders_vanish_and_come_back)
{
    Watched watched({});
    std::filesystem::create_directories(watched.folder.path("a/b"));
    watched.folder.write("a/b/config", "contents");
    watched.watch({"a/b/config"});
    std::filesystem::rename(watched.folder.path("a"), watched.folder.path("old"));
    EXPECT_TRUE(watched.changed());
    std::filesystem::create_directories(watched.folder.path("a/b"));
    EXPECT_TRUE(watched.event());
    EXPECT_FALSE(watched.watcher.look());
    watched.folder.write("a/b/config", "contents");
    EXPECT_TRUE(watched.event());
    EXPECT_TRUE(watched.changed());
    watched.folder.write("a/b/config", "new contents");
    EXPECT_TRUE(watched.event());
    EXPECT_TRUE(watched.changed());
}

TEST(gateway_watcher, other_files_of_the_folder_are_no_change)
{
    Watched watched;
    watched.folder.write("other", "contents");
    EXPECT_TRUE(watched.event());
    EXPECT_FALSE(watched.changed());
    EXPECT_EQ(watched.watcher.next().wait, 5s);
}

TEST(gateway_watcher, the_target_of_a_link_is_watched)
{
    Watched watched({});
    std::filesystem::create_directory(watched.folder.path("elsewhere"));
    watched.folder.write("elsewhere/real", "contents");
    std::filesystem::create_symlink("elsewhere/real", watched.folder.path("config"));
    watched.watch({"config"});
    watched.folder.write("elsewhere/real", "other contents");
    EXPECT_TRUE(watched.event());
    EXPECT_TRUE(watched.changed());
}

TEST(gateway_watcher, a_link_on_the_way_is_watched)
{
    // How Kubernetes replaces mounted configuration: config -> ..data/config, ..data -> a folder, replaced by a rename.
    Watched watched({});
    for (const char* name : {"one", "two"}) {
        std::filesystem::create_directory(watched.folder.path(name));
        watched.folder.write(std::string(name) + "/config", name);
    }
    std::filesystem::create_symlink("one", watched.folder.path("..data"));
    std::filesystem::create_symlink("..data/config", watched.folder.path("config"));
    watched.watch({"config"});
    std::filesystem::create_symlink("two", watched.folder.path("..data.tmp"));
    std::filesystem::rename(watched.folder.path("..data.tmp"), watched.folder.path("..data"));
    EXPECT_TRUE(watched.event());
    EXPECT_TRUE(watched.changed());
    watched.folder.write("two/config", "other contents");
    EXPECT_TRUE(watched.event());
    EXPECT_TRUE(watched.changed());
}

TEST(gateway_watcher, links_in_a_circle_are_a_missing_file)
{
    Watched watched({});
    std::filesystem::create_symlink("b", watched.folder.path("a"));
    std::filesystem::create_symlink("a", watched.folder.path("b"));
    watched.watch({"a"});
    EXPECT_FALSE(watched.changed());
    EXPECT_EQ(watched.watcher.next().wait, 1s);
}

TEST(gateway_watcher, what_changed_while_it_was_read_is_a_change)
{
    Watched watched;
    const auto path = watched.folder.path("config");
    const auto before = status_before_reading(path);
    watched.folder.write("config", "changed while it is read");
    watched.watcher.watch({{path, before}});
    EXPECT_TRUE(watched.watcher.look());
    EXPECT_FALSE(watched.watcher.look());
}

TEST(gateway_watcher, a_file_written_just_before_it_was_read_has_not_changed)
{
    Watched watched;
    const auto path = watched.folder.path("config");
    watched.folder.write("config", "new contents");
    watched.watcher.watch({{path, status_before_reading(path)}});
    EXPECT_FALSE(watched.changed());
    // Of the same length, and at once: still another status.
    watched.folder.write("config", "NEW CONTENTS");
    EXPECT_TRUE(watched.changed());
}

TEST(gateway_watcher, files_may_be_replaced_by_others_and_a_folder_have_two_names)
{
    Watched watched({"one", "two"});
    std::filesystem::create_directory_symlink(".", watched.folder.path("here"));
    watched.watch({"one", "here/one"});
    watched.watch({"two"});
    EXPECT_FALSE(watched.changed());
    watched.folder.write("one", "no longer watched");
    EXPECT_FALSE(watched.changed());
    watched.folder.write("two", "watched");
    EXPECT_TRUE(watched.event());
    EXPECT_TRUE(watched.changed());
}

TEST(gateway_watcher, works_without_inotify)
{
    Watched watched({"config"}, {.use_inotify = false});
    EXPECT_EQ(watched.watcher.fd(), -1);
    EXPECT_EQ(watched.watcher.next().wait, 1s);
    EXPECT_FALSE(watched.watcher.next().or_event);
    watched.folder.write("config", "other contents");
    EXPECT_TRUE(watched.changed());
}

TEST(gateway_watcher, more_events_than_the_queue_holds_lose_no_change)
{
    Watched watched;
    for (int i = 0; i < 20'000; ++i) { // the queue holds 16,384
        const auto name = watched.folder.path(i % 2 ? "x" : "y");
        ASSERT_EQ(::rename(watched.folder.path(i % 2 ? "y" : "x").c_str(), name.c_str()), i == 0 ? -1 : 0);
        if (i == 0)
            watched.folder.write("y", "");
    }
    watched.folder.write("config", "other contents");
    EXPECT_TRUE(watched.changed());
    EXPECT_FALSE(watched.event());
}

} // namespace
} // namespace trellis::gateway
