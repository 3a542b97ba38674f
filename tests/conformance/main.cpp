// conformance [options] [FILE...]: the official suites through the engine. See usage below.
#include "base/check.hpp"
#include "base/format.hpp"
#include "conformance/code.hpp"
#include "conformance/runner.hpp"
#include "wasm/native/native_tier.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sys/resource.h>
#include <unistd.h>

namespace trellis::conformance {
namespace {

constexpr const char* usage = R"(usage: conformance [options] [FILE...]
  --suite NAME           only this folder: core, custom, legacy-exceptions, threads, custom-page-sizes, wide-arithmetic;
                         of components: component-model, wasmtime, wasm-tools
  --shard I/N            only every Nth file, beginning with the Ith (from 0)
  --pool                 memories and stacks come from a pool of four slots, used again by one script after the other
  --compile              modules are compiled
  --checked              compiled code checks all accesses to memory, and address space is short
  --write-artifacts CPU FOLDER
                         modules are interpreted, and compiled into this folder for a processor: aarch64
  --artifacts FOLDER     compiled code comes from there
  --adapters             calls between components go through adapters that are core modules
  --rejections           only what must be rejected; nothing is executed
  --message-share P      fail unless at least P per cent of the rejections begin with the suite's words
  --words                print each rejection with other words
  --verbose              print every failing line, not only the first ones of a file
  FILE                   part of a file's name: core/i32.json, simd_
)";

constexpr int exit_skipped = 77; // what ctest is told to show as skipped

struct Arguments {
    std::string suite;
    unsigned shard = 0, shards = 1;
    bool pool = false;
    bool compile = false;
    bool checked = false;
    bool adapters = false;
    std::optional<unsigned> mix; ///< 0 or 1: which half of the functions is compiled
    std::string write_cpu;
    std::string artifacts; ///< folder
    bool rejections_only = false;
    bool words = false;
    bool verbose = false;
    unsigned message_share = 0;
    std::vector<std::string_view> files;
};

unsigned number(std::string_view text)
{
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::optional<Arguments> parse_arguments(std::span<char*> words)
{
    Arguments arguments;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string_view word = words[i];
        const auto value = [&] { return i + 1 < words.size() ? std::string_view(words[++i]) : std::string_view(); };
        if (word == "--suite") {
            arguments.suite = value();
        } else if (word == "--shard") {
            const auto shard = value();
            arguments.shard = number(shard);
            arguments.shards = std::max(1u, number(shard.substr(std::min(shard.size(), shard.find('/') + 1))));
        } else if (word == "--message-share") {
            arguments.message_share = number(value());
        } else if (word == "--pool") {
            arguments.pool = true;
        } else if (word == "--compile") {
            arguments.compile = true;
        } else if (word == "--write-artifacts") {
            arguments.write_cpu = value();
            arguments.artifacts = value();
        } else if (word == "--artifacts") {
            arguments.artifacts = value();
        } else if (word == "--checked") {
            arguments.compile = arguments.checked = true;
        } else if (word == "--adapters") {
            arguments.adapters = true;
        } else if (word == "--mix") {
            arguments.mix = number(value());
        } else if (word == "--rejections") {
            arguments.rejections_only = true;
        } else if (word == "--words") {
            arguments.words = true;
        } else if (word == "--verbose") {
            arguments.verbose = true;
        } else if (word.starts_with("--")) {
            return std::nullopt;
        } else {
            arguments.files.push_back(word);
        }
    }
    return arguments;
}

// A crash of the engine is reported with the line that was being run.
const char* volatile current_file = "";

void report_crash(int signal)
{
    char text[512];
    const int length =
        std::snprintf(text, sizeof text, "\nCRASH (signal %d) in %s:%u\n", signal, current_file, current_line);
    [[maybe_unused]] const auto written = write(STDERR_FILENO, text, static_cast<std::size_t>(length));
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

unsigned sum(const Counts& counts)
{
    unsigned total = 0;
    for (const auto& [type, number] : counts.commands)
        total += number;
    return total;
}

Counts operator+(Counts a, const Counts& b)
{
    for (const auto& [type, number] : b.commands)
        a.commands[type] += number;
    a.binary += b.binary;
    a.text += b.text;
    return a;
}

MessageShare operator+(MessageShare a, MessageShare b)
{
    return {a.matching + b.matching, a.total + b.total};
}

double per_cent(MessageShare share)
{
    return share.total == 0 ? 100.0 : 100.0 * share.matching / share.total;
}

/// With these, all memories of a script have room in what shorten_address_space() leaves; and an emulator, which keeps
/// account of every page that is reserved, does not run out of memory.
constexpr wasm::StoreLimits short_limits = {
    .memory_bytes = 64 << 20, .table_elements = 1'000'000, .gc_heap_bytes = 64 << 20};

/// No memory can be guarded from here on: what is not checked has no net. The sanitizers can't live with that.
void shorten_address_space()
{
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
    const rlim_t bytes = rlim_t(8) << 30;
    const rlimit limit = {bytes, bytes};
    TRELLIS_CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
#endif
}

class Run {
public:
    Run(std::string data, Catalogue catalogue, ExpectedFailures expected, Arguments arguments)
        : data_(std::move(data)), catalogue_(std::move(catalogue)), expected_(std::move(expected)),
          arguments_(std::move(arguments)), registry_(std::make_shared<wasm::TypeRegistry>())
    {
    }

    int everything();

private:
    [[nodiscard]] bool wanted(const std::string& file) const;
    void suite(const Suite& suite);
    void file(const std::string& file, const Suite& suite);
    void judge(const std::string& file, const ScriptResult& result);
    void summarise() const;

    std::string data_;
    Catalogue catalogue_;
    ExpectedFailures expected_;
    Arguments arguments_;
    std::shared_ptr<wasm::TypeRegistry> registry_;
    wasm::SlotPool pool_{{.slots = 4}};

    unsigned position_ = 0;
    unsigned files_ = 0, files_with_failures_ = 0, failures_ = 0, expected_failures_ = 0;
    ScriptResult total_;
};

bool Run::wanted(const std::string& file) const
{
    return arguments_.files.empty() || std::ranges::any_of(arguments_.files, [&](std::string_view part) {
               return file.find(part) != std::string::npos;
           });
}

void Run::suite(const Suite& suite)
{
    for (const auto& name : catalogue_.files_of(suite)) {
        if (wanted(name) && position_++ % arguments_.shards == arguments_.shard)
            file(name, suite);
    }
}

void Run::file(const std::string& file, const Suite& suite)
{
    files_ += 1;
    current_file = file.c_str();
    const auto text = read_text_file(data_ + "/" + file);
    const auto script = text ? parse_script(*text, suite.kind) : Result<Script>(std::unexpected(text.error()));
    if (!script) {
        std::printf("%s: %s\n", file.c_str(), script.error().describe().c_str());
        failures_ += 1;
        return;
    }
    RunOptions options;
    options.features = suite.features;
    options.check_annotations = suite.check_annotations;
    options.kind = suite.kind;
    options.instantiates = suite.instantiates;
    options.adapters = arguments_.adapters;
    options.rejections_only = arguments_.rejections_only;
    options.pool = arguments_.pool ? &pool_ : nullptr;
    if (arguments_.checked || !arguments_.artifacts.empty())
        options.limits = short_limits;
    const bool is_written = !arguments_.write_cpu.empty();
    if (arguments_.compile || (!arguments_.artifacts.empty() && !is_written))
        options.tier = &wasm::native_tier;
    options.prepare = [&](const wasm::Module& module) -> Result<> {
        if (is_written)
            return write_artifact(module, arguments_.write_cpu, arguments_.artifacts);
        if (!arguments_.artifacts.empty())
            return attach_artifact(module, arguments_.artifacts);
        return arguments_.compile ? compile_and_attach(module, arguments_.checked) : Result<>();
    };
    if (arguments_.compile && suite.kind == ScriptKind::component)
        options.tier = &compiling_tier();
    if (arguments_.mix)
        options.tier = &mixed_tier(*arguments_.mix);
    judge(file, run_script(*script, options, catalogue_.notes[file], registry_));
}

void Run::judge(const std::string& file, const ScriptResult& result)
{
    unsigned unexpected = 0;
    const auto report = [&](unsigned line, const std::string& text) {
        unexpected += 1;
        if (arguments_.verbose || unexpected <= 5)
            std::printf("%s:%u %s\n", file.c_str(), line, text.c_str());
        else if (unexpected == 6)
            std::printf("%s: more failures; --verbose shows all\n", file.c_str());
    };
    std::set<std::string> failed;
    for (const auto& failure : result.failures) {
        const auto place = format("{}:{}", file, failure.line);
        failed.insert(place);
        if (expected_.contains(place))
            expected_failures_ += 1;
        else
            report(failure.line, failure.command + ": " + failure.reason);
    }
    for (const auto& [place, reason] : expected_) {
        if (place.starts_with(file + ":") && !failed.contains(place) && !arguments_.rejections_only)
            report(number(std::string_view(place).substr(file.size() + 1)),
                   "passes, but is listed as expected failure");
    }
    const auto all = result.executed + result.skipped;
    if (all != catalogue_.index[file])
        report(0, format("{} commands executed or knowingly skipped, where index.json has {} (or other kinds)",
                         sum(all), sum(catalogue_.index[file])));
    if (arguments_.words) {
        for (const auto& [line, wanted, got] : result.other_words)
            std::printf("%s:%u words: \"%s\" wanted, got \"%s\"\n", file.c_str(), line, wanted.c_str(), got.c_str());
    }
    failures_ += unexpected;
    files_with_failures_ += unexpected > 0 ? 1 : 0;
    total_.executed = total_.executed + result.executed;
    total_.skipped = total_.skipped + result.skipped;
    total_.binary_messages = total_.binary_messages + result.binary_messages;
    total_.text_messages = total_.text_messages + result.text_messages;
}

void Run::summarise() const
{
    std::printf(
        "%u files, %u commands executed, %u skipped knowingly, %u failed (in %u files), %u failed as expected\n",
        files_, sum(total_.executed), sum(total_.skipped), failures_, files_with_failures_, expected_failures_);
    std::printf("rejections that begin with the suite's words: binary %u of %u (%.1f %%), text %u of %u (%.1f %%)\n",
                total_.binary_messages.matching, total_.binary_messages.total, per_cent(total_.binary_messages),
                total_.text_messages.matching, total_.text_messages.total, per_cent(total_.text_messages));
}

int Run::everything()
{
    for (const auto& row : all_suites()) {
        if (arguments_.suite.empty() || arguments_.suite == row.name)
            suite(row);
    }
    summarise();
    if (files_ == 0) {
        std::puts("no file matches");
        return 1;
    }
    const bool words = per_cent(total_.binary_messages) >= arguments_.message_share &&
                       per_cent(total_.text_messages) >= arguments_.message_share;
    if (!words)
        std::printf("fewer than %u %% of the rejections begin with the suite's words\n", arguments_.message_share);
    return failures_ == 0 && words ? 0 : 1;
}

int data_missing(const std::string& data)
{
    const char* ci = std::getenv("CI");
    const bool required = ci && std::string_view(ci) == "true";
    std::printf("%s: the official test suite is not at %s; nothing was checked (CI=true makes this a failure)\n",
                required ? "FAILED" : "SKIPPED", data.c_str());
    return required ? 1 : exit_skipped;
}

int run_program(std::span<char*> words)
{
    auto arguments = parse_arguments(words);
    if (!arguments) {
        std::fputs(usage, stderr);
        return 2;
    }
    const std::string data = TRELLIS_SHARED_DIR "/conformance";
    if (!std::filesystem::exists(data + "/index.json"))
        return data_missing(data);
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTERM})
        std::signal(signal, report_crash);
    if (arguments->checked)
        shorten_address_space();
    auto catalogue = read_catalogue(data);
    const auto list = read_text_file(TRELLIS_SOURCE_DIR "/tests/conformance/expected_failures.txt");
    auto expected = list ? parse_expected_failures(*list) : Result<ExpectedFailures>(std::unexpected(list.error()));
    if (!catalogue || !expected) {
        std::puts((catalogue ? expected.error() : catalogue.error()).describe().c_str());
        return 1;
    }
    return Run(data, std::move(*catalogue), std::move(*expected), std::move(*arguments)).everything();
}

} // namespace
} // namespace trellis::conformance

int main(int count, char** words)
{
    return trellis::conformance::run_program({words, static_cast<std::size_t>(count)});
}
