// Programs of wasi:cli that other programs have made components of: unchanged, they must do the same here, on every
// tier, as there: what they write, how they end, and the files they leave. Made by `component_peers_make`.
#include "component_peers/made_by_peers.hpp"
#include "component_peers/peer_server.hpp"
#include "system/process.hpp"

#include <map>

namespace trellis::testing {
namespace {

namespace fs = std::filesystem;

struct Step {
    std::string words; ///< with a blank between them
    std::string input = {};
};

std::vector<std::string> words_of(const std::string& text)
{
    std::vector<std::string> words(1);
    for (const char character : text) {
        if (character == ' ')
            words.emplace_back();
        else
            words.back() += character;
    }
    return words;
}

/// What came of it, as text, so that a difference is legible.
using Outcomes = std::vector<std::string>;

std::string outcome_of(const Step& step, const ProcessResult& result)
{
    return step.words + " -> " + std::to_string(result.exit_code) + "\n" + result.output + "--- " + result.errors;
}

/// Every file below, with what is in it.
std::string content_of(const fs::path& folder)
{
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        files[entry.path().lexically_relative(folder)] = entry.is_regular_file() ? read_whole_file(entry.path()) : "/";
    std::string text;
    for (const auto& [name, content] : files)
        text += name + "=" + content + "\n";
    return text;
}

class component_peers_run : public MadeByPeers {
protected:
    /// Each step in the same folder, one after the other.
    Outcomes all(const std::string& folder, const std::vector<Step>& steps, const std::vector<std::string>& program)
    {
        fs::create_directories(folder + "/seen");
        write_whole_file(folder + "/given", "what was given\n");
        Outcomes outcomes;
        for (const Step& step : steps) {
            ProcessRequest request{.words = program,
                                   .input = step.input,
                                   .environment = {"PEERS_WORD=a word", "TRELLIS_CACHE_DIR=" + folders_.path()},
                                   .directory = TRELLIS_PEER_PACKAGES,
                                   .may_use_cache = true};
            for (std::string& word : words_of(step.words))
                request.words.push_back(std::move(word));
            outcomes.push_back(outcome_of(step, run_process(request)));
        }
        outcomes.push_back(content_of(folder));
        return outcomes;
    }
    Outcomes there(const std::string& name, const std::vector<Step>& steps)
    {
        const std::string folder = folders_.path() + "/" + name + ".there";
        return all(folder, steps,
                   {TRELLIS_NODE_PROGRAM, TRELLIS_PEER_SOURCES "/peer.mjs", "run", script(name), folder});
    }
    /// With what `grants_` says, besides the folder and a variable.
    Outcomes here(const std::string& name, const std::string& tier, const std::vector<Step>& steps)
    {
        const std::string folder = folders_.path() + "/" + name + "." + tier;
        std::vector<std::string> words = {TRELLIS_PROGRAM,    "run",   "--tier",    tier, "--dir",
                                          folder + "::/data", "--env", "PEERS_WORD"};
        words.insert(words.end(), grants_.begin(), grants_.end());
        words.insert(words.end(), {made(name + ".wasm"), "--"});
        return all(folder, steps, words);
    }
    void expect_same(const std::string& name, const std::vector<std::string>& tiers, const std::vector<Step>& steps)
    {
        const Outcomes wanted = there(name, steps);
        for (const std::string& tier : tiers) {
            const Outcomes found = here(name, tier, steps);
            for (std::size_t at = 0; at < wanted.size(); ++at)
                EXPECT_EQ(found[at], wanted[at]) << tier;
        }
    }

