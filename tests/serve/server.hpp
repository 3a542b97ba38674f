// The real `trellis serve`, started with a modules.toml and ended with the scope: at an address that the system
// chooses, its standard output and error kept as they come. One thread at a time.
#pragma once

#include "serve/client.hpp"
#include "system/process.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace trellis::testing {

/// One entry: the route, and further lines; the module is the guest of these tests, if none is named.
std::string module_entry(std::string_view route, std::string_view fields = "", std::string_view file = "");
/// A module that answers with this text, as WebAssembly text.
std::string module_that_says(std::string_view text);

class Server {
public:
    /// `modules`: the text of modules.toml; "{}" stands for the folder. `before`: words in front of the command.
    /// Returns when it listens, or has ended.
    explicit Server(const std::string& modules, std::vector<std::string> options = {},
                    std::vector<std::string> before = {});
    /// The same in a folder that is there already, with its modules.toml.
    Server(std::shared_ptr<TemporaryDirectory> folder, std::vector<std::string> options);
    /// SIGTERM, and it has to end well, unless stop() or killed ends came before.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] const TemporaryDirectory& folder() const { return *folder_; }
    [[nodiscard]] std::string path(const std::string& name) const { return folder_->path() + "/" + name; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::uint16_t metrics_port() const { return metrics_port_; }
    [[nodiscard]] pid_t process() const { return process_; }

    /// One request on a connection of its own.
    [[nodiscard]] Response get(std::string_view target, std::string_view fields = "") const;
    [[nodiscard]] Response post(std::string_view target, std::string_view body, std::string_view fields = "") const;
    [[nodiscard]] Response raw(std::string_view text) const;

    void signal(int number) const;
    /// Waits for its end; negative: the signal that it died of, SIGKILL also where it took too long.
    int exit_code();
    /// SIGTERM and exit_code().
    int stop();
    /// Waits until standard error holds the text that often; false: it took too long.
    [[nodiscard]] bool said(std::string_view text, std::size_t times = 1) const;
    [[nodiscard]] std::string errors() const;
    [[nodiscard]] std::string output() const;

private:
    struct Streams;
    void start(const std::vector<std::string>& options, std::vector<std::string> words);

    std::shared_ptr<TemporaryDirectory> folder_;
    std::unique_ptr<Streams> streams_;
    pid_t process_ = 0;
    int exit_code_ = -1;
    std::uint16_t port_ = 0, metrics_port_ = 0;
};

/// Until it is true; false: it took too long.
template <class Condition>
bool eventually(const Condition& condition)
{
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until)
            return false;
        usleep(2'000);
    }
    return true;
}

} // namespace trellis::testing
