// Measures `trellis serve`: serve_bench throughput|soak|neighbours --trellis PROGRAM --guests FOLDER --scripts FOLDER
// --work FOLDER [--requests N] [--reload SECONDS]. Prints a piece of Markdown; exit code 1 where a figure is missed or
// an answer was wrong.
#include "setting.hpp"

#include "base/format.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

namespace trellis::bench {

void Setting::configure(const std::string& toml) const
{
    std::ofstream(work + "/modules.toml") << toml;
}

Result<ServerProcess> Setting::serve(unsigned workers, const std::vector<std::string>& options) const
{
    const auto port = free_port();
    std::vector<std::string> command = {trellis,
                                        "serve",
                                        work + "/modules.toml",
                                        "--listen",
                                        format("127.0.0.1:{}", port),
                                        "--workers",
                                        format("{}", workers)};
    command.insert(command.end(), options.begin(), options.end());
    return ServerProcess::start(command, port, work + "/trellis.log");
}

namespace {

using Options = std::map<std::string, std::string>;

Result<Report> measure(const std::string& what, const Setting& setting, const Options& options)
{
    if (what == "throughput")
        return measure_throughput(setting);
    if (what == "neighbours")
        return measure_neighbours(setting);
    if (what == "soak") {
        const auto number = [&](const char* name, std::uint64_t usual) {
            const auto given = options.find(name);
            return given == options.end() ? usual : std::stoull(given->second);
        };
        return measure_soak(setting, number("--requests", 1'000'000), std::chrono::seconds(number("--reload", 10)));
    }
    return fail(ErrorCode::usage, "throughput, soak or neighbours?");
}

int measure_and_print(int count, char** arguments)
{
    Options options;
    for (int i = 2; i + 1 < count; i += 2)
        options[arguments[i]] = arguments[i + 1];
    const Setting setting{options["--trellis"], options["--guests"], options["--scripts"], options["--work"]};
    std::filesystem::create_directories(setting.work);
    const auto report = measure(count > 1 ? arguments[1] : "", setting, options);
    if (!report) {
        std::fprintf(stderr, "%s\n", report.error().describe().c_str());
        return 2;
    }
    std::fputs(report->markdown.c_str(), stdout);
    return report->good ? 0 : 1;
}

} // namespace

} // namespace trellis::bench

int main(int count, char** arguments)
{
    return trellis::bench::measure_and_print(count, arguments);
}
