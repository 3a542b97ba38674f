// Requests per second of hello: trellis with a fresh instance for each, node's http, nginx with a file; by wrk, in
// turns.
#include "load.hpp"
#include "setting.hpp"

#include "../process.hpp"
#include "../table.hpp"

#include "base/format.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

namespace trellis::bench {

namespace {

constexpr int rounds = 5;
constexpr auto seconds = "5";

struct Contestant {
    std::string name;
    ServerProcess server;
};

struct Measured {
    double requests = 0, p50_ms = 0, p99_ms = 0;
    bool errors = false;
};

/// "1.23ms", "456.00us", "1.20s" in milliseconds.
double milliseconds_of(const std::string& text)
{
    char* unit = nullptr;
    const double value = std::strtod(text.c_str(), &unit);
    const std::string_view name(unit);
    return name.starts_with("us") ? value / 1e3 : name.starts_with("ms") ? value : value * 1e3;
}

/// The word behind `label` in wrk's output.
std::string word_behind(const std::string& output, const std::string& label)
{
    const auto at = output.find(label);
    if (at == std::string::npos)
        return {};
    const auto begin = output.find_first_not_of(' ', at + label.size());
    return output.substr(begin, output.find_first_of(" \n", begin) - begin);
}

Result<Measured> ask_wrk(std::uint16_t port, const char* duration)
{
    const auto outcome = TRELLIS_TRY(
        run({"wrk", "-t1", "-c64", format("-d{}s", duration), "--latency", format("http://127.0.0.1:{}/hello", port)}));
    if (outcome.exit_code != 0)
        return fail(ErrorCode::io, "wrk failed: " + outcome.output);
    const bool errors = outcome.output.find("Non-2xx") != std::string::npos ||
                        outcome.output.find("Socket errors") != std::string::npos;
    return Measured{.requests = std::strtod(word_behind(outcome.output, "Requests/sec:").c_str(), nullptr),
                    .p50_ms = milliseconds_of(word_behind(outcome.output, "50%")),
                    .p99_ms = milliseconds_of(word_behind(outcome.output, "99%")),
                    .errors = errors};
}

Result<Contestant> start_trellis(const Setting& setting)
{
    setting.configure(format("[[module]]\nroute = \"/hello\"\nmodule = \"{}\"\n", setting.guest("hello")));
    return Contestant{"trellis", TRELLIS_TRY(setting.serve(1))};
}

Result<Contestant> start_node(const Setting& setting)
{
    const auto port = free_port();
    return Contestant{
        "node", TRELLIS_TRY(ServerProcess::start({"node", setting.scripts + "/node_hello.mjs", format("{}", port)},
                                                 port, setting.work + "/node.log"))};
}

Result<Contestant> start_nginx(const Setting& setting)
{
    const auto port = free_port();
    const auto configuration = setting.work + "/nginx.conf";
    std::ofstream(setting.work + "/hello") << "hello, world\n";
    std::ofstream(configuration) << format(
        "daemon off;\nworker_processes 1;\npid {0}/nginx.pid;\nerror_log {0}/nginx.log;\n"
        "events {{ worker_connections 1024; }}\n"
        "http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {0};\n"
        "server {{ listen 127.0.0.1:{1}; root {0}; }} }}\n",
        setting.work, port);
    return Contestant{"nginx, a file",
                      TRELLIS_TRY(ServerProcess::start({"nginx", "-c", configuration, "-p", setting.work}, port,
                                                       setting.work + "/nginx.log"))};
}

Result<std::vector<Contestant>> start_all(const Setting& setting)
{
    std::vector<Contestant> all;
    all.push_back(TRELLIS_TRY(start_trellis(setting)));
    if (!find_program("node").empty())
        all.push_back(TRELLIS_TRY(start_node(setting)));
    if (!find_program("nginx").empty())
        all.push_back(TRELLIS_TRY(start_nginx(setting)));
    return all;
}

} // namespace

Result<Report> measure_throughput(const Setting& setting)
{
    if (find_program("wrk").empty())
        return fail(ErrorCode::not_found,
                    "the throughput is measured with wrk (Debian package wrk), which is not here");
    auto contestants = TRELLIS_TRY(start_all(setting));
    std::map<std::string, std::vector<double>> requests, p50, p99;
    Report report;
    for (auto& contestant : contestants)
        TRELLIS_TRY(ask_wrk(contestant.server.port(), "1"));
    for (int round = 0; round < rounds; ++round)
        for (auto& [name, server] : contestants) {
            const auto measured = TRELLIS_TRY(ask_wrk(server.port(), seconds));
            std::fprintf(stderr, "round %d: %s %.0f/s\n", round + 1, name.c_str(), measured.requests);
            report.good &= !measured.errors;
            requests[name].push_back(measured.requests);
            p50[name].push_back(measured.p50_ms);
            p99[name].push_back(measured.p99_ms);
        }

    report.markdown =
        format("## Throughput\n\nhello, 64 keep-alive connections, wrk with one thread, each server with one "
               "worker; trellis makes a fresh instance for every request, of compiled code. {} rounds of {} "
               "seconds in turns; medians.\n\n"
               "| server | requests/s | of node | p50, ms | p99, ms | resident, MiB |\n"
               "|---|---:|---:|---:|---:|---:|\n",
               rounds, seconds);
    const double node = median(requests["node"]);
    for (const auto& [name, server] : contestants)
        report.markdown += format("| {} | {:.0f} | {} | {:.2f} | {:.2f} | {:.1f} |\n", name, median(requests[name]),
                                  node > 0 ? format("{:.2f}", median(requests[name]) / node) : "-", median(p50[name]),
                                  median(p99[name]), static_cast<double>(server.resident_bytes()) / 1048576);
    report.markdown += report.good ? "\n" : "\n**wrk has seen errors.**\n\n";
    if (node > 0)
        report.good &= median(requests["trellis"]) >= 0.4 * node && median(p99["trellis"]) < 5;
    return report;
}

} // namespace trellis::bench
