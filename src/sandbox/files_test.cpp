#include "sandbox/files.hpp"

#include "sandbox/scratch_directory.hpp"

#include <atomic>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <set>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <thread>

namespace trellis::sandbox {

namespace {

namespace fs = std::filesystem;

/// A grant `inside` next to things that are not granted, in each way of following paths. `outside/secret` is what
/// escapes are after.
class SandboxFiles : public testing::TestWithParam<Resolution> {
protected:
    void SetUp() override
    {
        if (GetParam() == Resolution::kernel && best_resolution() != Resolution::kernel)
            GTEST_SKIP() << "this kernel has no openat2";
        fs::create_directories(scratch.path("inside/dir/nested"));
        fs::create_directories(scratch.path("outside/deep"));
        scratch.write("outside/secret", "secret");
        scratch.write("inside/file", "file");
        scratch.write("inside/dir/nested/leaf", "leaf");
    }

    Directory grant(bool read_only = false) const
    {
        auto directory = Directory::open_host(scratch.path("inside").c_str(), read_only, GetParam());
        EXPECT_TRUE(directory.has_value());
        return std::move(*directory);
    }
    void link(const std::string& contents, const std::string& name) const
    {
        fs::create_symlink(contents, scratch.path("inside/" + name));
    }

    ScratchDirectory scratch;
};

constexpr auto escapes = SystemError::outside_grant;
constexpr OpenOptions reading = {.read = true, .follow = true};
constexpr OpenOptions creating = {.write = true, .follow = true, .create = true};

template <class T>
SystemError error_of(const Outcome<T>& outcome)
{
    return outcome ? SystemError{} : outcome.error();
}

std::string contents_of(const Outcome<OpenedFile>& file)
{
    if (!file)
        return "error " + std::to_string(static_cast<int>(file.error()));
    char bytes[100];
    const auto count = ::read(file->fd.number(), bytes, sizeof bytes);
    return {bytes, static_cast<std::size_t>(count)};
}

/// Every operation that takes one path must refuse `path` in the same way.
void expect_refused_everywhere(const Directory& directory, const char* path, SystemError error)
{
    std::array<char, 10> buffer;
    const FileTimes now = {timespec{0, UTIME_NOW}, timespec{0, UTIME_NOW}};
    EXPECT_EQ(error_of(directory.open(path, reading)), error) << path;
    EXPECT_EQ(error_of(directory.open(path, creating)), error) << path;
    EXPECT_EQ(error_of(directory.status(path, true)), error) << path;
    EXPECT_EQ(error_of(directory.status(path, false)), error) << path;
    EXPECT_EQ(error_of(directory.set_times(path, true, now)), error) << path;
    EXPECT_EQ(error_of(directory.read_link(path, buffer)), error) << path;
    EXPECT_EQ(error_of(directory.make_directory(path)), error) << path;
    EXPECT_EQ(error_of(directory.remove_directory(path)), error) << path;
    EXPECT_EQ(error_of(directory.remove_file(path)), error) << path;
    EXPECT_EQ(error_of(directory.make_symbolic_link("x", path)), error) << path;
    EXPECT_EQ(error_of(directory.make_hard_link(path, directory, "new")), error) << path;
    EXPECT_EQ(error_of(directory.make_hard_link("file", directory, path)), error) << path;
    EXPECT_EQ(error_of(directory.rename(path, directory, "new")), error) << path;
    EXPECT_EQ(error_of(directory.rename("file", directory, path)), error) << path;
}

} // namespace

TEST_P(SandboxFiles, finds_what_is_inside)
{
    const auto directory = grant();
    link("dir/nested", "to_nested");
    link("../../file", "dir/nested/up");
    EXPECT_EQ(contents_of(directory.open("file", reading)), "file");
    EXPECT_EQ(contents_of(directory.open("dir/.//nested/../../dir/nested/../nested///./leaf", reading)), "leaf");
    EXPECT_EQ(contents_of(directory.open("to_nested/leaf", reading)), "leaf");
    EXPECT_EQ(contents_of(directory.open("to_nested/../nested/leaf", reading)), "leaf");
    EXPECT_EQ(contents_of(directory.open("to_nested/up", reading)), "file");
    EXPECT_TRUE(directory.open(".", reading));
    EXPECT_TRUE(directory.open("dir/..", reading));
    EXPECT_TRUE(directory.open("dir/", reading));
}

TEST_P(SandboxFiles, refuses_parent_directory)
{
    const auto directory = grant();
    for (const auto* path : {"../outside/secret", "dir/../../outside/secret", "dir/nested/../../../outside/secret",
                             "./.././outside/secret", "../inside/new"})
        expect_refused_everywhere(directory, path, escapes);
    for (const auto* path : {"..", "../", "dir/../..", "../."}) {
        EXPECT_EQ(error_of(directory.open(path, reading)), escapes) << path;
        EXPECT_EQ(error_of(directory.status(path, false)), escapes) << path;
        EXPECT_EQ(error_of(directory.remove_directory(path)), escapes) << path;
        EXPECT_EQ(error_of(directory.rename(path, directory, "new")), escapes) << path;
    }
}

TEST_P(SandboxFiles, refuses_absolute_path)
{
    const auto directory = grant();
    expect_refused_everywhere(directory, "/", escapes);
    expect_refused_everywhere(directory, "//etc/passwd", escapes);
    expect_refused_everywhere(directory, scratch.path("inside/file").c_str(), escapes);
}

TEST_P(SandboxFiles, refuses_symbolic_links_that_lead_out)
{
    const auto directory = grant();
    link("..", "parent");
    link("../outside", "sibling");
    link(scratch.path("outside"), "absolute");
    link("parent/outside", "chained");
    link("dir/nested/../../../outside", "winding");
    link("/proc/self/cwd", "magic");
    for (const auto* path : {"parent/outside/secret", "sibling/secret", "absolute/secret", "chained/secret",
                             "winding/secret", "dir/../sibling/secret", "magic/new"})
        expect_refused_everywhere(directory, path, escapes);
}

TEST_P(SandboxFiles, refuses_to_follow_a_last_link_that_leads_out)
{
    const auto directory = grant();
    link("../outside/secret", "relative");
    link(scratch.path("outside/secret"), "absolute");
    link("relative", "chained");
    for (const auto* path : {"relative", "absolute", "chained"}) {
        EXPECT_EQ(error_of(directory.open(path, reading)), escapes) << path;
        EXPECT_EQ(error_of(directory.open(path, {.write = true, .follow = true, .truncate = true})), escapes) << path;
        EXPECT_EQ(error_of(directory.status(path, true)), escapes) << path;
        EXPECT_EQ(error_of(directory.open(path, {.read = true})), system_error(ELOOP)) << path;
        EXPECT_TRUE(S_ISLNK(directory.status(path, false).value().st_mode)) << path;
    }
    EXPECT_EQ(scratch.read("outside/secret"), "secret");
}

TEST_P(SandboxFiles, trailing_slash_follows_but_not_out)
{
    const auto directory = grant();
    link("../outside/deep", "out");
    link("dir", "in");
    for (const auto* path : {"out/", "out//", "out/."}) {
        EXPECT_EQ(error_of(directory.open(path, {.read = true})), escapes) << path;
        EXPECT_EQ(error_of(directory.status(path, false)), escapes) << path;
    }
    std::array<char, 10> buffer;
    EXPECT_EQ(error_of(directory.read_link("out/", buffer)), escapes);
    EXPECT_EQ(error_of(directory.make_hard_link("out/", directory, "new")), escapes);
    EXPECT_EQ(error_of(directory.remove_directory("out/")), system_error(ENOTDIR));
    EXPECT_EQ(error_of(directory.remove_file("out/")), system_error(ENOTDIR));
    EXPECT_EQ(error_of(directory.make_directory("out/")), system_error(EEXIST));
    EXPECT_TRUE(fs::exists(scratch.path("outside/deep")));
    EXPECT_TRUE(S_ISDIR(directory.status("in/", false).value().st_mode));
    EXPECT_EQ(error_of(directory.open("file/", reading)), system_error(ENOTDIR));
    EXPECT_EQ(error_of(directory.open("new/", creating)), system_error(EISDIR));
}

TEST_P(SandboxFiles, creating_through_a_dangling_link_stays_inside)
{
    const auto directory = grant();
    link("../outside/created", "out");
    link("dir/created", "in");
    EXPECT_EQ(error_of(directory.open("out", creating)), escapes);
    EXPECT_FALSE(fs::exists(scratch.path("outside/created")));
    EXPECT_TRUE(directory.open("in", creating));
    EXPECT_TRUE(fs::exists(scratch.path("inside/dir/created")));
    link("dir/exclusive", "exclusive");
    auto exclusively = creating;
    exclusively.exclusive = true;
    EXPECT_EQ(error_of(directory.open("exclusive", exclusively)), system_error(EEXIST));
    EXPECT_FALSE(fs::exists(scratch.path("inside/dir/exclusive")));
}

TEST_P(SandboxFiles, links_made_by_the_guest_lead_nowhere_outside)
{
    const auto directory = grant();
    EXPECT_EQ(error_of(directory.make_symbolic_link("/etc/passwd", "absolute")), escapes);
    ASSERT_TRUE(directory.make_symbolic_link("../outside/secret", "dir/link"));
    EXPECT_EQ(error_of(directory.open("dir/link", reading)), system_error(ENOENT)); // inside/outside/secret
    ASSERT_TRUE(directory.rename("dir/link", directory, "link"));
    EXPECT_EQ(error_of(directory.open("link", reading)), escapes);
    ASSERT_TRUE(directory.make_hard_link("link", directory, "hard"));
    EXPECT_EQ(error_of(directory.open("hard", reading)), escapes);
}

TEST_P(SandboxFiles, hard_links_and_renames_reach_only_what_is_inside)
{
    const auto directory = grant();
    link("../outside", "sibling");
    for (const auto* path : {"../outside/secret", "sibling/secret"}) {
        EXPECT_EQ(error_of(directory.make_hard_link(path, directory, "stolen")), escapes);
        EXPECT_EQ(error_of(directory.make_hard_link("file", directory, path)), escapes);
        EXPECT_EQ(error_of(directory.rename(path, directory, "stolen")), escapes);
        EXPECT_EQ(error_of(directory.rename("file", directory, path)), escapes);
    }
    EXPECT_EQ(error_of(directory.make_hard_link("dir/", directory, "new")), system_error(EPERM));
    EXPECT_TRUE(directory.make_hard_link("file", directory, "dir/second"));
    EXPECT_EQ(error_of(directory.make_hard_link("file", directory, "new/")), system_error(ENOENT));
}

TEST_P(SandboxFiles, link_loops_and_endless_expansion_end)
{
    const auto directory = grant();
    link("loop", "loop");
    EXPECT_EQ(error_of(directory.open("loop", reading)), system_error(ELOOP));
    link("a1/a1", "a0");
    for (int i = 1; i < 60; ++i)
        link("a" + std::to_string(i + 1) + "/../a" + std::to_string(i + 1), "a" + std::to_string(i));
    const auto error = error_of(directory.open("a0", reading));
    EXPECT_TRUE(error == system_error(ELOOP) || error == system_error(ENAMETOOLONG));
}

TEST_P(SandboxFiles, long_names_and_paths)
{
    const auto directory = grant();
    const std::string name(300, 'n');
    expect_refused_everywhere(directory, name.c_str(), system_error(ENAMETOOLONG));
    std::string steps;
    for (int i = 0; i < 600; ++i)
        steps += "dir/../";
    EXPECT_EQ(contents_of(directory.open((steps.substr(0, 4000 / 7 * 7) + "file").c_str(), reading)), "file");
    EXPECT_EQ(error_of(directory.open("", reading)), system_error(ENOENT));
    expect_refused_everywhere(directory, "", system_error(ENOENT));
}

TEST_P(SandboxFiles, last_component_that_is_a_dot)
{
    const auto directory = grant();
    EXPECT_EQ(error_of(directory.make_directory(".")), system_error(EEXIST));
    EXPECT_EQ(error_of(directory.make_directory("dir/..")), system_error(EEXIST));
    EXPECT_EQ(error_of(directory.remove_directory("dir/.")), system_error(EINVAL));
    EXPECT_FALSE(directory.remove_directory("dir/nested/..").has_value());
    EXPECT_FALSE(directory.rename("dir/.", directory, "other").has_value());
    EXPECT_TRUE(fs::exists(scratch.path("inside/dir/nested/leaf")));
}

TEST_P(SandboxFiles, special_files_never_block)
{
    const auto directory = grant();
    ASSERT_EQ(::mkfifo(scratch.path("inside/fifo").c_str(), 0600), 0);
    EXPECT_TRUE(S_ISFIFO(directory.open("fifo", reading).value().status.st_mode));
    EXPECT_EQ(error_of(directory.open("fifo", {.write = true})), system_error(ENXIO));
}

TEST_P(SandboxFiles, read_only_grant_refuses_every_change)
{
    const auto directory = grant(true);
    const auto writable = grant(false);
    constexpr auto read_only = system_error(EROFS);
    const FileTimes now = {timespec{0, UTIME_NOW}, timespec{0, UTIME_NOW}};
    EXPECT_EQ(contents_of(directory.open("file", reading)), "file");
    EXPECT_EQ(error_of(directory.open("file", {.write = true})), read_only);
    EXPECT_EQ(error_of(directory.open("file", {.read = true, .write = true})), read_only);
    EXPECT_EQ(error_of(directory.open("file", {.read = true, .truncate = true})), read_only);
    EXPECT_EQ(error_of(directory.open("new", {.read = true, .create = true})), read_only);
    EXPECT_EQ(error_of(directory.open("new", {.read = true, .create = true, .exclusive = true})), read_only);
    EXPECT_EQ(contents_of(directory.open("file", {.read = true, .create = true})), "file");
    EXPECT_EQ(error_of(directory.set_times("file", true, now)), read_only);
    EXPECT_EQ(error_of(directory.make_directory("new")), read_only);
    EXPECT_EQ(error_of(directory.remove_directory("dir/nested")), read_only);
    EXPECT_EQ(error_of(directory.remove_file("file")), read_only);
    EXPECT_EQ(error_of(directory.make_symbolic_link("file", "new")), read_only);
    EXPECT_EQ(error_of(directory.rename("file", writable, "new")), read_only);
    EXPECT_EQ(error_of(writable.rename("file", directory, "new")), read_only);
    EXPECT_EQ(error_of(directory.make_hard_link("file", writable, "new")), read_only);
    EXPECT_EQ(error_of(writable.make_hard_link("file", directory, "new")), read_only);
    auto below = directory.below(std::move(directory.open("dir", reading).value().fd));
    EXPECT_EQ(error_of(below.remove_file("nested/leaf")), read_only);
    EXPECT_EQ(scratch.read("inside/file"), "file");
    EXPECT_FALSE(fs::exists(scratch.path("inside/new")));
}

/// A directory that comes and goes while paths with ".." run through it: whatever is found is inside.
TEST_P(SandboxFiles, races_with_renames_never_escape)
{
    const auto directory = grant();
    const auto inner = scratch.path("inside/dir/nested"), moved = scratch.path("inside/moved");
    scratch.write("secret", "secret");         // beside the grant: what "../" too many would reach
    scratch.write("inside/secret", "allowed"); // what the path means in one of the two places
    fs::create_directory(inner / "a");
    std::string path = "dir/nested/";
    for (int i = 0; i < 100; ++i) // time for the directory to move away
        path += "a/../";
    path += "../../secret";
    std::atomic<bool> done = false;
    std::thread mover([&] {
        while (!done) {
            ::rename(inner.c_str(), moved.c_str());
            ::rename(moved.c_str(), inner.c_str());
        }
    });
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i)
        seen.insert(contents_of(directory.open(path.c_str(), reading)));
    done = true;
    mover.join();
    EXPECT_FALSE(seen.contains("secret"));
}

