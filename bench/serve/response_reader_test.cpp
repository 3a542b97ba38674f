#include "response_reader.hpp"

#include <gtest/gtest.h>

namespace trellis::bench {
namespace {

constexpr std::string_view counted = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Id:  7\r\n\r\nhello";
constexpr std::string_view chunked =
    "HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";

TEST(bench_serve_reader, reads_both_framings_at_every_cut)
{
    for (const auto text : {counted, chunked})
        for (std::size_t cut = 0; cut < text.size(); ++cut) {
            ResponseReader reader;
            EXPECT_FALSE(reader.add(text.substr(0, cut)).value());
            EXPECT_TRUE(reader.add(text.substr(cut)).value());
            const auto response = reader.take();
            EXPECT_EQ(response.body, "hello");
            EXPECT_EQ(response.status, text == counted ? 200 : 500);
            EXPECT_EQ(response.field("x-id"), text == counted ? "7" : "");
            EXPECT_FALSE(reader.has_more());
        }
}

TEST(bench_serve_reader, notices_bytes_behind_the_response)
{
    ResponseReader reader;
    EXPECT_TRUE(reader.add(std::string(counted) + "H").value());
    reader.take();
    EXPECT_TRUE(reader.has_more());
}

TEST(bench_serve_reader, what_is_odd_is_an_error)
{
    for (const std::string_view text :
         {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\ncontent-length: 0\r\n\r\n", "hello\r\n\r\n",
          "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
          "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
          "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n"}) {
        ResponseReader reader;
        EXPECT_FALSE(reader.add(text)) << text;
    }
}

} // namespace
} // namespace trellis::bench
