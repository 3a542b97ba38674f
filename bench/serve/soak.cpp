// Nothing lost: many requests while modules are replaced every few seconds, some guests trap, some never end, some
// clients leave. Every answer must be the one to its request; memory must stay flat and no descriptor may be left.
#include "load.hpp"
#include "setting.hpp"

#include "base/format.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <random>
#include <thread>

namespace trellis::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned connections = 64, workers = 2;

// Shares of a thousand; what remains is the echo.
constexpr unsigned trapping = 10, spinning = 5, sleeping = 5, leaving = 10, with_body = 100;

enum Kind : unsigned { echo, echo_with_body, trap, spin, sleep, left, kinds };
constexpr std::array<const char*, kinds> kind_names = {"echo of a query",
                                                       "echo of a query and a body",
                                                       "trap",
                                                       "endless loop, time-out of 20 ms",
                                                       "sleeping, time-out of 20 ms",
                                                       "left by the client"};
constexpr std::array<unsigned, kinds> expected_status = {200, 200, 502, 504, 504, 0};

std::string repeated(std::uint64_t id, std::size_t size)
{
    const auto line = format("{}\n", id);
    std::string text;
    while (text.size() < size)
        text += line;
    text.resize(size);
    return text;
}

/// Mostly small, now and then more than any buffer.
std::size_t answer_size(std::mt19937_64& random)
{
    return random() % 100 == 0 ? random() % 300'000 : random() % 2'000;
}

class Soak {
public:
    Soak(const Setting& setting, ServerProcess& server, std::uint64_t requests, std::chrono::seconds reload_interval)
        : setting_(setting), server_(server), requests_(requests), reload_interval_(reload_interval)
    {
    }

    Result<> run()
    {
        began_ = last_reload_ = last_sample_ = Clock::now();
        LoadPlan plan;
        plan.port = server_.port();
        plan.connections = connections;
        plan.next = [this] { return next(); };
        plan.done = [this](const Request& request, const Answer& answer) { check(request, answer); };
        plan.tick = [this] { return tick(); };
        return send_load(plan);
    }

    [[nodiscard]] Report report(std::size_t descriptors_before, std::size_t descriptors_after) const;

private:
    std::optional<Request> next();
    void check(const Request& request, const Answer& answer);
    std::string wrong(const Request& request, const Answer& answer);
    std::string wrong_echo(const Request& request, const Response& response);
    bool tick();
    void replace_module();

    const Setting& setting_;
    ServerProcess& server_;
    const std::uint64_t requests_;
    const std::chrono::seconds reload_interval_;
    std::mt19937_64 random_{1};
    std::uint64_t sent_ = 0;
    std::array<std::uint64_t, kinds> count_ = {};
    std::map<std::uint64_t, std::size_t> sizes_; ///< of the answers that are awaited
    std::map<std::string, std::uint64_t> wrong_;
    std::map<std::string, std::uint64_t> versions_;
    Clock::time_point began_, last_reload_, last_sample_;
    unsigned version_ = 1, reloads_ = 0, reloads_seen_ = 0;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> resident_; ///< requests, bytes
    std::vector<double> took_;
};

std::optional<Request> Soak::next()
{
    if (sent_ == requests_)
        return {};
    Request request;
    request.id = ++sent_;
    const auto draw = random_() % 1000;
    const auto size = sizes_[request.id] = answer_size(random_);
    const auto query = format("?id={}&size={}", request.id, size);
    if (draw < trapping) {
        request.kind = trap;
        request.bytes = get_request("/trap" + query);
    } else if (draw < trapping + spinning) {
        request.kind = spin;
        request.bytes = get_request("/spin" + query);
    } else if (draw < trapping + spinning + sleeping) {
        request.kind = sleep;
        request.bytes = get_request("/sleep" + query);
    } else if (draw < trapping + spinning + sleeping + leaving) {
        request.kind = left;
        request.leave = static_cast<Request::Leave>(1 + random_() % 3);
        request.bytes = get_request("/echo" + query);
        sizes_.erase(request.id);
    } else if (draw < trapping + spinning + sleeping + leaving + with_body) {
        request.kind = echo_with_body;
        const auto body = repeated(request.id, answer_size(random_));
        request.bytes = format("POST /echo{} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}", query,
                               body.size(), body);
    } else {
        request.kind = echo;
        request.bytes = get_request("/echo" + query);
    }
    ++count_[request.kind];
    return request;
}

std::string Soak::wrong_echo(const Request& request, const Response& response)
{
    if (response.field("x-id") != format("{}", request.id))
        return format("the answer to another request: \"{}\"", response.field("x-id"));
    if (response.body != repeated(request.id, sizes_[request.id]))
        return "a body that is not this request's";
    const auto version = response.field("x-version");
    ++versions_[version];
    reloads_seen_ += version == format("{}", version_) && reloads_seen_ < reloads_;
    return {};
}

/// Empty: it is as it should be.
std::string Soak::wrong(const Request& request, const Answer& answer)
{
    if (!answer.failure.empty())
        return answer.failure;
    if (answer.response.status != expected_status[request.kind])
        return format("{} instead of {}: {}", answer.response.status, expected_status[request.kind],
                      answer.response.body.substr(0, 100));
    return request.kind <= echo_with_body ? wrong_echo(request, answer.response) : std::string();
}

void Soak::check(const Request& request, const Answer& answer)
{
    const auto what = wrong(request, answer);
    sizes_.erase(request.id);
    if (!what.empty())
        ++wrong_[format("{}: {}", kind_names[request.kind], what)];
    if (request.kind == echo)
        took_.push_back(std::chrono::duration<double, std::milli>(answer.took).count());
}

