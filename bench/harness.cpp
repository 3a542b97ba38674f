// Compares engines: kernels (time in the guest, start-up left out), start-up and memory of a whole process, and the
// instantiation of a large module. Engines take turns in every round, so that what disturbs the machine disturbs all.
//   harness --trellis PROGRAM --programs FOLDER --scripts FOLDER --results FOLDER
//           [--rounds N] [--repetitions N] [--only KERNEL] [--module FILE]
#include "engines.hpp"
#include "process.hpp"
#include "table.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sys/utsname.h>

namespace trellis::bench {

namespace {

struct Options {
    std::string trellis, programs, scripts, results, only, module;
    int rounds = 7;
    int repetitions = 3;
};

bool take_option(Options& options, const std::string& name, const std::string& value)
{
    const std::pair<const char*, std::string Options::*> texts[] = {
        {"--trellis", &Options::trellis}, {"--programs", &Options::programs}, {"--scripts", &Options::scripts},
        {"--results", &Options::results}, {"--only", &Options::only},         {"--module", &Options::module}};
    for (const auto& [option, member] : texts)
        if (name == option) {
            options.*member = value;
            return true;
        }
    const std::pair<const char*, int Options::*> numbers[] = {{"--rounds", &Options::rounds},
                                                              {"--repetitions", &Options::repetitions}};
    for (const auto& [option, member] : numbers)
        if (name == option) {
            options.*member = std::max(1, std::atoi(value.c_str()));
            return true;
        }
    return false;
}

/// "<checksum> <nanoseconds>", as kernels print it.
struct Answer {
    std::string checksum;
    double nanoseconds = 0;
};

Result<Answer> ask(const std::vector<std::string>& command)
{
    const Outcome outcome = TRELLIS_TRY(run(command));
    const std::size_t space = outcome.output.find(' ');
    if (outcome.exit_code != 0 || space == std::string::npos)
        return fail(ErrorCode::unsupported, format("{} gave exit code {}", command[0], outcome.exit_code));
    return Answer{outcome.output.substr(0, space), std::strtod(outcome.output.c_str() + space, nullptr)};
}

std::vector<std::string> kernel_names(const Options& options)
{
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(options.programs + "/kernels"))
        if (entry.path().extension() == ".wasm" && (options.only.empty() || entry.path().stem() == options.only))
            names.push_back(entry.path().stem());
    std::ranges::sort(names);
    return names;
}

std::vector<std::string> names_of(const std::vector<Engine>& engines)
{
    std::vector<std::string> names;
    for (const Engine& engine : engines)
        names.push_back(engine.name);
    return names;
}

/// One run of one kernel by one engine. False: it gave a wrong checksum.
bool measure_kernel(const Options& options, const Engine& engine, Row& row, std::string& checksum)
{
    const Result<Answer> answer =
        ask(engine.command(options.programs + "/kernels/" + row.name, {std::to_string(options.repetitions)}));
    if (!answer)
        return true; // it can't run this one: the table shows a gap
    if (checksum.empty())
        checksum = answer->checksum;
    if (answer->checksum != checksum) {
        std::fprintf(stderr, "%s: %s gives %s, not %s\n", row.name.c_str(), engine.name.c_str(),
                     answer->checksum.c_str(), checksum.c_str());
        return false;
    }
    row.samples[engine.name].push_back(answer->nanoseconds / 1e6);
    return true;
}

bool measure_kernels(const Options& options, const std::vector<Engine>& engines, std::vector<Row>& rows)
{
    bool right = true;
    std::map<std::string, std::string> checksums;
    for (const std::string& name : kernel_names(options))
        rows.push_back({name, {}});
    for (int round = 0; round < options.rounds; ++round) {
        std::fprintf(stderr, "kernels, round %d of %d\n", round + 1, options.rounds);
        for (Row& row : rows)
            for (const Engine& engine : engines)
                right &= measure_kernel(options, engine, row, checksums[row.name]);
    }
    return right;
}

std::string machine()
{
    std::ifstream cpus("/proc/cpuinfo");
    std::string model = "unknown processor";
    for (std::string line; std::getline(cpus, line);)
        if (line.starts_with("model name")) {
            model = line.substr(line.find(':') + 2);
            break;
        }
    utsname system{};
    uname(&system);
    return format("{}, {} {}", model, system.sysname, system.release);
}

std::string heading(const std::string& title, const Options& options, const std::vector<Engine>& engines)
{
    const std::time_t now = std::time(nullptr);
    char date[16];
    std::strftime(date, sizeof date, "%Y-%m-%d", std::gmtime(&now));
    std::string text =
        format("# {}\n\n{}, {}; {} rounds, engines taking turns; medians.\n\n", title, date, machine(), options.rounds);
    for (const Engine& engine : engines)
        text += format("* {}: {}\n", engine.name, engine.version);
    return text + "\n";
}

void write_file(const std::string& path, const std::string& text)
{
    std::ofstream(path) << text;
    std::fprintf(stderr, "wrote %s\n", path.c_str());
}

std::string speed_ups(const std::vector<Row>& rows, const std::vector<Engine>& engines)
{
    std::string text;
    for (const std::string tier : {"trellis", "aot"})
        for (const Engine& engine : engines) {
            const double mean = mean_speed_up(rows, tier, engine.name);
            if (mean != 0 && engine.is_peer)
                text +=
                    format("{} against {}: {:.2f} times as fast in the geometric mean, {:.2f} times at the least.\n",
                           tier, engine.name, mean, least_speed_up(rows, tier, engine.name));
        }
    return text;
}

void report_kernels(const Options& options, const std::vector<Engine>& engines, const std::vector<Row>& rows)
{
    std::vector<Row> scalar;
    std::vector<Row> vector;
    for (const Row& row : rows)
        (row.name.ends_with("_simd") ? vector : scalar).push_back(row);
    const std::vector<std::string> names = names_of(engines);
    std::string text = heading("Kernels", options, engines);
    text += format("Native: milliseconds of processor time, the best of {} repetitions. Others: times as long as "
                   "native. \"-\": can't run it.\nSource: ../kernels. Plot: kernels.svg.\n\n## Scalar\n\n",
                   options.repetitions);
    text += markdown_table(scalar, names, "native", "ms") + "\n" + speed_ups(scalar, engines);
    text += "\n## Vector\n\n" + markdown_table(vector, names, "native", "ms") + "\n" + speed_ups(vector, engines);
    write_file(options.results + "/kernels.md", text);
    write_file(options.results + "/kernels.svg",
               svg_plot(rows, names, "native", "Time of kernels, native = 1, logarithmic"));
}

struct StartUp {
    std::vector<double> wall_ms, processor_ms, resident_mib;

