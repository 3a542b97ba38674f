// What is changed under a running server: it is noticed, nothing is lost, and what is wrong changes nothing.
#include "serve/server.hpp"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <gtest/gtest.h>
#include <thread>

namespace trellis::testing {
namespace {

namespace fs = std::filesystem;

std::string answering(const std::string& body)
{
    return module_that_says("content-type: text/plain\n\n" + body);
}

class serve_reload : public ::testing::Test {
protected:
    serve_reload()
    {
        put("one.wat", answering("first"));
        put("modules.toml", module_entry("/one", "", "one.wat") + module_entry("/act/..."));
    }
    /// As a deployment does: the new file takes the old one's name.
    void put(const std::string& name, const std::string& content) const
    {
        fs::rename(folder_->file(name + ".new", content), folder_->path() + "/" + name);
    }
    static bool becomes(const Server& server, std::string_view target, const std::string& body)
    {
        return eventually([&] { return server.get(target).body == body; });
    }
    std::shared_ptr<TemporaryDirectory> folder_ = std::make_shared<TemporaryDirectory>();
};

TEST_F(serve_reload, does_not_happen_without_a_change)
{
    put("modules.toml", module_entry("/one", "", "one.wat")); // just before
    const Server server(folder_, {});
    (void)folder_->file("noise", "");
    usleep(700'000);
    EXPECT_EQ(server.errors().find("reloaded"), std::string::npos) << server.errors();
    put("one.wat", answering("second"));
    EXPECT_TRUE(becomes(server, "/one", "second"));
    usleep(700'000);
    EXPECT_TRUE(server.said("reloaded", 1));
    EXPECT_EQ(server.errors().find("reloaded"), server.errors().rfind("reloaded")) << server.errors();
}

TEST_F(serve_reload, modules_and_configuration)
{
    const Server server(folder_, {});
    EXPECT_EQ(server.get("/one").body, "first");
    put("one.wat", answering("second"));
    EXPECT_TRUE(becomes(server, "/one", "second"));
    (void)folder_->file("one.wat", answering("written in place"));
    EXPECT_TRUE(becomes(server, "/one", "written in place"));
    put("modules.toml", module_entry("/two", "", "one.wat"));
    EXPECT_TRUE(becomes(server, "/two", "written in place"));
    EXPECT_EQ(server.get("/one").status, 404);
}

TEST_F(serve_reload, what_is_broken_changes_nothing)
{
    const Server server(folder_, {});
    put("one.wat", "(module (func (result i32)))");
    EXPECT_TRUE(server.said("error: "));
    EXPECT_TRUE(server.said("what was loaded before goes on"));
    EXPECT_NE(server.errors().find("one.wat"), std::string::npos) << server.errors();
    EXPECT_EQ(server.get("/one").body, "first");
    put("one.wat", answering("mended"));
    EXPECT_TRUE(becomes(server, "/one", "mended"));
    put("modules.toml", "[[module]]\nroute = \"/one\"\nmodul = \"one.wat\"\n");
    EXPECT_TRUE(server.said("modules.toml:3: there is no field modul; did you mean module?"));
    EXPECT_EQ(server.get("/one").body, "mended");
    fs::remove(folder_->path() + "/modules.toml");
    EXPECT_TRUE(server.said("what was loaded before goes on", 3));
    EXPECT_EQ(server.get("/one").body, "mended");
    // The configuration comes before the module that it names.
    put("modules.toml", module_entry("/late", "", "late.wat"));
    EXPECT_TRUE(server.said("late.wat"));
    EXPECT_EQ(server.get("/one").body, "mended");
    put("late.wat", answering("late"));
    EXPECT_TRUE(becomes(server, "/late", "late"));
}

TEST_F(serve_reload, requests_finish_with_what_they_began_with)
{
    const Server server(folder_, {});
    Client client(server.port());
    client.send(request("POST", "/act/cat", "Content-Length: 8\r\n") + "begun");
    EXPECT_TRUE(client.read_until("begun").ends_with("begun"));
    put("modules.toml", module_entry("/one", "", "one.wat"));
    EXPECT_TRUE(eventually([&] { return server.get("/act/env").status == 404; }));
    client.send("end" + request("GET", "/act/env"));
    EXPECT_TRUE(client.read_until("0\r\n\r\n").ends_with("0\r\n\r\n"));
    EXPECT_EQ(client.read_response().status, 404u); // the next one of the same connection asks the new ones
}

TEST_F(serve_reload, by_signal_alone)
{
    const Server server(folder_, {"--no-reload"});
    put("one.wat", answering("second"));
    usleep(400'000);
    EXPECT_EQ(server.get("/one").body, "first");
    server.signal(SIGHUP);
    EXPECT_TRUE(becomes(server, "/one", "second"));
}

TEST_F(serve_reload, loses_nothing_under_load)
{
    constexpr int versions = 8;
    put("one.wat", answering("version 0"));
    const Server server(folder_, {"--workers", "2"});
    std::atomic<bool> stop = false;
    std::atomic<int> answered = 0;
    const auto ask = [&] {
        Client client(server.port());
        int newest = 0;
        while (!stop) {
            client.send(request("GET", "/one"));
            const auto response = client.read_response();
            ASSERT_EQ(response.status, 200u) << response.text;
            const int version = std::stoi(response.body.substr(8));
            EXPECT_GE(version, newest); // on one connection time goes forward
            newest = version;
            ++answered;
        }
        EXPECT_EQ(newest, versions);
    };
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i)
        clients.emplace_back(ask);
    for (int version = 1; version <= versions; ++version) {
        put("one.wat", answering("version " + std::to_string(version)));
        EXPECT_TRUE(becomes(server, "/one", "version " + std::to_string(version)));
    }
    EXPECT_TRUE(server.said("reloaded", versions));
    // Both workers have it when all clients, of whichever, have seen it.
    usleep(100'000);
    stop = true;
    for (auto& one : clients)
        one.join();
    EXPECT_GT(answered, 100);
}

} // namespace
} // namespace trellis::testing