/// A name that is now a directory, now a link that leads out.
TEST_P(SandboxFiles, races_with_links_never_escape)
{
    const auto directory = grant();
    fs::create_directory(scratch.path("inside/real"));
    scratch.write("inside/real/secret", "allowed");
    link("../outside", "evil");
    std::atomic<bool> done = false;
    std::thread swapper([&] {
        const auto name = scratch.path("inside/name"), real = scratch.path("inside/real"),
                   evil = scratch.path("inside/evil");
        while (!done) {
            ::rename(real.c_str(), name.c_str());
            ::rename(name.c_str(), real.c_str());
            ::rename(evil.c_str(), name.c_str());
            ::rename(name.c_str(), evil.c_str());
        }
    });
    for (int i = 0; i < 1000; ++i) {
        EXPECT_NE(contents_of(directory.open("name/secret", reading)), "secret");
        EXPECT_FALSE(directory.remove_file("name/deep").has_value());
    }
    done = true;
    swapper.join();
    EXPECT_EQ(scratch.read("outside/secret"), "secret");
}

TEST_P(SandboxFiles, lists_from_any_position)
{
    const auto directory = grant();
    for (int i = 0; i < 300; ++i)
        scratch.write("inside/dir/entry-" + std::to_string(i), "");
    const auto below = directory.below(std::move(directory.open("dir", reading).value().fd));
    std::set<std::string> names;
    std::uint64_t position = 0;
    while (true) { // one entry at a time
        bool found = false;
        ASSERT_TRUE(below.list(position, [&](const DirectoryEntry& entry) {
            EXPECT_TRUE(names.insert(std::string(entry.name)).second) << entry.name;
            EXPECT_EQ(entry.inode == 0, entry.name == "..");
            position = entry.position;
            found = true;
            return false;
        }));
        if (!found)
            break;
    }
    EXPECT_EQ(names.size(), 300 + 3U); // with ".", ".." and "nested"
    EXPECT_EQ(error_of(below.list(UINT64_MAX, [](const DirectoryEntry&) { return true; })), system_error(EINVAL));
}

