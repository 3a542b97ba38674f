// How much a module that never ends, at full concurrency, delays a small one: latencies of the small one alone, beside
// it, and alone again.
#include "load.hpp"
#include "setting.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace trellis::bench {

namespace {

constexpr auto duration = std::chrono::seconds(10);
constexpr unsigned small_connections = 8, busy_connections = 64;

struct Latencies {
    std::size_t count = 0;
    double p50_ms = 0, p99_ms = 0, slowest_ms = 0;
    std::string failure;
};

Result<Latencies> ask_hello(std::uint16_t port)
{
    std::vector<double> took;
    Latencies latencies;
    const auto until = std::chrono::steady_clock::now() + duration;
    LoadPlan plan;
    plan.port = port;
    plan.connections = small_connections;
    plan.next = [&]() -> std::optional<Request> {
        if (std::chrono::steady_clock::now() > until)
            return {};
        return Request{.bytes = get_request("/hello")};
    };
    plan.done = [&](const Request&, const Answer& answer) {
        took.push_back(std::chrono::duration<double, std::milli>(answer.took).count());
        if (!answer.failure.empty())
            latencies.failure = answer.failure;
        else if (answer.response.status != 200 || answer.response.body != "hello, world\n")
            latencies.failure = "another answer: " + answer.response.head;
    };
    TRELLIS_TRY(send_load(plan));
    latencies.count = took.size();
    latencies.p50_ms = percentile(took, 0.5);
    latencies.p99_ms = percentile(took, 0.99);
    latencies.slowest_ms = percentile(took, 1);
    return latencies;
}

/// Keeps the endless module at full concurrency while it lives.
class BusyNeighbour {
public:
    explicit BusyNeighbour(std::uint16_t port)
    {
        plan_.port = port;
        plan_.connections = busy_connections;
        plan_.next = [this]() -> std::optional<Request> {
            if (ending_)
                return {};
            return Request{.bytes = get_request("/spin")};
        };
        plan_.done = [this](const Request&, const Answer& answer) { ++answers_[answer.response.status == 504]; };
        thread_ = std::thread([this] { result_ = send_load(plan_); });
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
    ~BusyNeighbour()
    {
        ending_ = true;
        thread_.join();
    }
    BusyNeighbour(const BusyNeighbour&) = delete;
    BusyNeighbour& operator=(const BusyNeighbour&) = delete;
    /// Answers that are no time-out: the module was not as busy as it should be.
    [[nodiscard]] std::uint64_t other_answers() const { return answers_[0]; }

private:
    LoadPlan plan_;
    std::atomic<bool> ending_ = false;
    std::atomic<std::uint64_t> answers_[2] = {};
    Result<> result_;
    std::thread thread_;
};

} // namespace

Result<Report> measure_neighbours(const Setting& setting)
{
    setting.configure(format("[[module]]\nroute = \"/hello\"\nmodule = \"{}\"\n"
                             "[[module]]\nroute = \"/spin\"\nmodule = \"{}\"\ntimeout = \"4s\"\nmax_concurrency = {}\n",
                             setting.guest("hello"), setting.guest("spin"), busy_connections));
    auto server = TRELLIS_TRY(setting.serve(1));
    const auto before = TRELLIS_TRY(ask_hello(server.port()));
    Latencies beside;
    std::uint64_t others = 0;
    {
        const BusyNeighbour neighbour(server.port());
        beside = TRELLIS_TRY(ask_hello(server.port()));
        others = neighbour.other_answers();
    }
    const auto after = TRELLIS_TRY(ask_hello(server.port()));

    Report report;
    report.markdown =
        format("## Neighbours\n\nhello over {} connections, {} seconds each, one worker; beside it {} requests "
               "of a module in an endless loop, all of them running, each cut after 4 seconds and asked for "
               "again.\n\n| hello | requests | p50, ms | p99, ms | slowest, ms |\n|---|---:|---:|---:|---:|\n",
               small_connections, duration.count(), busy_connections);
    for (const auto& [name, row] :
         {std::pair{"alone", &before}, {"beside the loop", &beside}, {"alone again", &after}}) {
        report.markdown += format("| {} | {} | {:.2f} | {:.2f} | {:.2f} |\n", name, row->count, row->p50_ms,
                                  row->p99_ms, row->slowest_ms);
        if (!row->failure.empty())
            report.markdown += format("\n**Failed: {}**\n", row->failure);
        report.good &= row->failure.empty();
    }
    report.markdown +=
        format("\np99 beside the loop: {:.2f} ms above that alone. Answers of the loop other than 504: {}.\n\n",
               beside.p99_ms - before.p99_ms, others);
    report.good &= beside.p99_ms - before.p99_ms <= 10 && others == 0;
    return report;
}

} // namespace trellis::bench
