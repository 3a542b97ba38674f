// Artifacts, and the code that the server makes itself. All the other tests run with compiled code too: serve_compiled.
#include "serve/server.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace trellis::testing {
namespace {

namespace fs = std::filesystem;

class serve_compiled : public ::testing::Test {
protected:
    serve_compiled() { (void)folder_->file("one.wat", module_that_says("content-type: text/plain\n\nfirst")); }

    void compile(std::vector<std::string> options = {}) const
    {
        ProcessRequest request;
        request.words = {TRELLIS_PROGRAM, "compile", path("one.wat"), "-o", path("one.cwasm")};
        request.words.insert(request.words.end(), options.begin(), options.end());
        const auto done = run_process(request);
        EXPECT_EQ(done.exit_code, 0) << done.errors;
    }
    /// Serves one module; where that is refused, the message is in its errors().
    Server serve(const std::string& file, const std::string& fields = "", std::vector<std::string> options = {}) const
    {
        (void)folder_->file("modules.toml", module_entry("/one", fields, file));
        return {folder_, std::move(options)};
    }
    [[nodiscard]] std::string path(const std::string& name) const { return folder_->path() + "/" + name; }
    [[nodiscard]] std::vector<fs::path> cached() const
    {
        std::vector<fs::path> files;
        if (fs::exists(path("cache")))
            for (const auto& one : fs::directory_iterator(path("cache")))
                if (one.path().filename() != "secret")
                    files.push_back(one.path());
        return files;
    }

    std::shared_ptr<TemporaryDirectory> folder_ = std::make_shared<TemporaryDirectory>();
};

TEST_F(serve_compiled, artifacts_answer)
{
    compile();
    EXPECT_EQ(serve("one.cwasm").get("/one").body, "first");
    EXPECT_EQ(serve("one.cwasm", "", {"--tier", "interpreter"}).get("/one").body, "first");
}

TEST_F(serve_compiled, damaged_artifact_is_refused_by_name)
{
    compile();
    fs::resize_file(path("one.cwasm"), fs::file_size(path("one.cwasm")) / 2);
    auto server = serve("one.cwasm");
    EXPECT_NE(server.exit_code(), 0);
    EXPECT_NE(server.errors().find("one.cwasm"), std::string::npos) << server.errors();
}

TEST_F(serve_compiled, artifact_without_fuel_is_refused_where_that_is_limited)
{
    compile();
    auto refused = serve("one.cwasm", "fuel = 1000000", {"--tier", "jit"});
    EXPECT_NE(refused.exit_code(), 0);
    EXPECT_NE(refused.errors().find("compile it with --fuel"), std::string::npos) << refused.errors();
    compile({"--fuel"});
    EXPECT_EQ(serve("one.cwasm", "fuel = 1000000", {"--tier", "jit"}).get("/one").body, "first");
    EXPECT_EQ(serve("one.cwasm", "fuel = 3", {"--tier", "jit"}).get("/one").status, 502);
    compile();
    EXPECT_EQ(serve("one.cwasm", "fuel = 1000000", {"--tier", "interpreter"}).get("/one").body, "first");
}

TEST_F(serve_compiled, what_was_compiled_in_the_background_is_kept)
{
    const std::vector<std::string> options = {"--tier", "jit", "--cache-dir", path("cache"), "--cache-log"};
    {
        const auto server = serve("one.wat", "", options);
        EXPECT_EQ(server.get("/one").body, "first") << "interpreted so far";
        EXPECT_TRUE(server.said("code cache: written")) << server.errors();
        for (int i = 0; i < 20; ++i)
            EXPECT_EQ(server.get("/one").body, "first") << "compiled from one of them on";
    }
    {
        const auto server = serve("one.wat", "", options);
        EXPECT_TRUE(server.said("code cache: used")) << server.errors();
        EXPECT_EQ(server.get("/one").body, "first");
    }
    for (const auto& file : cached()) { // a bit of each
        std::fstream entry(file, std::ios::binary | std::ios::in | std::ios::out);
        entry.seekg(200);
        const auto byte = static_cast<char>(entry.get() ^ 1);
        entry.seekp(200);
        entry.put(byte);
    }
    const auto server = serve("one.wat", "", options);
    EXPECT_TRUE(server.said("code cache: not used: entry")) << server.errors();
    EXPECT_EQ(server.get("/one").body, "first");
    EXPECT_TRUE(server.said("code cache: written")) << server.errors();
}

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) // they need the address space themselves
/// Each memory of compiled code has 8 GiB of address space here: the third of three at once is interpreted.
TEST_F(serve_compiled, where_address_space_runs_short_instances_are_interpreted)
{
    const Server server(module_entry("/..."), {"--tier", "aot", "--log-dir", path("logs"), "--workers", "1"},
                        {"/usr/bin/prlimit", "--as=" + std::to_string(std::uint64_t(22) << 30)});
    const std::string post = "POST /cat HTTP/1.1\r\nHost: here\r\nContent-Length: 6\r\n\r\n";
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 4; ++i) {
        clients.push_back(std::make_unique<Client>(server.port()));
        ASSERT_TRUE(clients.back()->send(post + "abc"));
        EXPECT_EQ(clients.back()->read_until("abc").substr(0, 12), "HTTP/1.1 200");
    }
    for (auto& client : clients) {
        ASSERT_TRUE(client->send("def"));
        EXPECT_NE(client->read_until("def").find("def"), std::string::npos);
    }
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(server.get("/env").status, 200);
    const auto times = [&] {
        std::size_t found = 0;
        for (const auto& one : fs::recursive_directory_iterator(path("logs"))) {
            if (!one.is_regular_file())
                continue;
            std::ifstream file(one.path());
            for (std::string line; std::getline(file, line);)
                found += line.contains("too little address space") ? 1 : 0;
        }
        return found;
    };
    EXPECT_TRUE(eventually([&] { return times() > 0; }));
    EXPECT_EQ(times(), 1u);
}
#endif

