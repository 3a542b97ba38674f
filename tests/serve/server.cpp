#include "serve/server.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <mutex>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace trellis::testing {
namespace {

constexpr int patience_ms = 30'000;

/// What a descriptor gives, gathered by a thread until its end.
class Gathered {
public:
    Gathered()
    {
        int ends[2];
        TRELLIS_CHECK(pipe2(ends, O_CLOEXEC) == 0);
        read_end_ = ends[0];
        write_end_ = ends[1];
    }
    ~Gathered()
    {
        close_write_end();
        thread_.join();
        close(read_end_);
    }
    [[nodiscard]] int write_end() const { return write_end_; }
    void start()
    {
        close_write_end();
        thread_ = std::thread([this] { gather(); });
    }
    [[nodiscard]] std::string text() const
    {
        const std::lock_guard lock(mutex_);
        return text_;
    }
    [[nodiscard]] bool at_end() const
    {
        const std::lock_guard lock(mutex_);
        return at_end_;
    }

private:
    void close_write_end()
    {
        if (write_end_ >= 0)
            close(std::exchange(write_end_, -1));
    }
    void gather()
    {
        char bytes[65536];
        for (ssize_t count = 0; (count = read(read_end_, bytes, sizeof bytes)) > 0;) {
            const std::lock_guard lock(mutex_);
            text_.append(bytes, static_cast<std::size_t>(count));
        }
        const std::lock_guard lock(mutex_);
        at_end_ = true;
    }

    int read_end_, write_end_;
    mutable std::mutex mutex_;
    std::string text_;
    bool at_end_ = false;
    std::thread thread_;
};

std::size_t occurrences(std::string_view text, std::string_view what)
{
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size()))
        ++count;
    return count;
}

/// Behind "listening on http://127.0.0.1:".
std::uint16_t port_in(std::string_view text, std::string_view before)
{
    const auto at = text.find(before);
    if (at == std::string_view::npos)
        return 0;
    const auto line = text.substr(at, text.find('\n', at) - at);
    return static_cast<std::uint16_t>(std::atoi(std::string(line.substr(line.rfind(':') + 1)).c_str()));
}

void replace_all(std::string& text, std::string_view what, std::string_view with)
{
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

} // namespace

struct Server::Streams {
    Gathered output, errors;
};

std::string module_entry(std::string_view route, std::string_view fields, std::string_view file)
{
    std::string text = "[[module]]\nroute = \"";
    text.append(route).append("\"\nmodule = \"").append(file.empty() ? TRELLIS_SERVE_GUESTS "/act.wasm" : file);
    return text.append("\"\n").append(fields).append("\n");
}

std::string module_that_says(std::string_view text)
{
    std::string data;
    for (const auto& byte : percent_encoded(text))
        data += byte == '%' ? '\\' : byte;
    const auto length = percent_encoded(std::string(1, static_cast<char>(text.size())));
    return "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
           "(memory (export \"memory\") 1) (data (i32.const 0) \"\\10\\00\\00\\00\\" +
           length.substr(1) + "\\00\\00\\00\") (data (i32.const 16) \"" + data +
           "\") (func (export \"_start\") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1)"
           " (i32.const 8)))))";
}

Server::Server(const std::string& modules, std::vector<std::string> options, std::vector<std::string> before)
    : folder_(std::make_shared<TemporaryDirectory>())
{
    auto text = modules;
    replace_all(text, "{}", folder_->path());
    (void)folder_->file("modules.toml", text);
    start(options, std::move(before));
}

Server::Server(std::shared_ptr<TemporaryDirectory> folder, std::vector<std::string> options)
    : folder_(std::move(folder))
{
    start(options, {});
}

void Server::start(const std::vector<std::string>& options, std::vector<std::string> words)
{
    words.insert(words.end(), {TRELLIS_PROGRAM, "serve", path("modules.toml")});
    if (std::ranges::find(options, "--listen") == options.end())
        words.insert(words.end(), {"--listen", "127.0.0.1:0"});
    if (std::ranges::find(options, "--workers") == options.end())
        words.insert(words.end(), {"--workers", "1"});
    words.insert(words.end(), options.begin(), options.end());
    for (auto& word : words)
        replace_all(word, "{}", folder_->path());
    std::vector<char*> pointers;
    for (auto& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    streams_ = std::make_unique<Streams>();
    process_ = ::fork();
    if (process_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(streams_->output.write_end(), STDOUT_FILENO);
        ::dup2(streams_->errors.write_end(), STDERR_FILENO);
        ::execv(pointers[0], pointers.data());
        ::_exit(127);
    }
    streams_->output.start();
    streams_->errors.start();
    eventually([this] { return errors().find("listening on ") != std::string::npos || streams_->errors.at_end(); });
    port_ = port_in(errors(), "listening on ");
    if (std::ranges::find(options, "--metrics") != options.end() && said("metrics at "))
        metrics_port_ = port_in(errors(), "metrics at ");
}

Server::~Server()
{
    if (process_ != 0) {
        EXPECT_EQ(stop(), 0) << errors();
    }
}

Response Server::raw(std::string_view text) const
{
    Client client(port_);
    client.send(text);
    return client.read_response(text.starts_with("HEAD "));
}

Response Server::get(std::string_view target, std::string_view fields) const
{
    return raw(request("GET", target, fields));
}

Response Server::post(std::string_view target, std::string_view body, std::string_view fields) const
{
    return raw(request("POST", target, fields, body));
}

void Server::signal(int number) const
{
    ::kill(process_, number);
}

int Server::exit_code()
{
    if (process_ == 0)
        return exit_code_;
    const int handle = static_cast<int>(::syscall(SYS_pidfd_open, process_, 0));
    pollfd ended = {.fd = handle, .events = POLLIN, .revents = 0};
    if (::poll(&ended, 1, patience_ms) != 1)
        ::kill(process_, SIGKILL);
    ::close(handle);
    int status = 0;
    TRELLIS_CHECK(::waitpid(process_, &status, 0) == process_);
    process_ = 0;
    eventually([this] { return streams_->errors.at_end() && streams_->output.at_end(); });
    return exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int Server::stop()
{
    signal(SIGTERM);
    return exit_code();
}

bool Server::said(std::string_view text, std::size_t times) const
{
    return eventually([&] { return occurrences(errors(), text) >= times || streams_->errors.at_end(); }) &&
           occurrences(errors(), text) >= times;
}

std::string Server::errors() const
{
    return streams_->errors.text();
}

std::string Server::output() const
{
    return streams_->output.text();
}

} // namespace trellis::testing
