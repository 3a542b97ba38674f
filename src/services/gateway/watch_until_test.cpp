#include "services/gateway/watcher.hpp"

#include "sandbox/scratch_directory.hpp"

#include <gtest/gtest.h>

namespace trellis::gateway {
namespace {

using namespace std::chrono_literals;

/// A loop with a fiber that watches one file, and ends after so many changes.
struct Watching {
    explicit Watching(Watcher::Options options) : watcher(options)
    {
        folder.write("config", "0");
        watcher.watch({{folder.path("config"), status_before_reading(folder.path("config"))}});
    }

    /// Runs `work` beside it, until the wanted number of changes has been seen.
    void run(int wanted, const std::function<void()>& work)
    {
        const auto watch = [&] {
            watch_until(loop, watcher, stop, stopped, [&] {
                stopped = ++changes == wanted;
                go_on.wake();
            });
        };
        ASSERT_TRUE(loop.spawn(watch));
        ASSERT_TRUE(loop.spawn(work));
        loop.run();
    }

    sandbox::ScratchDirectory folder;
    Watcher watcher;
    net::EventLoop loop;
    net::Pause stop{loop}, go_on{loop};
    bool stopped = false;
    int changes = 0;
};

void two_changes(Watcher::Options options)
{
    Watching watching(options);
    watching.run(2, [&] {
        for (const char* contents : {"1", "22"}) {
            watching.folder.write("config", contents);
            watching.go_on.wait();
        }
    });
    EXPECT_EQ(watching.changes, 2);
}

TEST(gateway_watch_until, every_quiet_change_is_called_once)
{
    // Found by its event: looking anyway would take an hour.
    two_changes({.quiet = 5ms, .look_anyway = 1h, .look_without = 1h});
}

TEST(gateway_watch_until, without_inotify_it_looks_now_and_then)
{
    two_changes({.quiet = 1ms, .look_without = 2ms, .use_inotify = false});
}

TEST(gateway_watch_until, ends_when_it_is_told)
{
    Watching watching({.look_anyway = 1h});
    watching.run(1, [&] {
        watching.stopped = true;
        watching.stop.wake();
    });
    EXPECT_EQ(watching.changes, 0);
}

TEST(gateway_watch_until, much_noise_in_the_folder_hides_no_change)
{
    Watching watching({.quiet = 2ms, .look_anyway = 1h, .look_without = 1h});
    watching.run(1, [&] {
        watching.folder.write("config", "1");
        while (!watching.stopped) {
            watching.folder.write("noise", "");
            watching.loop.sleep_until(std::chrono::steady_clock::now() + 100us);
        }
    });
    EXPECT_EQ(watching.changes, 1);
}

} // namespace
} // namespace trellis::gateway