    TemporaryDirectory folders_;
    std::vector<std::string> grants_;
};

const std::string some_text = "a few words, and a few more\nein paar Wörter\n";
const std::string much_text(300'000, 'm');

} // namespace

// Not ahead of time: compiling the JavaScript engine takes minutes.
TEST_F(component_peers_run, javascript_does_the_same)
{
    expect_same("program", {"interpreter", "jit"},
                {{"arguments one  zwei Wörter --help , environment PEERS_WORD , environment PEERS_NOTHING , both"},
                 {"write new content , append given more , read given , read missing , read ../outside , make folder , "
                  "make folder , rename new folder/old , remove missing , list . , list given , status folder/old"},
                 {"upper", some_text},
                 {"count", much_text},
                 {"repeat ab 40000 , clock , random , timers , digest abc , sort 2000"},
                 {"fail"},
                 {"exit"},
                 {"leave , fail"}});
}

// Port 1 is nobody's.
TEST_F(component_peers_run, javascript_asks_others_the_same)
{
    const PeerServer server(script("server"));
    const std::string origin = "http://127.0.0.1:" + std::to_string(server.port());
    grants_ = {"--http", origin, "--http", "http://127.0.0.1:1"};
    expect_same("program", {"interpreter"},
                {{"ask " + origin + "/path?query , ask " + origin + "/ a-body , ask http://127.0.0.1:1/ , ask " +
                  origin + "/again " + std::string(50'000, 'b')}});
}

const std::vector<Step> steps_of_modules = {
    {"arguments one  zwei Wörter --help , environment PEERS_WORD , environment PEERS_NOTHING , clocks , unknown"},
    {"write /data/new content , append /data/given more , read /data/given , read /data/missing , "
     "read /data/../outside , make /data/folder , make /data/folder , rename /data/new /data/folder/old , "
     "remove /data/missing , list /data , list /data/nowhere"},
    {"upper", some_text},
    {"count", much_text},
    {"repeat ab 40000"},
    {"exit 0"},
    {"exit 1"},
};

TEST_F(component_peers_run, c_does_the_same)
{
    auto steps = steps_of_modules;
    steps.push_back({"random , both"});
    expect_same("of_c", {"interpreter", "jit", "aot"}, steps);
    expect_same("our_of_c", {"interpreter"}, steps);
}

TEST_F(component_peers_run, rust_does_the_same)
{
    if (!fs::exists(made("of_rust.wasm")))
        GTEST_SKIP() << "no Rust library for wasm32-wasi";
    auto steps = steps_of_modules;
    steps.push_back({"words", some_text});
    steps.push_back({"copy /data/given /data/copy , status /data/folder , status /data/copy"});
    expect_same("of_rust", {"interpreter", "jit", "aot"}, steps);
    expect_same("our_of_rust", {"interpreter"}, steps);
}

// The other host wants a node newer than Debian's for these.
TEST_F(component_peers_run, streams_of_javascript_run)
{
    const auto output = [&](std::vector<std::string> words, std::string input) {
        words.insert(words.begin(), {TRELLIS_PROGRAM, "run"});
        const auto result = run_process({.words = std::move(words), .input = std::move(input)});
        return result.output + result.errors + (result.exit_code == 0 ? "" : std::to_string(result.exit_code));
    };
    EXPECT_EQ(output({made("capitals.wasm")}, "capitals, please"), "CAPITALS, PLEASE");
    EXPECT_EQ(output({made("capitals.wasm")}, much_text), std::string(much_text.size(), 'M'));
    const auto streams = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"--dir", folders_.path() + "::/data", made("streams.wasm"), "--"});
        return output(std::move(words), much_text);
    };
    (void)folders_.file("kept", "what was kept");
    EXPECT_EQ(streams({"arguments", "one", "two"}), "one|two\n");
    EXPECT_EQ(streams({"pass"}), much_text);
    EXPECT_EQ(streams({"count"}), std::to_string(much_text.size()) + "\n");
    EXPECT_EQ(streams({"wait"}), "true\n");
    EXPECT_EQ(streams({"file", "kept"}), "what was kept");
    EXPECT_EQ(streams({"exit", "3"}), "3");
}

} // namespace trellis::testing
