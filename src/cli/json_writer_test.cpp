#include "cli/json_writer.hpp"

#include <gtest/gtest.h>

namespace trellis::cli {
namespace {

TEST(cli_json_writer, nests_and_escapes)
{
    JsonWriter json;
    json.begin_object();
    json.member("name", "a\"b\\c\n");
    json.member("size", std::uint64_t(7));
    json.key("list");
    json.begin_array();
    json.value(true);
    json.begin_object();
    json.end_object();
    json.end_array();
    json.end_object();
    EXPECT_EQ(json.take(), R"({
  "name": "a\"b\\c\u000a",
  "size": 7,
  "list": [
    true,
    {}
  ]
}
)");
}

} // namespace
} // namespace trellis::cli
