// `trellis serve`: loops, servers, logs, metrics and reloading put together. One thread per worker, each with an event
// loop, a server and the guests of its connections; the first one also watches files and signals. run() belongs to the
// calling thread and returns when the server has stopped.
#pragma once

#include "base/result.hpp"
#include "net/http/server.hpp"
#include "services/gateway/access_log.hpp"
#include "services/gateway/code_supply.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace trellis::gateway {

struct GatewayOptions {
    std::string configuration_file;
    std::vector<std::string> listen = {"127.0.0.1:8080"};
    std::optional<std::string> metrics_address; ///< absent: no metrics
    std::size_t workers = 1;
    bool strict = false; ///< exactly as WAGI, without repairs
    bool reload = true;  ///< when modules.toml or a module changes
    std::string default_host = "localhost:3000";
    std::vector<std::pair<std::string, std::string>> environment;
    std::optional<std::string> tls_certificate, tls_key;
    std::optional<std::string> log_directory; ///< absent: modules' lines go to standard error
    std::optional<std::string> access_log;    ///< a file; "-": standard output; absent: none
    AccessFormat access_format = AccessFormat::common;
    net::http::ServerLimits limits = {};
    CodeChoice code = CodeChoice::interpreter;
    std::optional<embed::CodeCache> cache = {}; ///< of compiled code
};

/// What happens, for people; from run()'s thread.
struct GatewayEvents {
    std::function<void(std::string_view)>
        note;                                  ///< "listening on ...", "reloaded ..."; with CodeChoice::jit from others
    std::function<void(const Error&)> failure; ///< a reload that failed; the old one goes on
};

class Gateway {
public:
    /// Loads everything and opens the addresses; nothing is accepted yet. Errors: whatever is wrong with any of it.
    static Result<std::unique_ptr<Gateway>> make(GatewayOptions options, GatewayEvents events);
    ~Gateway();
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    /// "http://127.0.0.1:8080", with the ports that the system chose.
    [[nodiscard]] std::vector<std::string> addresses() const;
    [[nodiscard]] std::optional<std::string> metrics_address() const;
    /// Until SIGTERM or SIGINT: then requests finish and idle connections close; a second signal ends everything now.
    /// SIGHUP reloads and opens log files again. Errors: limit (a thread or fiber could not be made).
    Result<> run();

private:
    class Impl;
    explicit Gateway(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace trellis::gateway
