#include "services/gateway/metrics.hpp"

#include "base/format.hpp"
#include "services/gateway/exposition.hpp"
#include "services/gateway/log_thread.hpp"
#include "services/gateway/process_status.hpp"

#include <algorithm>

namespace trellis::gateway {

namespace {

std::size_t series_of(unsigned status)
{
    const auto own = std::ranges::find(own_statuses, status);
    if (own != own_statuses.end())
        return static_cast<std::size_t>(own - own_statuses.begin());
    return own_statuses.size() + std::clamp(status / 100, 1u, 5u) - 1;
}

std::string code_of(std::size_t series)
{
    return series < own_statuses.size() ? format("{}", own_statuses[series])
                                        : format("{}xx", series - own_statuses.size() + 1);
}

/// "integer_divide_by_zero" from "integer divide by zero".
std::string kind_of(std::size_t series)
{
    std::string kind(wasm::message_of(static_cast<wasm::Trap>(series)));
    std::ranges::replace(kind, ' ', '_');
    return kind;
}

using Modules = std::vector<std::shared_ptr<const ModuleMetrics>>;

/// The sum over all threads of what `select` finds in each.
template <class Select>
std::uint64_t sum(const ModuleMetrics& module, Select select)
{
    std::uint64_t total = 0;
    for (const auto& thread : module.threads())
        total += select(thread).value();
    return total;
}

struct PlainFamily {
    std::string_view name, type, help;
    Tally ModuleTallies::* tally;
};

constexpr std::array plain_families = {
    PlainFamily{"trellis_http_requests_in_flight", "gauge", "Requests that have an instance.",
                &ModuleTallies::in_flight},
    PlainFamily{"trellis_http_requests_queued", "gauge", "Requests that wait for their turn.", &ModuleTallies::queued},
    PlainFamily{"trellis_instances_total", "counter", "Instances made.", &ModuleTallies::instances},
    PlainFamily{"trellis_http_timeouts_total", "counter", "Requests whose guest took longer than it may.",
                &ModuleTallies::timeouts},
    PlainFamily{"trellis_http_queue_timeouts_total", "counter", "Requests that waited too long for their turn.",
                &ModuleTallies::queue_timeouts},
    PlainFamily{"trellis_http_client_aborts_total", "counter", "Clients that were gone before their answer was.",
                &ModuleTallies::client_aborts},
    PlainFamily{"trellis_http_request_bytes_total", "counter", "Bytes of request bodies.", &ModuleTallies::bytes_in},
    PlainFamily{"trellis_http_response_bytes_total", "counter", "Bytes of response bodies.", &ModuleTallies::bytes_out},
};

void add_plain(Exposition& to, const Modules& modules)
{
    for (const auto& family : plain_families) {
        to.family(family.name, family.type, family.help);
        for (const auto& module : modules) {
            const auto total = sum(*module, [&](const ModuleTallies& t) -> const Tally& { return t.*family.tally; });
            to.sample({{"module", module->name()}}, static_cast<std::int64_t>(total));
        }
    }
}

void add_statuses(Exposition& to, const Modules& modules)
{
    to.family("trellis_http_requests_total", "counter", "Requests answered, by status code.");
    for (const auto& module : modules) {
        for (std::size_t series = 0; series < status_series; ++series) {
            const auto total = sum(*module, [&](const ModuleTallies& t) -> const Tally& { return t.statuses[series]; });
            if (total != 0)
                to.sample({{"module", module->name()}, {"code", code_of(series)}}, total);
        }
    }
}

void add_traps(Exposition& to, const Modules& modules)
{
    to.family("trellis_traps_total", "counter", "Guests that trapped, by kind.");
    for (const auto& module : modules) {
        for (std::size_t series = 0; series < trap_series; ++series) {
            const auto total = sum(*module, [&](const ModuleTallies& t) -> const Tally& { return t.traps[series]; });
            if (total != 0)
                to.sample({{"module", module->name()}, {"kind", kind_of(series)}}, total);
        }
    }
}

void add_durations(Exposition& to, const Modules& modules, DurationTally ModuleTallies::* which)
{
    for (const auto& module : modules) {
        std::array<std::uint64_t, duration_bounds_us.size() + 1> counts = {};
        std::uint64_t nanoseconds = 0;
        for (const auto& thread : module->threads()) {
            for (std::size_t bucket = 0; bucket < counts.size(); ++bucket)
                counts[bucket] += (thread.*which).in_bucket(bucket);
            nanoseconds += (thread.*which).nanoseconds();
        }
        to.histogram("module", module->name(), duration_bounds_us, counts, std::chrono::nanoseconds(nanoseconds));
    }
}

void add_process(Exposition& to)
{
    const auto status = process_status();
    to.family("process_cpu_seconds_total", "counter", "Processor time used, user and system.");
    to.seconds({}, status.processor_time);
    const auto add = [&](std::string_view name, std::string_view help, std::optional<std::uint64_t> value) {
        if (!value)
            return;
        to.family(name, "gauge", help);
        to.sample({}, *value);
    };
    add("process_resident_memory_bytes", "Memory that is resident.", status.resident_bytes);
    add("process_virtual_memory_bytes", "Memory that is mapped or reserved.", status.virtual_bytes);
    add("process_open_fds", "Open file descriptors.", status.open_descriptors);
    add("process_max_fds", "File descriptors that may be open.", status.most_descriptors);
    add("process_start_time_seconds", "When the process started, in seconds since 1970.", status.started_unix_seconds);
}

} // namespace

void DurationTally::add(std::chrono::nanoseconds duration)
{
    const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count()));
    std::size_t bucket = 0;
    while (bucket < duration_bounds_us.size() && nanoseconds > duration_bounds_us[bucket] * 1000)
        ++bucket;
    buckets_[bucket].add();
    nanoseconds_.add(nanoseconds);
}