TEST_F(serve_compiled, without_the_compiler_a_module_stays_interpreted_which_is_said_once)
{
    // A program that has no compiler beside it.
    std::error_code other_file_system;
    fs::create_hard_link(TRELLIS_PROGRAM, path("trellis"), other_file_system);
    if (other_file_system)
        fs::copy_file(TRELLIS_PROGRAM, path("trellis"));
    const Server server(module_entry("/..."), {"--tier", "jit", "--no-cache"},
                        {"/bin/sh", "-c", "exec " + path("trellis") + " \"$@\""});
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(server.post("/cat", "text").body, "text");
    EXPECT_TRUE(server.said("stays interpreted: the compiler is not installed")) << server.errors();
    EXPECT_EQ(server.post("/cat", "text").body, "text");
    EXPECT_EQ(server.errors().find("stays interpreted", server.errors().find("stays interpreted") + 1),
              std::string::npos);
}

TEST_F(serve_compiled, a_reload_in_the_middle_of_compiling)
{
    const Server server(module_entry("/..."), {"--tier", "jit", "--no-cache", "--no-reload"});
    (void)server.folder().file("two.wat", module_that_says("content-type: text/plain\n\nsecond"));
    for (int round = 1; round <= 3; ++round) {
        (void)server.folder().file("modules.toml", module_entry("/two", "", server.path("two.wat")));
        server.signal(SIGHUP);
        EXPECT_TRUE(server.said("reloaded", static_cast<std::size_t>(2 * round - 1)));
        EXPECT_EQ(server.get("/two").body, "second");
        (void)server.folder().file("modules.toml", module_entry("/..."));
        server.signal(SIGHUP);
        EXPECT_TRUE(server.said("reloaded", static_cast<std::size_t>(2 * round)));
        EXPECT_EQ(server.post("/cat", "text").body, "text");
    }
}

TEST_F(serve_compiled, there_are_three_tiers)
{
    auto server = serve("one.wat", "", {"--tier", "fast"});
    EXPECT_EQ(server.exit_code(), 2);
    EXPECT_NE(server.errors().find("there are: interpreter, jit, aot"), std::string::npos);
}

} // namespace
} // namespace trellis::testing
