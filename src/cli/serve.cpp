// trellis serve: WASI programs as HTTP functions.
#include "base/format.hpp"
#include "base/quantity.hpp"
#include "cli/arguments.hpp"
#include "cli/code_options.hpp"
#include "cli/environment.hpp"
#include "cli/exit_code.hpp"
#include "cli/terminal.hpp"
#include "cli/values.hpp"
#include "embed/module_file.hpp"
#include "services/gateway/gateway.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace trellis::cli {
namespace {

using gateway::Gateway;
using gateway::GatewayOptions;

constexpr std::array options = {
    Option{.name = "listen",
           .value = "ADDRESS",
           .help = "HOST:PORT, [V6]:PORT or unix:PATH; port 0: the system chooses (default 127.0.0.1:8080)",
           .example = "--listen 0.0.0.0:80",
           .repeats = true,
           .environment = true,
           .letter = 'l'},
    Option{.name = "workers",
           .value = "COUNT",
           .help = "Threads that answer requests (default: one per processor)",
           .example = "--workers 4",
           .environment = true},
    Option{.name = "env",
           .value = "NAME[=VALUE]",
           .help = "Set an environment variable for all modules; without a value it is passed on from here",
           .example = "--env STAGE=test",
           .repeats = true,
           .letter = 'e'},
    Option{.name = "env-file",
           .value = "FILE",
           .help = "The same, a line each; values may stand in quotes; weaker than --env",
           .example = "--env-file .env",
           .repeats = true},
    Option{.name = "hostname",
           .value = "HOST[:PORT]",
           .help = "SERVER_NAME and SERVER_PORT where a request names no host (default localhost:3000)",
           .example = "--hostname example.com",
           .environment = true},
    Option{.name = "tls-cert",
           .value = "FILE",
           .help = "Speak TLS with this PEM certificate chain",
           .example = "--tls-cert server.crt",
           .environment = true},
    Option{.name = "tls-key",
           .value = "FILE",
           .help = "The certificate's PEM key",
           .example = "--tls-key server.key",
           .environment = true},
    Option{.name = "log-dir",
           .value = "DIR",
           .help = "Keep each route's standard error in DIR/<sha256 of the route>/module.stderr",
           .example = "--log-dir /var/log/trellis",
           .environment = true},
    Option{.name = "access-log",
           .value = "FILE",
           .help = "Write a line for every request; - is standard output (default: none)",
           .example = "--access-log -",
           .environment = true},
    Option{.name = "access-log-format",
           .value = "FORMAT",
           .help = "common or json (default common)",
           .example = "--access-log-format json",
           .environment = true},
    Option{.name = "metrics",
           .value = "ADDRESS",
           .help = "Answer /metrics for Prometheus at an address of its own",
           .example = "--metrics 127.0.0.1:9090",
           .environment = true},
    Option{.name = "strict-wagi",
           .value = "",
           .help = "Exactly as WAGI: bodies and answers whole, errors without a reason, repeated fields collapse",
           .example = "--strict-wagi",
           .environment = true},
    Option{.name = "tier",
           .value = "NAME",
           .help = "How code is run: jit (the default: interpreted until a thread in the background has compiled it), "
                   "interpreter, or aot: compiled before anything is answered",
           .example = "--tier aot",
           .environment = true},
    cache_dir_option,
    cache_size_option,
    no_cache_option,
    cache_log_option,
    Option{.name = "no-reload",
           .value = "",
           .help = "Do not watch modules.toml and the modules for changes",
           .example = "--no-reload",
           .environment = true},
    Option{.name = "max-connections",
           .value = "COUNT",
           .help = "Connections per worker; further ones wait (default 10000)",
           .example = "--max-connections 1000",
           .environment = true},
    Option{.name = "max-head",
           .value = "SIZE",
           .help = "Largest request line and header fields (default 32KiB)",
           .example = "--max-head 16KiB",
           .environment = true},
    Option{.name = "head-timeout",
           .value = "TIME",
           .help = "How long a client may take for a request's head (default 10s)",
           .example = "--head-timeout 5s",
           .environment = true},
    Option{.name = "idle-timeout",
           .value = "TIME",
           .help = "How long a connection may be idle between requests (default 60s)",
           .example = "--idle-timeout 30s",
           .environment = true},
    Option{.name = "transfer-timeout",
           .value = "TIME",
           .help = "How long a client may send or take nothing inside a request (default 30s)",
           .example = "--transfer-timeout 10s",
           .environment = true},
};

/// WAGI's, which has them beside a modules.toml.
constexpr std::string_view no_bindles = "bindles are not supported; fetch the modules and name them in modules.toml";
constexpr std::array foreign_options = {
    ForeignOption{"config", 'c', "name the file without it: trellis serve modules.toml"},
    ForeignOption{"bindle", 'b', no_bindles},
    ForeignOption{"bindle-path", 0, no_bindles},
    ForeignOption{"bindle-url", 0, no_bindles},
    ForeignOption{"bindle-http-user", 0, no_bindles},
    ForeignOption{"bindle-http-password", 0, no_bindles},
    ForeignOption{"bindle-insecure", 'k', no_bindles},
    ForeignOption{"cache", 0, "compiled code is kept without it; --cache-dir says where"},
    ForeignOption{"module-cache", 0, "modules are read from files only, so there is nothing to keep; leave it out"},
};

constexpr std::array examples = {
    Example{"trellis serve modules.toml", "answers at http://127.0.0.1:8080 what modules.toml says"},
    Example{"trellis serve modules.toml --listen 0.0.0.0:443 --tls-cert server.crt --tls-key server.key",
            "the same with TLS, for everybody"},
    Example{"trellis serve modules.toml --access-log - --access-log-format json --metrics 127.0.0.1:9090",
            "with a line of JSON for every request, and metrics for Prometheus"},
};

constexpr std::string_view details =
    "FILE names routes and modules as WAGI does; docs/reference/modules-toml.md has every field. Each request gets\n"
    "a fresh instance. SIGTERM or Ctrl-C lets open requests finish, a second one stops at once; SIGHUP reads FILE\n"
    "and opens log files again. The exit code is 0 after a stop that was asked for.";

/// Where a name comes again, the later one counts; --env is later than the files.
Result<std::vector<std::pair<std::string, std::string>>> environment_of(const Arguments& arguments)
{
    std::map<std::string, std::string> all;
    for (const auto file : arguments.values("env-file")) {
        const std::string name(file);
        const auto bytes = TRELLIS_TRY(embed::read_file(name));
        const std::string_view text(reinterpret_cast<const char*>(bytes.view().data()), bytes.view().size());
        for (auto& [variable, value] : TRELLIS_TRY(environment_file(text, name)))
            all[variable] = std::move(value);
    }
    for (const auto entry : arguments.values("env")) {
        auto [variable, value] = TRELLIS_TRY(environment_entry(entry));
        all[variable] = std::move(value);
    }
    return std::vector<std::pair<std::string, std::string>>(all.begin(), all.end());
}

std::optional<std::string> text_of(const Arguments& arguments, std::string_view option)
{
    const auto value = arguments.value(option);
    return value ? std::optional<std::string>(*value) : std::nullopt;
}

Result<> read_time(const Arguments& arguments, std::string_view option, std::chrono::milliseconds& time)
{
    std::optional<std::chrono::microseconds> given;
    TRELLIS_TRY(read_limit(arguments, option, parse_duration, given));
    if (given)
        time = std::chrono::ceil<std::chrono::milliseconds>(*given);
    return {};
}

Result<net::http::ServerLimits> limits_of(const Arguments& arguments)
{
    net::http::ServerLimits limits;
    // A module says how large a body it takes.
    limits.body_bytes = ~std::uint64_t(0);
    TRELLIS_TRY(read_limit(arguments, "max-connections", parse_count, limits.connections));
    TRELLIS_TRY(read_limit(arguments, "max-head", parse_size, limits.head_bytes));
    TRELLIS_TRY(read_time(arguments, "head-timeout", limits.head_timeout));
    TRELLIS_TRY(read_time(arguments, "idle-timeout", limits.idle_timeout));
    TRELLIS_TRY(read_time(arguments, "transfer-timeout", limits.body_timeout));
    limits.write_timeout = limits.body_timeout;
    return limits;
}

Result<gateway::AccessFormat> access_format_of(const Arguments& arguments)
{
    const auto word = arguments.value("access-log-format").value_or("common");
    if (word != "common" && word != "json")
        return fail(ErrorCode::usage, format("--access-log-format {}: write common or json", word));
    return word == "json" ? gateway::AccessFormat::json : gateway::AccessFormat::common;
}

Result<GatewayOptions> options_of(const Arguments& arguments)
{
    GatewayOptions given;
    given.configuration_file = arguments.operands()[0];
    given.workers = std::max(1u, std::thread::hardware_concurrency());
    TRELLIS_TRY(read_limit(arguments, "workers", parse_count, given.workers));
    if (given.workers == 0 || given.workers > 1024)
        return fail(ErrorCode::usage, format("--workers {}: from 1 to 1024", given.workers));
    if (arguments.has("listen"))
        given.listen = {std::string(*arguments.value("listen"))};
    if (const auto listen = arguments.values("listen"); !listen.empty())
        given.listen.assign(listen.begin(), listen.end());
    given.environment = TRELLIS_TRY(environment_of(arguments));
    given.default_host = text_of(arguments, "hostname").value_or(given.default_host);
    given.tls_certificate = text_of(arguments, "tls-cert");
    given.tls_key = text_of(arguments, "tls-key");
    if (given.tls_certificate.has_value() != given.tls_key.has_value())
        return fail(ErrorCode::usage, "--tls-cert and --tls-key belong together");
    given.log_directory = text_of(arguments, "log-dir");
    given.access_log = text_of(arguments, "access-log");
    given.access_format = TRELLIS_TRY(access_format_of(arguments));
    given.metrics_address = text_of(arguments, "metrics");
    given.strict = arguments.has("strict-wagi");
    given.reload = !arguments.has("no-reload");
    given.limits = TRELLIS_TRY(limits_of(arguments));
    given.code = TRELLIS_TRY(code_choice_of(arguments));
    if (given.code != embed::CodeChoice::interpreter)
        given.cache = TRELLIS_TRY(cache_of(arguments));
    return given;
}

/// Many systems let a process have 1024 descriptors at first and far more if it asks: a connection needs one or two.
void take_descriptors()
{
    constexpr rlim_t enough = 1 << 20;
    rlimit limit = {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, enough));
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

void tell(std::string_view text)
{
    (void)write_all(STDERR_FILENO, printable(text, true) + "\n");
}

Result<> serve(const Arguments& arguments)
{
    take_descriptors();
    auto server = TRELLIS_TRY(Gateway::make(TRELLIS_TRY(options_of(arguments)),
                                            {.note = tell, .failure = [](const Error& error) {
                                                 print_error(error.describe() + "; what was loaded before goes on");
                                             }}));
    for (const auto& address : server->addresses())
        tell("listening on " + address);
    if (const auto metrics = server->metrics_address())
        tell("metrics at " + *metrics);
    return server->run();
}

int run_serve(const Arguments& arguments)
{
    const auto served = serve(arguments);
    return served ? 0 : report(served.error());
}

} // namespace

const Command serve_command = {
    .name = "serve",
    .operands = "FILE",
    .summary = "Serves modules over HTTP",
    .details = details,
    .options = options,
    .examples = examples,
    .run = run_serve,
    .foreign_options = foreign_options,
};

} // namespace trellis::cli
