// Services of wasi:http that other programs have made components of: unchanged, they must answer here as there. Made by
// `component_peers_make`.
#include "component_peers/made_by_peers.hpp"
#include "component_peers/peer_server.hpp"
#include "serve/server.hpp"

#include <algorithm>

namespace trellis::testing {
namespace {

struct Question {
    std::string method = "GET";
    std::string target;
    std::string fields = {};
    std::string body = {};
};

/// What is not the guest's: framing, and what a server says of itself.
constexpr std::string_view own_fields[] = {"connection", "content-length",    "date",   "keep-alive",
                                           "server",     "transfer-encoding", "alt-svc"};

std::string lower_case(std::string text)
{
    std::ranges::transform(text, text.begin(), [](unsigned char character) { return std::tolower(character); });
    return text;
}

std::string guest_fields(const Response& response)
{
    std::vector<std::string> lines;
    for (const auto& [name, value] : response.fields) {
        if (std::ranges::find(own_fields, lower_case(name)) == std::end(own_fields))
            lines.push_back(lower_case(name) + ": " + value + "\n");
    }
    std::ranges::sort(lines);
    std::string text;
    for (const std::string& line : lines)
        text += line;
    return text;
}

std::string answer_of(std::uint16_t port, const Question& question)
{
    Client client(port);
    client.send(request(question.method, question.target, question.fields, question.body));
    const Response response = client.read_response(question.method == "HEAD");
    return question.method + " " + question.target + " -> " + std::to_string(response.status) +
           (response.whole ? "" : ", cut") + "\n" + guest_fields(response) + "\n" + response.body;
}

class component_peers_serve : public MadeByPeers {
protected:
    static std::string entry(const std::string& name) { return module_entry("/...", "", made(name + ".wasm")); }
    static void expect_same(const std::string& name, const std::vector<Question>& questions,
                            const std::vector<std::string>& options = {})
    {
        const PeerServer there(script(name));
        ASSERT_NE(there.port(), 0);
        const Server here(entry(name), options);
        ASSERT_NE(here.port(), 0) << here.errors();
        for (const Question& question : questions)
            EXPECT_EQ(answer_of(here.port(), question), answer_of(there.port(), question)) << here.errors();
    }
};

const std::string much_text(300'000, 'm');

} // namespace

TEST_F(component_peers_serve, events_of_javascript_are_answered_the_same)
{
    expect_same("service", {{.target = "/text"},
                            {.target = "/text?a=b&c=%20d", .fields = "X-Ask: something\r\n"},
                            {.method = "HEAD", .target = "/text"},
                            {.method = "POST", .target = "/text", .body = "a body, ein Körper"},
                            {.method = "PUT", .target = "/text", .body = "put"},
                            {.method = "PATCH", .target = "/text", .body = "patched"},
                            {.method = "DELETE", .target = "/text"},
                            {.method = "OPTIONS", .target = "/text"},
                            {.method = "POST", .target = "/json", .body = R"({"numbers": [1, 2, 3.5]})"},
                            {.target = "/stream"},
                            {.method = "POST", .target = "/through", .body = much_text},
                            {.target = "/large?bytes=1000000"},
                            {.target = "/status?code=418"},
                            {.target = "/status?code=503"},
                            {.target = "/elsewhere"},
                            {.method = "POST", .target = "/digest", .body = much_text},
                            {.target = "/nowhere"}});
}

TEST_F(component_peers_serve, the_interfaces_from_javascript_are_answered_the_same)
{
    expect_same("program", {{.target = "/describe"},
                            {.target = "/describe?a=b&c=%20d", .fields = "X-One: 1\r\nX-Two: 2\r\n"},
                            {.method = "POST", .target = "/describe", .body = "a body, ein Körper"},
                            {.method = "DELETE", .target = "/describe"},
                            {.target = "/status?204"},
                            {.target = "/status?404"},
                            {.method = "PUT", .target = "/echo", .body = much_text},
                            {.target = "/large?1000000"},
                            {.target = "/nowhere"}});
}

TEST_F(component_peers_serve, c_is_answered_the_same)
{
    for (const std::string tier : {"interpreter", "aot"})
        expect_same("server",
                    {{.target = "/"},
                     {.target = "/path?query"},
                     {.method = "POST", .target = "/some/where", .body = "a body"},
                     {.method = "PUT", .target = "/", .body = much_text}},
                    {"--tier", tier});
}

// Where the other program ends with its process, or keeps one of two fields.
TEST_F(component_peers_serve, what_only_we_answer)
{
    const Server service(entry("service"));
    EXPECT_EQ(answer_of(service.port(), {.target = "/empty"}), "GET /empty -> 204\n\n");
    EXPECT_EQ(answer_of(service.port(), {.target = "/cookies"}),
              "GET /cookies -> 200\ncontent-type: text/plain;charset=UTF-8\nset-cookie: one=1\n"
              "set-cookie: two=2; Path=/\n\nsweet\n");
    const Server program(entry("program"));
    EXPECT_EQ(answer_of(program.port(), {.target = "/fields"}), "GET /fields -> 200\nx-one: 1\nx-two: a\nx-two: b\n\n");
    for (const std::string target : {"/throw", "/nothing", "/error"})
        EXPECT_EQ(program.get(target).status / 100, 5u) << target;
    EXPECT_EQ(program.get("/describe").status, 200u) << program.errors();
}

// The other host wants a node newer than Debian's for these.
TEST_F(component_peers_serve, streams_of_javascript_answer)
{
    const Server answers(entry("answers"));
    EXPECT_EQ(answer_of(answers.port(), {.method = "POST", .target = "/", .body = "a body"}),
              "POST / -> 200\nx-made: by a stream\n\nwhat came: a body\n");
    EXPECT_EQ(answer_of(answers.port(), {.method = "POST", .target = "/", .body = much_text}),
              "POST / -> 200\nx-made: by a stream\n\nwhat came: " + much_text + "\n");
    EXPECT_EQ(answer_of(answers.port(), {.target = "/nowhere"}), "GET /nowhere -> 404\nx-made: by a stream\n\n");
    const Server capitals(entry("capitals"));
    EXPECT_EQ(answer_of(capitals.port(), {.method = "POST", .target = "/", .body = "capitals, please"}),
              "POST / -> 200\ncontent-type: application/octet-stream\n\nCAPITALS, PLEASE");
}

} // namespace trellis::testing
