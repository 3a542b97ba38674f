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

TEST_F(serve_compiled, there_are_three_tiers)
{
    auto server = serve("one.wat", "", {"--tier", "fast"});
    EXPECT_EQ(server.exit_code(), 2);
    EXPECT_NE(server.errors().find("there are: interpreter, jit, aot"), std::string::npos);
}

} // namespace
} // namespace trellis::testing
