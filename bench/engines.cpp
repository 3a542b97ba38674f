#include "engines.hpp"

#include "process.hpp"

namespace trellis::bench {

namespace {

struct Peer {
    const char* program;
    std::vector<std::string> options; ///< in front of the module
};

std::string version_of(const std::string& program)
{
    const Result<Outcome> outcome = run({program, "--version"});
    if (!outcome)
        return "unknown version";
    return outcome->output.substr(0, outcome->output.find('\n'));
}

} // namespace

std::vector<std::string> Engine::command(const std::string& stem, const std::vector<std::string>& arguments) const
{
    std::vector<std::string> all = before;
    all.push_back(before.empty() ? stem + ".native" : stem + ".wasm");
    all.insert(all.end(), after.begin(), after.end());
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

std::vector<Engine> find_engines(const std::string& trellis, const std::string& scripts)
{
    const Peer peers[] = {
        {"wasm3", {}},
        {"iwasm", {}},
        {"wasmedge", {}},
        {"wasmtime", {"run"}},
        {"node", {"--no-warnings", scripts + "/node_wasi.mjs"}},
    };
    std::vector<Engine> engines = {
        {"native", "the same clang, -O2", {}, {}},
        {"trellis", version_of(trellis), {trellis, "run"}, {"--"}},
    };
    for (const Peer& peer : peers) {
        const std::string program = find_program(peer.program);
        if (program.empty())
            continue;
        Engine engine{peer.program, version_of(program), {program}, {}};
        engine.before.insert(engine.before.end(), peer.options.begin(), peer.options.end());
        engines.push_back(std::move(engine));
    }
    return engines;
}

} // namespace trellis::bench
