// Whole processes of programs with milliseconds of work: compiled ahead and found in the code cache, beside engines
// that compile ahead as well, and node. Engines take turns in every round.
//   short_programs --trellis PROGRAM --programs FOLDER --scripts FOLDER --results FOLDER [--rounds N]
#include "engines.hpp"
#include "process.hpp"
#include "table.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

namespace trellis::bench {
namespace {

struct Options {
    std::string trellis, programs, scripts, results;
    int rounds = 41;
};

/// How one engine runs a program of the folder; nothing: it can't.
struct Way {
    std::string name;
    std::vector<std::string> before; ///< in front of the file
    std::string extension;
    std::vector<std::string> prepare; ///< once, in front of the result's and the module's name; may be empty
    bool module_first = false;        ///< of these two
};

std::vector<Way> ways(const Options& options)
{
    std::vector<Way> all = {{"native", {}, ".native", {}},
                            {"trellis, from cache", {options.trellis, "run", "--tier", "aot"}, ".wasm", {}},
                            {"trellis, interpreter", {options.trellis, "run", "--tier", "interpreter"}, ".wasm", {}}};
    const auto wamrc = find_program("wamrc"), iwasm = find_program("iwasm-aot");
    if (!wamrc.empty() && !iwasm.empty())
        all.push_back({"WAMR, AOT", {iwasm}, ".aot", {wamrc, "-o"}});
    const auto wasmedgec = find_program("wasmedgec"), wasmedge = find_program("wasmedge");
    if (!wasmedgec.empty() && !wasmedge.empty())
        all.push_back({.name = "WasmEdge, AOT",
                       .before = {wasmedge, "run", "--run-mode", "aot"},
                       .extension = ".so",
                       .prepare = {wasmedgec},
                       .module_first = true});
    if (const auto node = find_program("node"); !node.empty())
        all.push_back({"node", {node, "--no-warnings", options.scripts + "/node_wasi.mjs"}, ".wasm", {}});
    return all;
}

std::vector<std::string> command(const Way& way, const std::string& stem)
{
    auto words = way.before;
    words.push_back(stem + way.extension);
    return words;
}

std::vector<std::string> names(const Options& options)
{
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(options.programs))
        if (entry.path().extension() == ".wasm")
            all.push_back(entry.path().stem());
    std::ranges::sort(all);
    return all;
}

struct Table {
    std::vector<Row> wall, processor;
};

/// False: it said something else than the others.
bool measure(const Way& way, const std::string& stem, std::string& expected, Row& wall, Row& processor)
{
    const auto outcome = run(command(way, stem));
    if (!outcome || outcome->exit_code != 0)
        return true; // it can't run this one: the table shows a gap
    if (expected.empty())
        expected = outcome->output;
    wall.samples[way.name].push_back(outcome->wall_ms);
    processor.samples[way.name].push_back(outcome->processor_ms);
    if (outcome->output != expected)
        std::fprintf(stderr, "%s: %s says %s", stem.c_str(), way.name.c_str(), outcome->output.c_str());
    return outcome->output == expected;
}

std::string table(const std::vector<Row>& rows, const std::vector<Way>& engines)
{
    std::string text = "| |", line = "|---|";
    for (const auto& way : engines) {
        text += " " + way.name + " |";
        line += "---:|";
    }
    text += "\n" + line + "\n";
    for (const auto& row : rows) {
        text += "| " + row.name + " |";
        for (const auto& way : engines)
            text += row.samples.contains(way.name) ? format(" {:.2f} |", row.median_of(way.name)) : " - |";
        text += "\n";
    }
    return text + "\n";
}

int compare(const Options& options)
{
    const auto engines = ways(options);
    Table rows;
    bool right = true;
    std::vector<std::string> expected;
    for (const auto& name : names(options)) {
        rows.wall.push_back({name, {}});
        rows.processor.push_back({name, {}});
        for (const auto& way : engines)
            if (!way.prepare.empty()) {
                auto words = way.prepare;
                std::array files = {options.programs + "/" + name + way.extension,
                                    options.programs + "/" + name + ".wasm"};
                if (way.module_first)
                    std::swap(files[0], files[1]);
                words.insert(words.end(), files.begin(), files.end());
                (void)run(words);
            }
        (void)run(command(engines[1], options.programs + "/" + name)); // into the cache
    }
    expected.resize(rows.wall.size());
    for (int round = 0; round < options.rounds; ++round)
        for (std::size_t i = 0; i < rows.wall.size(); ++i)
            for (const auto& way : engines)
                right &= measure(way, options.programs + "/" + rows.wall[i].name, expected[i], rows.wall[i],
                                 rows.processor[i]);
    std::ofstream(options.results + "/short_programs.md")
        << format(
               "# Short programs\n\nWhole processes, {} rounds, engines taking turns; medians in milliseconds.\n\n## "
               "Processor time\n\n",
               options.rounds)
        << table(rows.processor, engines) << "## Wall clock\n\n"
        << table(rows.wall, engines);
    return right ? 0 : 1;
}

} // namespace
} // namespace trellis::bench

int main(int count, char** words)
{
    trellis::bench::Options options;
    using Member = std::string trellis::bench::Options::*;
    const std::pair<std::string_view, Member> texts[] = {{"--trellis", &trellis::bench::Options::trellis},
                                                         {"--programs", &trellis::bench::Options::programs},
                                                         {"--scripts", &trellis::bench::Options::scripts},
                                                         {"--results", &trellis::bench::Options::results}};
    for (int i = 1; i + 1 < count; i += 2) {
        for (const auto& [name, member] : texts)
            if (name == words[i])
                options.*member = words[i + 1];
        if (std::string_view(words[i]) == "--rounds")
            options.rounds = std::atoi(words[i + 1]);
    }
    // A cache of its own, that begins empty.
    setenv("TRELLIS_CACHE_DIR", (options.programs + "/cache").c_str(), 1);
    return trellis::bench::compare(options);
}
