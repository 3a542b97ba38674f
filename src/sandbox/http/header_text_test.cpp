#include "sandbox/http/header_text.hpp"

#include <gtest/gtest.h>

namespace trellis::sandbox {
namespace {

std::string read_and_list(std::string_view text)
{
    const auto fields = read_header_text(text);
    if (!fields)
        return "error";
    std::string list;
    for (const auto& [name, value] : fields->all())
        list += name + "=" + value + ";";
    return list;
}

TEST(sandbox_http_header_text, lines_become_fields)
{
    EXPECT_EQ(read_and_list(""), "");
    EXPECT_EQ(read_and_list("Accept:text/html\nx-y:a:b\n"), "Accept=text/html;x-y=a:b;");
    EXPECT_EQ(read_and_list("a:1\r\nb: 2 \t\nc:"), "a=1;b=2;c=;");
    EXPECT_EQ(read_and_list("a:1\na:2\n"), "a=1;a=2;");
}

TEST(sandbox_http_header_text, other_lines_are_malformed)
{
    for (const std::string_view text : {"a", "\n", "a:1\n\nb:2", ":1", " a:1", "a :1", "a b:1", "a\r:1", "a:1\rb:2",
                                        "a:\x01", "a:\x7f", "a:\xc3\xa9", "(:1", "{\"a\":\"b\"}"})
        EXPECT_EQ(read_and_list(text), "error") << text;
    EXPECT_EQ(read_and_list(std::string_view("a:1\0", 4)), "error");
    EXPECT_EQ(read_and_list("a:" + std::string(64 * 1024, 'x')), "error");
}

TEST(sandbox_http_header_text, fields_become_lines_in_order)
{
    net::http::Fields fields;
    fields.add("Content-Type", "text/plain");
    fields.add("Set-Cookie", "a=1");
    fields.add("set-cookie", "b=\xc3\xa9");
    EXPECT_EQ(write_header_text(fields).value(), "content-type:text/plain\nset-cookie:a=1\nset-cookie:b=\xc3\xa9\n");
    for (const char* value : {"\xff", "a\tb", "\x7f"}) {
        net::http::Fields strange;
        strange.add("x", value);
        EXPECT_FALSE(write_header_text(strange)) << value;
    }
}

} // namespace
} // namespace trellis::sandbox