void ModuleTallies::answered(unsigned status, std::chrono::nanoseconds took, std::uint64_t body_in,
                             std::uint64_t body_out)
{
    if (status != 0)
        statuses[series_of(status)].add();
    duration.add(took);
    bytes_in.add(body_in);
    bytes_out.add(body_out);
}

void ModuleTallies::trapped(wasm::Trap trap)
{
    if (trap != wasm::Trap::none && trap != wasm::Trap::exit)
        traps[static_cast<std::size_t>(trap)].add();
}

Metrics::Metrics(std::size_t threads, const LogThread* logs)
    : logs_(logs), server_(threads), no_module_(std::make_shared<ModuleMetrics>("", threads))
{
}

std::shared_ptr<ModuleMetrics> Metrics::module(const std::string& name)
{
    const std::lock_guard lock(mutex_);
    auto& known = modules_[name];
    auto module = known.lock();
    if (!module)
        known = module = std::make_shared<ModuleMetrics>(name, server_.size());
    return module;
}

Modules Metrics::living() const
{
    Modules modules = {no_module_};
    const std::lock_guard lock(mutex_);
    std::erase_if(modules_, [](const auto& entry) { return entry.second.expired(); });
    for (const auto& [name, known] : modules_)
        if (auto module = known.lock())
            modules.push_back(std::move(module));
    return modules;
}

std::string Metrics::render() const
{
    const auto modules = living();
    Exposition to;
    add_statuses(to, modules);
    to.family("trellis_http_request_duration_seconds", "histogram", "From a request's head to its answer's end.");
    add_durations(to, modules, &ModuleTallies::duration);
    to.family("trellis_http_queue_wait_seconds", "histogram", "How long requests waited for their turn.");
    add_durations(to, modules, &ModuleTallies::queue_wait);
    add_plain(to, modules);
    add_traps(to, modules);
    add_server(to);
    add_process(to);
    return to.take();
}

void Metrics::add_server(Exposition& to) const
{
    std::uint64_t accepted = 0, open = 0;
    for (const auto& thread : server_) {
        accepted += thread.connections_accepted.value();
        open += thread.connections_open.value();
    }
    to.family("trellis_http_connections_total", "counter", "Connections accepted.");
    to.sample({}, accepted);
    to.family("trellis_http_connections", "gauge", "Connections that are open.");
    to.sample({}, static_cast<std::int64_t>(open));
    to.family("trellis_reloads_total", "counter", "Reloads of the configuration and its modules.");
    to.sample({{"result", "ok"}}, reloads_ok_);
    to.sample({{"result", "failed"}}, reloads_failed_);
    to.family("trellis_log_lines_dropped_total", "counter", "Log lines that could not be written.");
    to.sample({}, logs_ != nullptr ? logs_->dropped_lines() : 0);
    to.family("trellis_build_info", "gauge", "Always 1; the version is its label.");
    to.sample({{"version", TRELLIS_VERSION}}, std::uint64_t(1));
}

} // namespace trellis::gateway