    void add(const Outcome& outcome)
    {
        wall_ms.push_back(outcome.wall_ms);
        processor_ms.push_back(outcome.processor_ms);
        resident_mib.push_back(static_cast<double>(outcome.peak_resident_kib) / 1024);
    }
};

/// Whole processes that print one line.
std::string measure_start_up(const Options& options, const std::vector<Engine>& engines)
{
    std::map<std::string, StartUp> measured;
    for (int round = 0; round < options.rounds * 5; ++round)
        for (const Engine& engine : engines) {
            const Result<Outcome> outcome = run(engine.command(options.programs + "/hello", {}));
            if (!outcome || outcome->output != "hello, world\n")
                continue;
            measured[engine.name].add(*outcome);
        }
    std::string text = "| hello, world | wall, ms | fastest, ms | processor, ms | peak resident, MiB |\n"
                       "|---|---:|---:|---:|---:|\n";
    for (const Engine& engine : engines) {
        const StartUp& all = measured[engine.name];
        if (!all.wall_ms.empty())
            text += format("| {} | {:.2f} | {:.2f} | {:.2f} | {:.1f} |\n", engine.name, median(all.wall_ms),
                           std::ranges::min(all.wall_ms), median(all.processor_ms), median(all.resident_mib));
    }
    return text + "\n";
}

/// What tests/preinit/lexicon.c ends with.
constexpr int lexicon_exit_code = 7;

std::string preinit_row(const std::string& engine, const std::array<StartUp, 2>& measured)
{
    const auto& [before, after] = measured;
    if (before.wall_ms.empty())
        return "";
    if (after.wall_ms.empty()) // native
        return format("| {} | {:.2f} | - | {:.2f} | - |\n", engine, median(before.wall_ms),
                      median(before.processor_ms));
    return format("| {} | {:.2f} | {:.2f} | {:.2f} | {:.2f} |\n", engine, median(before.wall_ms), median(after.wall_ms),
                  median(before.processor_ms), median(after.processor_ms));
}

/// Whole processes of a program that begins by making 20,000 words, as it is and pre-initialised.
std::string measure_preinit(const Options& options, const std::vector<Engine>& engines)
{
    const auto made = run({options.trellis, "preinit", options.programs + "/lexicon.wasm", "--output",
                           options.programs + "/lexicon.init.wasm"});
    if (!made || made->exit_code != 0)
        return "pre-initialisation: not measured\n\n";
    std::map<std::string, std::array<StartUp, 2>> measured;
    std::string expected;
    for (int round = 0; round < options.rounds * 5; ++round)
        for (const Engine& engine : engines)
            for (const std::size_t initialised : {0u, 1u}) {
                const auto program = options.programs + (initialised ? "/lexicon.init" : "/lexicon");
                const Result<Outcome> outcome = run(engine.command(program, {}));
                if (!outcome || outcome->exit_code != lexicon_exit_code)
                    continue;
                if (expected.empty())
                    expected = outcome->output;
                if (outcome->output == expected)
                    measured[engine.name].at(initialised).add(*outcome);
            }
    std::string text =
        "A program that makes 20,000 words before it begins, and the same pre-initialised by trellis:\n\n"
        "| lexicon | wall, ms | initialised | processor, ms | initialised |\n|---|---:|---:|---:|---:|\n";
    for (const Engine& engine : engines)
        text += preinit_row(engine.name, measured[engine.name]);
    return text + "\n";
}

/// From bytes to an instance, with imports that do nothing, by Trellis and by Node.
std::string measure_instantiation(const Options& options)
{
    std::vector<std::pair<std::string, std::vector<std::string>>> commands = {
        {"trellis", {options.programs + "/instantiate", options.module}}};
    if (const std::string node = find_program("node"); !node.empty())
        commands.push_back({"node", {node, options.scripts + "/node_instantiate.mjs", options.module}});
    Row row{"", {}};
    for (int round = 0; round < options.rounds; ++round)
        for (const auto& [name, command] : commands)
            if (const Result<Answer> answer = ask(command))
                row.samples[name].push_back(answer->nanoseconds / 1e6);
    const std::filesystem::path module = options.module;
    std::string text =
        format("From the bytes of {} ({:.1f} MB) to an instance, wall clock:\n\n| | ms |\n|---|---:|\n",
               module.filename().string(), static_cast<double>(std::filesystem::file_size(module)) / 1e6);
    for (const auto& [name, command] : commands)
        text += format("| {} | {:.1f} |\n", name, row.median_of(name));
    return text + "\n";
}

/// What `micro` prints, a table of its own.
std::string measure_micro(const Options& options)
{
    std::vector<std::string> command = {options.programs + "/micro", options.programs + "/hello.wasm"};
    if (!options.module.empty())
        command.push_back(options.module);
    const Result<Outcome> outcome = run(command);
    return outcome ? outcome->output : "not measured: " + outcome.error().describe() + "\n";
}

int compare(const Options& options)
{
    const std::vector<Engine> engines = find_engines(options.trellis, options.scripts);
    std::filesystem::create_directories(options.results);
    std::vector<Row> rows;
    const bool right = measure_kernels(options, engines, rows);
    report_kernels(options, engines, rows);
    if (options.only.empty()) {
        std::string text = heading("Start-up and calls", options, engines) + measure_start_up(options, engines) +
                           measure_preinit(options, engines);
        if (!options.module.empty())
            text += measure_instantiation(options);
        write_file(options.results + "/start_up.md", text + measure_micro(options));
    }
    return right ? 0 : 1;
}

} // namespace

} // namespace trellis::bench

int main(int count, char** arguments)
{
    trellis::bench::Options options;
    for (int i = 1; i < count; i += 2)
        if (i + 1 == count || !trellis::bench::take_option(options, arguments[i], arguments[i + 1])) {
            std::fprintf(stderr, "unknown option %s\n", arguments[i]);
            return 2;
        }
    return trellis::bench::compare(options);
}
