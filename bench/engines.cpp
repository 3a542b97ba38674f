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
    all.push_back(stem + suffix);
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
        {.name = "native", .version = "the same clang, -O3", .before = {}, .after = {}, .suffix = ".native"},
        {.name = "native-v3",
         .version = "the same clang, -O3 -march=x86-64-v3",
         .before = {},
         .after = {},
         .suffix = ".v3"},
        {.name = "trellis",
         .version = version_of(trellis) + ", the interpreter",
         .before = {trellis, "run", "--tier", "interpreter"},
         .after = {"--"}},
        {.name = "aot",
         .version = version_of(trellis) + ", compiled ahead of time",
         .before = {trellis, "run", "--tier", "aot"},
         .after = {"--"}},
    };
    for (const Peer& peer : peers) {
        const std::string program = find_program(peer.program);
        if (program.empty())
            continue;
        Engine engine{
            .name = peer.program, .version = version_of(program), .before = {program}, .after = {}, .is_peer = true};
        engine.before.insert(engine.before.end(), peer.options.begin(), peer.options.end());
        engines.push_back(std::move(engine));
    }
    return engines;
}

} // namespace trellis::bench
