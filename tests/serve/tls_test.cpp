// The server with TLS, asked by curl: a client that knows nothing of ours.
#include "net/tls/test_certificates.hpp"
#include "serve/server.hpp"

#include <gtest/gtest.h>

namespace trellis::testing {
namespace {

using net::tls::TestCertificates;
using net::tls::TestIdentity;

class serve_tls : public ::testing::Test {
protected:
    [[nodiscard]] std::vector<std::string> options() const { return {"--tls-cert", certificate_, "--tls-key", key_}; }
    [[nodiscard]] ProcessResult curl(const Server& server, std::string_view target,
                                     std::vector<std::string> more = {}) const
    {
        std::vector<std::string> words = {"/usr/bin/curl", "--silent", "--show-error", "--cacert", certificate_};
        words.insert(words.end(), more.begin(), more.end());
        words.push_back("https://localhost:" + std::to_string(server.port()) + std::string(target));
        return run_process({.words = words});
    }
    TestCertificates files_;
    TestIdentity identity_{{}};
    std::string certificate_ = files_.certificate("server.crt", identity_);
    std::string key_ = files_.key("server.key", identity_);
};

TEST_F(serve_tls, both_versions_are_spoken)
{
    const Server server(module_entry("/..."), options());
    EXPECT_TRUE(server.said("listening on https://127.0.0.1:"));
    for (const auto* const version : {"1.2", "1.3"}) {
        const std::vector<std::string> only = {std::string("--tlsv") + version, "--tls-max", version};
        const auto result = curl(server, "/env", only);
        EXPECT_EQ(result.exit_code, 0) << version << result.errors;
        EXPECT_NE(result.output.find("\nX_FULL_URL=https://localhost:"), std::string::npos) << result.output;
    }
    const auto old = curl(server, "/env", {"--tlsv1.1", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"});
    EXPECT_EQ(old.exit_code, 35) << old.errors;
    EXPECT_EQ(curl(server, "/env").exit_code, 0);
}

TEST_F(serve_tls, bodies_go_both_ways)
{
    const Server server(module_entry("/..."), options());
    const std::string body(3'000'000, 'x');
    const auto file = server.folder().file("body", body);
    for (const auto* const version : {"1.2", "1.3"}) {
        const auto echoed = curl(server, "/cat", {"--tls-max", version, "--data-binary", "@" + file});
        EXPECT_EQ(echoed.exit_code, 0) << echoed.errors;
        EXPECT_TRUE(echoed.output == body);
    }
    // Chunked, and with an expectation.
    const auto chunked =
        curl(server, "/count",
             {"-H", "Transfer-Encoding: chunked", "-H", "Expect: 100-continue", "--data-binary", "@" + file});
    EXPECT_EQ(chunked.output, "read 3000000\n");
    // An answer that fails on its way is not taken for whole.
    EXPECT_NE(curl(server, "/half?1000000").exit_code, 0);
}

TEST_F(serve_tls, who_does_not_speak_it_is_cut)
{
    const Server server(module_entry("/..."), options());
    Client plain(server.port());
    plain.send(request("GET", "/env"));
    EXPECT_EQ(plain.read_all().find("HTTP"), std::string::npos);
    EXPECT_FALSE(plain.timed_out());
    Client gone(server.port());
    gone.send("\x16\x03\x01");
    gone.reset();
    const auto distrusting = run_process(
        {.words = {"/usr/bin/curl", "--silent", "https://localhost:" + std::to_string(server.port()) + "/"}});
    EXPECT_EQ(distrusting.exit_code, 60);
    EXPECT_EQ(curl(server, "/env").exit_code, 0);
}

TEST_F(serve_tls, client_that_leaves_takes_its_guest_along)
{
    const Server server(module_entry("/...", "max_concurrency = 1\ntimeout = \"60s\"\nqueue_timeout = \"60s\""),
                        options());
    for (const auto* const target : {"/nap?50000", "/spin"}) {
        EXPECT_EQ(curl(server, target, {"--max-time", "0.2"}).exit_code, 28);
        EXPECT_EQ(curl(server, "/nap?0").output, "slept\n");
    }
}

TEST_F(serve_tls, wrong_files_are_told)
{
    const TestIdentity other({});
    const auto other_key = files_.key("other.key", other);
    const auto folder = std::make_shared<TemporaryDirectory>();
    (void)folder->file("modules.toml", module_entry("/..."));
    const auto expect = [&](std::vector<std::string> options, std::string_view message) {
        Server server(folder, std::move(options));
        EXPECT_GT(server.exit_code(), 0);
        EXPECT_NE(server.errors().find(message), std::string::npos) << server.errors();
    };
    expect({"--tls-cert", certificate_, "--tls-key", other_key}, "other.key");
    expect({"--tls-cert", certificate_, "--tls-key", files_.path("missing.key")}, "missing.key");
    expect({"--tls-cert", key_, "--tls-key", key_}, "server.key");
    expect({"--tls-cert", certificate_}, "belong together");
}

} // namespace
} // namespace trellis::testing
