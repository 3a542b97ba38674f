#include "services/gateway/module_log.hpp"

#include "base/digest.hpp"
#include "sandbox/scratch_directory.hpp"

#include <gtest/gtest.h>

namespace trellis::gateway {
namespace {

using sandbox::ScratchDirectory;

std::span<const std::byte> bytes(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

/// A log directory with one route's channel in it.
struct InDirectory {
    ScratchDirectory folder;
    LogThread thread;
    std::unique_ptr<ModuleLog> log = ModuleLog::in_directory(thread, folder.path("a/b/logs")).value();
    std::shared_ptr<ModuleLog::Channel> channel = log->channel("/hello/...", "hello").value();

    std::string contents()
    {
        thread.drain();
        return folder.read("a/b/logs/" + hex(sha256("/hello/...")) + "/module.stderr");
    }
};

TEST(gateway_module_log, the_folder_is_named_by_the_hash_of_the_route_as_written)
{
    InDirectory in;
    // printf '/hello/...' | sha256sum
    EXPECT_TRUE(std::filesystem::exists(
        in.folder.path("a/b/logs/06534c588c4bcf346a7dd628395a760098606413609a0854c62739599cc8c029/module.stderr")));
}

TEST(gateway_module_log, files_hold_what_was_written)
{
    InDirectory in;
    {
        ModuleLog::Stream stream(in.channel, 1);
        stream.write(bytes("one\ntwo\x1b[0m\n\nth"));
        EXPECT_EQ(in.contents(), "one\ntwo\x1b[0m\n\n");
        stream.write(bytes("ree"));
    }
    EXPECT_EQ(in.contents(), "one\ntwo\x1b[0m\n\nthree\n");
}

TEST(gateway_module_log, lines_of_two_requests_never_mix)
{
    InDirectory in;
    ModuleLog::Stream one(in.channel, 1), two(in.channel, 2);
    one.write(bytes("on"));
    two.write(bytes("tw"));
    one.write(bytes("e\non"));
    two.write(bytes("o\n"));
    one.finish();
    EXPECT_EQ(in.contents(), "one\ntwo\non\n");
}

TEST(gateway_module_log, long_lines_are_cut_however_they_come)
{
    const std::string line = std::string(ModuleLog::line_bytes, 'x') + std::string(ModuleLog::line_bytes, 'y') + "z\n";
    const std::string pieces =
        std::string(ModuleLog::line_bytes, 'x') + '\n' + std::string(ModuleLog::line_bytes, 'y') + "\nz\n";
    for (const std::size_t step : {std::size_t(1), std::size_t(1000), ModuleLog::line_bytes, line.size()}) {
        InDirectory in;
        ModuleLog::Stream stream(in.channel, 1);
        for (std::size_t at = 0; at < line.size(); at += step)
            stream.write(bytes(std::string_view(line).substr(at, step)));
        EXPECT_EQ(in.contents(), pieces) << step;
    }
}

TEST(gateway_module_log, a_line_that_just_fits_is_one_line)
{
    const std::string line = std::string(ModuleLog::line_bytes, 'x') + '\n';
    for (const std::size_t step : {std::size_t(1), ModuleLog::line_bytes, line.size()}) {
        InDirectory in;
        ModuleLog::Stream stream(in.channel, 1);
        for (std::size_t at = 0; at < line.size(); at += step)
            stream.write(bytes(std::string_view(line).substr(at, step)));
        EXPECT_EQ(in.contents(), line) << step;
    }
}

TEST(gateway_module_log, equal_routes_share_a_file_and_reopen_makes_it_again)
{
    InDirectory in;
    const auto again = in.log->channel("/hello/...", "other").value();
    const auto file = in.folder.path("a/b/logs/" + hex(sha256("/hello/...")) + "/module.stderr");
    std::filesystem::rename(file, in.folder.path("moved"));
    ASSERT_TRUE(in.log->reopen());
    ModuleLog::Stream(again, 1).write(bytes("new\n"));
    EXPECT_EQ(in.contents(), "new\n");
    EXPECT_EQ(in.folder.read("moved"), "");
}

TEST(gateway_module_log, a_directory_that_cannot_be_made_is_an_error_that_names_it)
{
    const ScratchDirectory folder;
    folder.write("file", "");
    LogThread thread;
    const auto log = ModuleLog::in_directory(thread, folder.path("file/logs"));
    ASSERT_FALSE(log);
    EXPECT_NE(log.error().message.find("file"), std::string::npos);
}

TEST(gateway_module_log, lines_for_people_have_time_module_and_request_in_front)
{
    const ScratchDirectory folder;
    LogThread thread;
    const auto channel = std::make_shared<ModuleLog::Channel>(thread.open(folder.path("log")).value(), "hello", true);
    ModuleLog::Stream(channel, 42).write(bytes("caf\xc3\xa9\x1b[2J\r\nlast"));
    thread.drain();
    const auto text = folder.read("log");
    ASSERT_EQ(std::ranges::count(text, '\n'), 2);
    EXPECT_EQ(text.substr(24, text.find('\n') - 24), " hello #42: caf\xc3\xa9\\x1b[2J\\x0d");
    EXPECT_EQ(text[10], 'T');
    EXPECT_EQ(text[23], 'Z');
    EXPECT_TRUE(text.ends_with(" hello #42: last\n"));
}

} // namespace
} // namespace trellis::gateway
