// What an operator has: volumes, logs, metrics, sockets, workers, and a stop that loses nothing.
#include "serve/server.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <gtest/gtest.h>
#include <regex>

namespace trellis::testing {
namespace {

namespace fs = std::filesystem;

const std::string act = module_entry("/...");

bool matches(const std::string& text, const std::string& pattern)
{
    return std::regex_search(text, std::regex(pattern));
}

TEST(serve_operations, health_and_routes_that_modules_declare)
{
    const Server server(module_entry("/own/...", "", TRELLIS_SERVE_GUESTS "/routes.wasm") +
                        module_entry("/exact", "methods = [\"POST\"]"));
    EXPECT_EQ(server.get("/healthz").body, "OK");
    EXPECT_EQ(server.get("/own/hello").body, "hello by a route of its own\n");
    EXPECT_EQ(server.get("/own/deep/down").body, "hello by a route of its own\n");
    EXPECT_EQ(server.get("/own/hello/").body, "main\n");
    EXPECT_EQ(server.get("/elsewhere").status, 404);
    EXPECT_EQ(server.get("/exact/").status, 404);
    const auto wrong_method = server.get("/exact");
    EXPECT_EQ(wrong_method.status, 405);
    EXPECT_EQ(wrong_method.field("allow"), "POST");
}

class serve_volumes : public ::testing::Test {
protected:
    serve_volumes()
    {
        for (const auto* const name : {"/open", "/open/sub", "/kept"})
            fs::create_directory(folder_->path() + name);
        (void)folder_->file("open/a.txt", "a");
        (void)folder_->file("kept/b.txt", "b");
        (void)folder_->file("secret", "secret");
        fs::create_symlink("../secret", folder_->path() + "/open/out");
        fs::create_symlink("/etc/passwd", folder_->path() + "/open/absolute");
        fs::create_symlink("..", folder_->path() + "/open/sub/up");
        fs::create_directory_symlink("../kept", folder_->path() + "/open/folder_out");
        (void)folder_->file("modules.toml",
                            module_entry("/...", "volumes = {\"/open\" = \"open\", \"/kept\" = \"kept::ro\"}"));
    }
    std::shared_ptr<TemporaryDirectory> folder_ = std::make_shared<TemporaryDirectory>();
};

TEST_F(serve_volumes, are_read_and_written)
{
    const Server server(folder_, {});
    EXPECT_EQ(server.get("/file?/open/a.txt").body, "a");
    EXPECT_EQ(server.get("/file?/open/sub/up/a.txt").body, "a"); // inside all the way
    EXPECT_EQ(server.post("/add?/open/new.txt", "one ").status, 200);
    EXPECT_EQ(server.post("/add?/open/new.txt", "two").status, 200);
    EXPECT_EQ(server.get("/file?/open/new.txt").body, "one two");
    EXPECT_EQ(server.get("/file?/kept/b.txt").body, "b");
    EXPECT_TRUE(server.post("/add?/kept/b.txt", "more").body.starts_with("error "));
    EXPECT_EQ(read_whole_file(folder_->path() + "/kept/b.txt"), "b");
}

TEST_F(serve_volumes, lead_nowhere_else)
{
    const Server server(folder_, {});
    for (const auto* const path :
         {"/open/../secret", "/open/sub/../../secret", "/secret", "/open/out", "/open/absolute", "/etc/passwd",
          "../secret", "secret", "/open/sub/up/../secret", "/open/folder_out/b.txt", "/proc/self/environ",
          "/open/./.././secret", "/open//../secret", "/open/a.txt/../../secret"}) {
        const auto got = server.get("/file?" + percent_encoded(path));
        EXPECT_TRUE(got.body.starts_with("error ")) << path << got.text;
        EXPECT_TRUE(server.post("/add?" + percent_encoded(path), "intruder").body.starts_with("error ")) << path;
    }
    EXPECT_EQ(read_whole_file(folder_->path() + "/secret"), "secret");
    // Links that the guest makes itself.
    for (const auto* const target : {"../secret", "/etc/passwd", "../kept/b.txt"}) {
        (void)server.get("/link?" + percent_encoded(std::string(target) + " /open/mine"));
        EXPECT_TRUE(server.get("/file?/open/mine").body.starts_with("error ")) << target;
        std::error_code ignored;
        fs::remove(folder_->path() + "/open/mine", ignored);
    }
}

TEST(serve_operations, lines_of_modules_have_their_name)
{
    const Server server(act);
    (void)server.get("/complain?" + percent_encoded("one line\nanother \x1b[31m\nand a rest"));
    EXPECT_TRUE(server.said("and a rest\n"));
    const auto lines = server.errors();
    EXPECT_TRUE(matches(lines, "\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z \\S*act\\.wasm #\\d+: one line\n")) << lines;
    EXPECT_TRUE(matches(lines, " \\S*act\\.wasm #\\d+: and a rest\n")) << lines;
    EXPECT_EQ(lines.find('\x1b'), std::string::npos) << lines;
}

TEST(serve_operations, log_directory_has_a_file_for_each_route)
{
    const auto folder = std::make_shared<TemporaryDirectory>();
    (void)folder->file("modules.toml", act);
    fs::create_directory(folder->path() + "/logs");
    Server server(folder, {"--log-dir", "{}/logs"});
    (void)server.get("/complain?said");
    // sha256 of "/..."
    const auto hash = run_process({.words = {"/bin/sh", "-c", "printf /... | sha256sum | cut -c1-64 | tr -d '\\n'"}});
    const auto file = folder->path() + "/logs/" + hash.output + "/module.stderr";
    EXPECT_TRUE(eventually([&] { return read_whole_file(file) == "said\n"; })) << read_whole_file(file);
    // Rotation: moved away, and opened again when asked.
    fs::rename(file, file + ".1");
    server.signal(SIGHUP);
    EXPECT_TRUE(server.said("reloaded"));
    (void)server.get("/complain?again");
    EXPECT_TRUE(eventually([&] { return read_whole_file(file) == "again\n"; }));
    EXPECT_EQ(server.stop(), 0);
    EXPECT_EQ(server.errors().find("said"), std::string::npos);
}

TEST(serve_operations, access_log_in_the_common_format)
{
    Server server(act, {"--access-log", "-"});
    (void)server.post("/cat?a=\"b", "hello", "User-Agent: x\r\n");
    (void)server.get("/trap");
    (void)server.get("/nothing%0a");
    (void)server.raw("GET / HTTP/1.1\r\n\r\n");
    (void)server.raw(request("HEAD", "/healthz"));
    EXPECT_EQ(server.stop(), 0);
    const auto lines = server.output();
    const std::string begin = "127\\.0\\.0\\.1 - - \\[\\d\\d/\\w{3}/\\d{4}:\\d\\d:\\d\\d:\\d\\d \\+0000\\] ";
    EXPECT_TRUE(matches(lines, begin + "\"POST /cat\\?a=\\S*b HTTP/1\\.1\" 200 5\n")) << lines;
    EXPECT_TRUE(matches(lines, begin + "\"GET /trap HTTP/1\\.1\" 502 \\d+\n")) << lines;
    EXPECT_TRUE(matches(lines, begin + "\"-\" 400 -\n")) << lines;
    EXPECT_TRUE(matches(lines, begin + "\"HEAD /healthz HTTP/1\\.1\" 200 -\n")) << lines;
    EXPECT_EQ(std::ranges::count(lines, '\n'), 5);
}

TEST(serve_operations, access_log_as_json)
{
    Server server(act, {"--access-log", "{}/access.log", "--access-log-format", "json"});
    (void)server.post("/cat?q", "hello");
    (void)server.get("/trap");
    Client leaving(server.port());
    leaving.send(request("GET", "/tell_and_nap"));
    EXPECT_TRUE(server.said("told"));
    leaving.reset();
    const auto file = server.path("access.log");
    EXPECT_TRUE(eventually([&] { return read_whole_file(file).find("client was gone") != std::string::npos; }));
    EXPECT_EQ(server.stop(), 0);
    const auto lines = read_whole_file(file);
    EXPECT_TRUE(matches(lines,
                        "\"method\":\"POST\",\"target\":\"/cat\\?q\",\"protocol\":\"HTTP/1\\.1\",\"status\":200,"
                        "\"bytes\":5,\"duration_ms\":[0-9.]+,\"module\":\"\\S*act\\.wasm\",\"route\":\"/\\.\\.\\.\""))
        << lines;
    EXPECT_TRUE(matches(lines, "\"status\":502,.*\"error\":\"the module trapped: unreachable\"")) << lines;
    EXPECT_TRUE(matches(lines, "\"status\":0,.*\"error\":\"the client was gone\"")) << lines;
}

TEST(serve_operations, metrics_have_an_address_of_their_own)
{
    const Server server(module_entry("/a/...") + module_entry("/b/...", "timeout = \"50ms\""),
                        {"--metrics", "127.0.0.1:0", "--workers", "2"});
    for (int i = 0; i < 20; ++i)
        (void)server.get("/a/env");
    (void)server.get("/b/spin");
    (void)server.get("/b/trap");
    (void)server.get("/c");
    EXPECT_EQ(server.get("/metrics").status, 404);
    Client client(server.metrics_port());
    client.send(request("GET", "/metrics") + request("GET", "/"));
    const auto page = client.read_response();
    EXPECT_EQ(page.field("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_EQ(client.read_response().status, 404);
    // A request is counted when its answer has left, so a quick client may be there before.
    for (const auto* const line : {
             "trellis_http_requests_total\\{module=\"/a/\\.\\.\\.\",code=\"200\"\\} 20\n",
             "trellis_http_requests_total\\{module=\"/b/\\.\\.\\.\",code=\"504\"\\} 1\n",
             "trellis_http_requests_total\\{module=\"/b/\\.\\.\\.\",code=\"502\"\\} 1\n",
             "trellis_http_requests_total\\{module=\"\",code=\"404\"\\} 2\n",
             "trellis_traps_total\\{module=\"/b/\\.\\.\\.\",kind=\"unreachable\"\\} 1\n",
         })
        EXPECT_TRUE(eventually([&] {
            Client again(server.metrics_port());
            again.send(request("GET", "/metrics"));
            return matches(again.read_response().body, line);
        })) << line
            << page.body;
}

TEST(serve_operations, unix_sockets)
{
    const auto folder = std::make_shared<TemporaryDirectory>();
    (void)folder->file("modules.toml", act);
    const auto path = folder->path() + "/socket";
    const auto ask = [&] {
        Client client(path);
        client.send(request("GET", "/env"));
        return client.read_response().body;
    };
    {
        Server first(folder, {"--listen", "unix:{}/socket"});
        EXPECT_TRUE(first.said("listening on unix:"));
        EXPECT_NE(ask().find("\nREMOTE_ADDR=\n"), std::string::npos);
        // It is in use.
        Server second(folder, {"--listen", "unix:{}/socket"});
        EXPECT_EQ(second.exit_code(), 1) << second.errors();
        EXPECT_TRUE(second.said("in use"));
        EXPECT_NE(ask(), "");
        first.signal(SIGKILL);
        EXPECT_EQ(first.exit_code(), -SIGKILL);
    }
    EXPECT_TRUE(fs::exists(path)); // left behind, and replaced
    {
        const Server third(folder, {"--listen", "unix:{}/socket"});
        EXPECT_NE(ask(), "");
    }
    EXPECT_FALSE(fs::exists(path));
    (void)folder->file("socket", "precious");
    Server fourth(folder, {"--listen", "unix:{}/socket"});
    EXPECT_NE(fourth.exit_code(), 0);
    EXPECT_EQ(read_whole_file(path), "precious");
}

TEST(serve_operations, several_addresses_and_workers)
{
    const Server server(
        act, {"--listen", "127.0.0.1:0", "--listen", "unix:{}/socket", "--listen", "[::1]:0", "--workers", "2"});
    EXPECT_TRUE(server.said("listening on http://[::1]:"));
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 200; ++i) {
        clients.push_back(i % 10 == 0 ? std::make_unique<Client>(server.path("socket"))
                                      : std::make_unique<Client>(server.port()));
        clients.back()->send(request("POST", "/cat", "", "client " + std::to_string(i)));
    }
    for (std::size_t i = 0; i < clients.size(); ++i)
        EXPECT_EQ(clients[i]->read_response().body, "client " + std::to_string(i));
}

class serve_stop : public ::testing::TestWithParam<int> {};

TEST_P(serve_stop, lets_requests_finish)
{
    Server server(act, {"--workers", "2"});
    Client idle(server.port()), busy(server.port()), reading(server.port()), half(server.port());
    idle.send(request("GET", "/healthz"));
    EXPECT_EQ(idle.read_response().status, 200);
    busy.send(request("GET", "/nap?300") + request("GET", "/healthz"));
    reading.send(request("POST", "/cat", "Content-Length: 8\r\n") + "begun");
    half.send("GET /healthz HTTP/1.1\r\n");
    usleep(50'000);
    server.signal(GetParam());
    EXPECT_TRUE(server.said("stopping: "));
    EXPECT_TRUE(idle.ended());
    const auto answer = busy.read_response();
    EXPECT_EQ(answer.body, "slept\n");
    EXPECT_EQ(answer.field("connection"), "close");
    EXPECT_TRUE(busy.ended());
    reading.send("end");
    EXPECT_EQ(reading.read_response().body, "begunend");
    half.send("Host: x\r\n\r\n");
    EXPECT_EQ(half.read_response().body, "OK");
    EXPECT_EQ(server.exit_code(), 0);
}

INSTANTIATE_TEST_SUITE_P(serve_operations, serve_stop, ::testing::Values(SIGTERM, SIGINT),
                         [](const auto& info) { return info.param == SIGTERM ? "SIGTERM" : "SIGINT"; });

TEST(serve_operations, stop_turns_nobody_away_who_has_asked_already)
{
    Server server(act, {"--workers", "2"});
    std::vector<std::unique_ptr<Client>> clients;
    const auto connect = [&] { clients.push_back(std::make_unique<Client>(server.port())); };
    for (int i = 0; i < 8; ++i) {
        connect();
        clients.back()->send(request("GET", "/healthz"));
        EXPECT_EQ(clients.back()->read_response().status, 200u);
    }
    // While it sleeps, idle connections ask, and new ones come.
    server.signal(SIGSTOP);
    for (int i = 0; i < 8; ++i)
        connect();
    for (const auto& one : clients)
        one->send(request("GET", "/nap?50"));
    server.signal(SIGTERM);
    server.signal(SIGCONT);
    for (const auto& one : clients) {
        const auto response = one->read_response();
        EXPECT_EQ(response.body, "slept\n");
        EXPECT_EQ(response.field("connection"), "close");
    }
    EXPECT_EQ(server.exit_code(), 0);
}

TEST(serve_operations, who_comes_during_a_stop_is_refused)
{
    Server server(act);
    Client busy(server.port());
    busy.send(request("POST", "/cat", "Content-Length: 3\r\n") + "a");
    EXPECT_TRUE(busy.read_until("\r\na\r\n").ends_with("\r\na\r\n"));
    server.signal(SIGTERM);
    EXPECT_TRUE(server.said("stopping: "));
    EXPECT_TRUE(eventually([&] { return !Client::is_accepted(server.port()); }));
    busy.send("bc");
    EXPECT_TRUE(busy.read_until("0\r\n\r\n").ends_with("0\r\n\r\n"));
    EXPECT_EQ(server.exit_code(), 0);
}

TEST(serve_operations, second_signal_stops_at_once)
{
    Server server(module_entry("/...", "timeout = \"60s\"\nqueue_timeout = \"60s\"\nmax_concurrency = 3"));
    std::vector<std::unique_ptr<Client>> clients;
    // Computing, sleeping, reading; and the same in line behind them.
    for (int i = 0; i < 2; ++i)
        for (const auto* const target : {"/spin", "/nap?50000", "/cat"}) {
            clients.push_back(std::make_unique<Client>(server.port()));
            clients.back()->send(request("POST", target, "Content-Length: 5\r\n"));
        }
    usleep(50'000);
    server.signal(SIGTERM);
    EXPECT_TRUE(server.said("stopping: "));
    server.signal(SIGTERM);
    EXPECT_TRUE(server.said("stopping at once"));
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(server.exit_code(), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(20));
    for (const auto& one : clients)
        EXPECT_FALSE(one->read_response().whole);
}

TEST(serve_operations, mistakes_at_the_start_are_told)
{
    const auto folder = std::make_shared<TemporaryDirectory>();
    const auto expect = [&](const std::string& modules, std::vector<std::string> options, std::string_view message) {
        (void)folder->file("modules.toml", modules);
        Server server(folder, std::move(options));
        EXPECT_GT(server.exit_code(), 0) << message;
        EXPECT_TRUE(server.errors().starts_with("error: ")) << server.errors();
        EXPECT_NE(server.errors().find(message), std::string::npos) << server.errors();
    };
    const Server other(act);
    expect(act, {"--listen", "127.0.0.1:" + std::to_string(other.port())}, "in use");
    expect(act, {"--listen", "nonsense"}, "HOST:PORT");
    expect("", {}, "modules.toml");
    expect("[[module]\n", {}, "modules.toml:1");
    expect(module_entry("/", "", "missing.wasm"), {}, "missing.wasm");
    expect(module_entry("/", "volumes = {\"/a\" = \"missing\"}"), {}, "missing");
    expect(module_entry("/", "entrypoint = \"other\""), {}, "exports no function other");
    expect(act, {"--log-dir", "{}/modules.toml"}, "modules.toml");
    expect(act, {"--access-log", "{}/missing/log"}, "missing");
}

} // namespace
} // namespace trellis::testing
