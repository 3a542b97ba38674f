// Counters of the server and of each module, rendered in Prometheus' text format 0.0.4. Every loop thread counts in
// cells of its own, which only it writes (relaxed atomics, own cache lines); they are summed when somebody asks. Labels
// are module names from the configuration, a fixed list of status codes and trap kinds: nothing a client sends becomes
// one. A module's series live as long as an application that names it, and begin at zero when it comes back.
// https://prometheus.io/docs/instrumenting/exposition_formats/
#pragma once

#include "wasm/execution/trap.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace trellis::gateway {

class Exposition;
class LogThread;

/// A number that one thread changes and any thread reads: no locked instruction.
class Tally {
public:
    void add(std::uint64_t amount = 1) { value_.store(value() + amount, std::memory_order_relaxed); }
    void subtract(std::uint64_t amount = 1) { value_.store(value() - amount, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

/// Upper bounds in microseconds; above the last one: +Inf.
inline constexpr std::array<std::uint64_t, 16> duration_bounds_us = {
    100,    250,     500,     1'000,   2'500,     5'000,     10'000,    25'000,
    50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};

class DurationTally {
public:
    void add(std::chrono::nanoseconds duration);
    [[nodiscard]] std::uint64_t in_bucket(std::size_t bucket) const { return buckets_[bucket].value(); } ///< not summed
    [[nodiscard]] std::uint64_t nanoseconds() const { return nanoseconds_.value(); }

private:
    std::array<Tally, duration_bounds_us.size() + 1> buckets_;
    Tally nanoseconds_;
};

/// Statuses with a series of their own; every other one counts as its class ("2xx").
inline constexpr std::array<std::uint16_t, 32> own_statuses = {200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308,
                                                               400, 401, 403, 404, 405, 408, 409, 410, 411, 413, 414,
                                                               415, 422, 429, 431, 500, 501, 502, 503, 504, 507};
inline constexpr std::size_t status_series = own_statuses.size() + 5;
inline constexpr std::size_t trap_series = static_cast<std::size_t>(wasm::Trap::exit);

/// What one thread counts for one module.
struct alignas(64) ModuleTallies {
    // Once per request; status 0: nothing was answered.
    void answered(unsigned status, std::chrono::nanoseconds duration, std::uint64_t body_in, std::uint64_t body_out);
    /// For every trap but none and exit.
    void trapped(wasm::Trap trap);

    Tally in_flight; ///< with an instance
    Tally queued;    ///< waiting for their turn
    Tally instances; ///< ever made
    Tally timeouts;  ///< of the guest
    Tally queue_timeouts;
    Tally client_aborts; ///< the client was gone before its answer was
    Tally bytes_in, bytes_out;
    DurationTally duration;
    DurationTally queue_wait;
    std::array<Tally, status_series> statuses;
    std::array<Tally, trap_series> traps;
};

/// One module, by its name.
class ModuleMetrics {
public:
    ModuleMetrics(std::string name, std::size_t threads) : name_(std::move(name)), threads_(threads) {}
    ModuleTallies& of_thread(std::size_t thread) { return threads_[thread]; }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const std::vector<ModuleTallies>& threads() const { return threads_; }

private:
    std::string name_;
    std::vector<ModuleTallies> threads_;
};

/// What one thread counts for the server.
struct alignas(64) ServerTallies {
    Tally connections_accepted, connections_open;
};

class Metrics {
public:
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

    /// `threads`: how many count; each has its number below that. `logs`: whose dropped lines are shown; may be null,
    /// outlives this.
    explicit Metrics(std::size_t threads, const LogThread* logs = nullptr);

    /// The series of that name: those there are, or new ones. Hold it as long as requests may count. Any thread.
    std::shared_ptr<ModuleMetrics> module(const std::string& name);
    /// Requests that no module was asked for (404, 400, the health check): module="".
    ModuleMetrics& no_module() { return *no_module_; }
    ServerTallies& server_of_thread(std::size_t thread) { return server_[thread]; }
    // Any thread.
    void reloaded(bool ok) { (ok ? reloads_ok_ : reloads_failed_).fetch_add(1, std::memory_order_relaxed); }

    /// Any thread.
    [[nodiscard]] std::string render() const;

private:
    [[nodiscard]] std::vector<std::shared_ptr<const ModuleMetrics>> living() const;
    void add_server(Exposition& to) const;

    const LogThread* logs_;
    std::vector<ServerTallies> server_;
    std::shared_ptr<ModuleMetrics> no_module_;
    std::atomic<std::uint64_t> reloads_ok_ = 0, reloads_failed_ = 0;
    mutable std::mutex mutex_;
    mutable std::map<std::string, std::weak_ptr<ModuleMetrics>> modules_; ///< forgets the dead when rendered
};

} // namespace trellis::gateway