TEST_P(SandboxFiles, times_of_links_and_of_what_they_point_to)
{
    const auto directory = grant();
    link("file", "link");
    const FileTimes times = {timespec{0, UTIME_OMIT}, timespec{1000, 5}};
    const auto before = directory.status("file", false).value();
    ASSERT_TRUE(directory.set_times("link", false, times));
    EXPECT_EQ(directory.status("link", false).value().st_mtim.tv_sec, 1000);
    EXPECT_EQ(directory.status("file", false).value().st_mtim.tv_sec, before.st_mtim.tv_sec);
    ASSERT_TRUE(directory.set_times("link", true, times));
    EXPECT_EQ(directory.status("file", false).value().st_mtim.tv_nsec, 5);
    EXPECT_EQ(directory.status("file", false).value().st_atim.tv_sec, before.st_atim.tv_sec);
}

TEST_P(SandboxFiles, read_link_gives_what_fits)
{
    const auto directory = grant();
    link("contents", "link");
    std::array<char, 4> four;
    EXPECT_EQ(directory.read_link("link", four).value(), 4U);
    EXPECT_EQ(std::string(four.data(), 4), "cont");
    EXPECT_EQ(directory.read_link("link", {}).value(), 0U);
    EXPECT_EQ(error_of(directory.read_link("file", four)), system_error(EINVAL));
}