bool Soak::tick()
{
    const auto now = Clock::now();
    if (now - last_sample_ >= std::chrono::seconds(1)) {
        last_sample_ = now;
        resident_.emplace_back(sent_, server_.resident_bytes());
    }
    if (now - last_reload_ >= reload_interval_) {
        last_reload_ = now;
        std::fprintf(stderr, "%llu requests, %.1f MiB, %zu descriptors, %zu kinds of failure\n",
                     static_cast<unsigned long long>(sent_), static_cast<double>(server_.resident_bytes()) / 1048576,
                     server_.descriptors(), wrong_.size());
        replace_module();
    }
    return true;
}

/// As a deployment does: the new file takes the old one's name.
void Soak::replace_module()
{
    version_ = 3 - version_;
    ++reloads_;
    const auto module = setting_.work + "/echo.wasm";
    std::filesystem::copy_file(setting_.guest(format("echo_{}", version_)), module + ".new",
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::rename(module + ".new", module);
}

double mebibytes(std::uint64_t bytes)
{
    return static_cast<double>(bytes) / 1048576;
}

/// Median of the resident memory while the share `from` to `to` of the requests was sent.
double resident_between(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& samples, std::uint64_t from,
                        std::uint64_t to)
{
    std::vector<double> values;
    for (const auto& [sent, bytes] : samples)
        if (sent >= from && sent < to)
            values.push_back(mebibytes(bytes));
    return percentile(values, 0.5);
}

Report Soak::report(std::size_t descriptors_before, std::size_t descriptors_after) const
{
    Report report;
    const std::chrono::duration<double> took = Clock::now() - began_;
    // The first half is warm-up: pools fill until every slot has been used once by each kind of request.
    const double early = resident_between(resident_, requests_ / 2, requests_ * 3 / 5);
    const double late = resident_between(resident_, requests_ * 9 / 10, requests_ + 1);
    std::uint64_t failures = 0;
    for (const auto& [what, count] : wrong_)
        failures += count;
    auto latencies = took_;

    report.markdown =
        format("## Nothing lost\n\n{} requests over {} connections, {} workers, in {:.0f} s; the echo's module "
               "replaced every {} s.\n\n| requests | number |\n|---|---:|\n",
               sent_, connections, workers, took.count(), reload_interval_.count());
    for (unsigned kind = 0; kind < kinds; ++kind)
        report.markdown += format("| {} | {} |\n", kind_names[kind], count_[kind]);
    report.markdown += format("| wrong or missing answers | {} |\n\n| | |\n|---|---:|\n", failures);
    report.markdown +=
        format("| module replaced | {} times |\n| replacement seen in answers | {} times |\n", reloads_, reloads_seen_);
    for (const auto& [version, count] : versions_)
        report.markdown += format("| answers by version {} | {} |\n", version, count);
    report.markdown += format("| echo, p50 and p99 | {:.2f} and {:.2f} ms |\n", percentile(latencies, 0.5),
                              percentile(latencies, 0.99));
    report.markdown += format("| resident, first tenth after the first half | {:.1f} MiB |\n", early);
    report.markdown += format("| resident, last tenth | {:.1f} MiB |\n", late);
    report.markdown +=
        format("| descriptors before and after | {} and {} |\n\n", descriptors_before, descriptors_after);
    for (const auto& [what, count] : wrong_)
        report.markdown += format("* {} times {}\n", count, what);
    report.good = failures == 0 && reloads_seen_ == reloads_ && late <= 1.05 * early + 1 &&
                  descriptors_after <= descriptors_before;
    return report;
}

Result<> ask_once(std::uint16_t port, const std::string& target)
{
    LoadPlan plan;
    plan.port = port;
    plan.connections = 1;
    bool asked = false;
    plan.next = [&]() -> std::optional<Request> {
        if (std::exchange(asked, true))
            return {};
        return Request{.bytes = get_request(target)};
    };
    plan.done = [](const Request&, const Answer&) {};
    return send_load(plan);
}

void configure(const Setting& setting)
{
    std::filesystem::copy_file(setting.guest("echo_1"), setting.work + "/echo.wasm",
                               std::filesystem::copy_options::overwrite_existing);
    std::string toml = "[[module]]\nroute = \"/echo\"\nmodule = \"echo.wasm\"\n";
    toml += format("[[module]]\nroute = \"/trap\"\nmodule = \"{}\"\n", setting.guest("trap"));
    for (const char* name : {"spin", "sleep"})
        toml +=
            format("[[module]]\nroute = \"/{0}\"\nmodule = \"{1}\"\ntimeout = \"20ms\"\n", name, setting.guest(name));
    setting.configure(toml);
}

} // namespace

Result<Report> measure_soak(const Setting& setting, std::uint64_t requests, std::chrono::seconds reload_interval)
{
    configure(setting);
    auto server = TRELLIS_TRY(setting.serve(workers));
    for (const char* target : {"/echo?id=1&size=1", "/trap", "/spin", "/sleep"}) // all that is opened once is open
        TRELLIS_TRY(ask_once(server.port(), target));
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    const auto descriptors_before = server.descriptors();
    Soak soak(setting, server, requests, reload_interval);
    TRELLIS_TRY(soak.run());
    std::this_thread::sleep_for(std::chrono::seconds(2));
    auto report = soak.report(descriptors_before, server.descriptors());
    const int exit_code = server.stop();
    report.good &= exit_code == 0;
    if (exit_code != 0)
        report.markdown += format("**The server's exit code is {}.**\n\n", exit_code);
    return report;
}

} // namespace trellis::bench
