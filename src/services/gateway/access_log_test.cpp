#include "services/gateway/access_log.hpp"

#include "sandbox/scratch_directory.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/src.hpp>
#include <gtest/gtest.h>

namespace trellis::gateway {
namespace {

using namespace std::chrono_literals;

AccessRecord hello()
{
    return {.time = WallClock(971186136123ms),
            .id = 7,
            .peer = "192.0.2.1",
            .method = "GET",
            .target = "/hello?a=b",
            .status = 200,
            .bytes = 13,
            .duration = 1234567ns,
            .module = "hello",
            .route = "/hello/..."};
}

std::string logged(AccessFormat format, const AccessRecord& record)
{
    const sandbox::ScratchDirectory folder;
    LogThread thread;
    AccessLog log(thread.open(folder.path("log")).value(), format);
    AccessLog::Writer writer(log);
    writer.add(record);
    writer.flush();
    thread.drain();
    return folder.read("log");
}

boost::json::object parsed(const std::string& line)
{
    return boost::json::parse(line).as_object();
}

TEST(gateway_access_log, common_log_format)
{
    EXPECT_EQ(logged(AccessFormat::common, hello()),
              "192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] \"GET /hello?a=b HTTP/1.1\" 200 13\n");
}

TEST(gateway_access_log, common_has_dashes_for_what_is_not_there)
{
    EXPECT_EQ(logged(AccessFormat::common, {.time = WallClock(0s), .status = 400}),
              "- - - [01/Jan/1970:00:00:00 +0000] \"-\" 400 -\n");
}

TEST(gateway_access_log, json_has_everything)
{
    EXPECT_EQ(logged(AccessFormat::json, hello()),
              R"({"time":"2000-10-10T13:55:36.123Z","id":7,"peer":"192.0.2.1","method":"GET","target":"/hello?a=b",)"
              R"("protocol":"HTTP/1.1","status":200,"bytes":13,"duration_ms":1.234,"module":"hello",)"
              R"("route":"/hello/..."})"
              "\n");
}

TEST(gateway_access_log, json_omits_what_is_not_there)
{
    EXPECT_EQ(logged(AccessFormat::json, {.time = WallClock(0s), .status = 400, .error = "no \"host\""}),
              R"({"time":"1970-01-01T00:00:00.000Z","status":400,"bytes":0,"duration_ms":0.000,)"
              R"("error":"no \"host\""})"
              "\n");
}

TEST(gateway_access_log, a_client_cannot_forge_a_line_or_a_field)
{
    auto record = hello();
    record.target = "/\" 200 1\n10.0.0.1 - - [x] \"GET /admin\x1b[2J\xff";
    record.method = "G\r\nET\"";
    record.peer = "1.2.3.4\n";
    const auto common = logged(AccessFormat::common, record);
    EXPECT_EQ(common, "1.2.3.4\\n - - [10/Oct/2000:13:55:36 +0000] \"G\\r\\nET\\\" /\\\" 200 1\\n10.0.0.1 - - [x] "
                      "\\\"GET /admin\\x1b[2J\\xff HTTP/1.1\" 200 13\n");
    const auto json = logged(AccessFormat::json, record);
    EXPECT_EQ(std::ranges::count(json, '\n'), 1);
    EXPECT_EQ(parsed(json).at("status").as_int64(), 200);
    EXPECT_EQ(parsed(json).at("method").as_string(), "G\r\nET\"");
    EXPECT_EQ(parsed(json).at("target").as_string(), "/\" 200 1\n10.0.0.1 - - [x] \"GET /admin\x1b[2J\xef\xbf\xbd");
}

TEST(gateway_access_log, every_byte_in_a_target_gives_one_line_of_printable_ascii)
{
    std::string all;
    for (unsigned c = 0; c < 256; ++c)
        all += static_cast<char>(c);
    auto record = hello();
    record.target = all;
    for (const auto format : {AccessFormat::common, AccessFormat::json}) {
        const auto line = logged(format, record);
        EXPECT_EQ(line.find_first_of('\n'), line.size() - 1);
        EXPECT_TRUE(std::ranges::all_of(line.substr(0, line.size() - 1), [](char c) { return c >= ' ' && c <= '~'; }));
    }
}

TEST(gateway_access_log, long_targets_are_cut)
{
    auto record = hello();
    const std::string target(30'000, 'x');
    record.target = target;
    EXPECT_EQ(parsed(logged(AccessFormat::json, record)).at("target").as_string().size(), 8192);
}

TEST(gateway_access_log, lines_wait_for_a_flush_or_a_full_buffer)
{
    const sandbox::ScratchDirectory folder;
    LogThread thread;
    AccessLog log(thread.open(folder.path("log")).value(), AccessFormat::common);
    AccessLog::Writer writer(log);
    writer.add(hello());
    thread.drain();
    EXPECT_EQ(folder.read("log"), "");
    for (int i = 0; i < 1000; ++i)
        writer.add(hello());
    thread.drain();
    const auto before_flush = std::ranges::count(folder.read("log"), '\n');
    EXPECT_GT(before_flush, 0);
    writer.flush();
    thread.drain();
    EXPECT_EQ(std::ranges::count(folder.read("log"), '\n'), 1001);
}

} // namespace
} // namespace trellis::gateway