TEST_P(SandboxFiles, relative_links_are_given_whole)
{
    const auto directory = grant();
    link("dir/nested", "link");
    link("/etc/passwd", "absolute");
    link("../outside", "leads-out");
    EXPECT_EQ(directory.relative_link("link").value(), "dir/nested");
    EXPECT_EQ(error_of(directory.relative_link("absolute")), escapes);
    EXPECT_EQ(directory.relative_link("leads-out").value(), "../outside") << "but can't be followed";
    EXPECT_EQ(error_of(directory.relative_link("file")), system_error(EINVAL));
}

TEST_P(SandboxFiles, a_directory_can_be_opened_with_fewer_rights)
{
    const auto directory = grant();
    const auto below = directory.read_only_below(std::move(directory.open("dir", reading).value().fd));
    EXPECT_EQ(contents_of(below.open("nested/leaf", reading)), "leaf");
    EXPECT_EQ(error_of(below.make_directory("new")), system_error(EROFS));
    EXPECT_EQ(error_of(below.open("nested/leaf", {.write = true})), system_error(EROFS));
    EXPECT_EQ(error_of(below.reopen().value().remove_file("nested/leaf")), system_error(EROFS));
}

TEST_P(SandboxFiles, descriptors_know_how_they_were_opened)
{
    const auto directory = grant();
    const auto read = directory.open("file", reading).value();
    const auto both = directory.open("file", {.read = true, .write = true, .data_sync = true}).value();
    const auto write = directory.open("file", {.write = true, .append = true, .sync = true}).value();
    const auto access = [](const OpenedFile& file) {
        const auto found = access_of(file.fd.number()).value();
        return std::array{found.read, found.write, found.append, found.data_sync, found.sync};
    };
    EXPECT_EQ(access(read), (std::array{true, false, false, false, false}));
    EXPECT_EQ(access(both), (std::array{true, true, false, true, false}));
    EXPECT_EQ(access(write), (std::array{false, true, true, true, true})) << "all of it includes the data";
    for (const bool data_only : {false, true}) {
        EXPECT_TRUE(synchronize(read.fd.number(), data_only).has_value());
        EXPECT_TRUE(synchronize(directory.fd(), data_only).has_value());
        EXPECT_EQ(error_of(synchronize(-1, data_only)), system_error(EBADF));
    }
    EXPECT_EQ(error_of(access_of(-1)), system_error(EBADF));
}

/// In a process of its own, where openat2 answers `error` as on older kernels and in some containers.
[[noreturn]] void exit_with_resolution_chosen_under(std::uint32_t error)
{
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program = {.len = std::size(filter), .filter = filter};
    const bool filtered =
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
    ::_exit(!filtered ? 2 : best_resolution() == Resolution::walk ? 0 : 1);
}

TEST(sandbox_resolution, walks_where_the_kernel_lacks_openat2)
{
    for (const std::uint32_t error : {ENOSYS, EPERM})
        EXPECT_EXIT(exit_with_resolution_chosen_under(error), testing::ExitedWithCode(0), "");
}

INSTANTIATE_TEST_SUITE_P(resolution, SandboxFiles, testing::Values(Resolution::kernel, Resolution::walk),
                         [](const auto& way) { return way.param == Resolution::kernel ? "kernel" : "walk"; });

} // namespace trellis::sandbox
