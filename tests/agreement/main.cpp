// agreement [options]: generated modules through all tiers; what can be seen of them has to be the same.
#include "agreement/run.hpp"
#include "base/format.hpp"

#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <thread>
#include <unistd.h>

namespace trellis::agreement {
namespace {

using wasm::generator::Generated;
using wasm::generator::Random;
using wasm::generator::Statements;

constexpr const char* usage = R"(usage: agreement [options]
  --modules N     how many (1000)
  --seed N        of all of them (1)
  --threads N     (1)
  --only SEED     one module, by the seed that a disagreement names
  --keep-going    not only the first ten disagreements
)";

struct Arguments {
    std::uint64_t modules = 1000, seed = 1, threads = 1;
    std::optional<std::uint64_t> only;
    bool keep_going = false;
};

std::optional<Arguments> parse_arguments(std::span<char*> words)
{
    Arguments arguments;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string_view word = words[i];
        const auto value = [&] {
            std::uint64_t number = 0;
            const std::string_view text = i + 1 < words.size() ? words[++i] : "";
            std::from_chars(text.data(), text.data() + text.size(), number);
            return number;
        };
        if (word == "--modules")
            arguments.modules = value();
        else if (word == "--seed")
            arguments.seed = value();
        else if (word == "--threads")
            arguments.threads = value();
        else if (word == "--only")
            arguments.only = value();
        else if (word == "--keep-going")
            arguments.keep_going = true;
        else
            return std::nullopt;
    }
    return arguments;
}

// A crash is reported with the module that was run.
thread_local std::uint64_t current_seed = 0;

void report_crash(int signal)
{
    char text[80];
    const int length = std::snprintf(text, sizeof text, "\nCRASH (signal %d) in module --only %llu\n", signal,
                                     static_cast<unsigned long long>(current_seed));
    [[maybe_unused]] const auto written = write(STDERR_FILENO, text, static_cast<std::size_t>(length));
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

Mode mode_of(std::uint64_t seed)
{
    return {.metered = seed % 3 == 0, .deterministic = seed % 5 == 0};
}

Generated generate(std::uint64_t seed, const Mode& mode, Statements& statements)
{
    return wasm::generator::generate(seed, {.hides_nans = !mode.deterministic, .is_metered = mode.metered}, statements);
}

/// How the tiers disagree; empty: they don't.
std::string disagreement(std::uint64_t seed, Statements& statements)
{
    current_seed = seed;
    const auto mode = mode_of(seed);
    const auto generated = generate(seed, mode, statements);
    std::optional<Transcript> expected;
    for (const auto& tier : tiers()) {
        auto found = run(tier, generated, mode, seed);
        if (!found)
            return format("{}: {}", tier.name, found.error().describe());
        if (!expected) {
            expected = std::move(*found);
        } else if (const auto text = difference(*expected, *found); !text.empty())
            return format("{} and {} disagree {}", tiers().front().name, tier.name, text);
    }
    return {};
}

/// Leaves out whatever can be left out, and writes what is left.
void minimise(std::uint64_t seed, Statements statements)
{
    Statements smallest;
    for (const auto name : statements.made) {
        auto without = smallest.left_out;
        without.insert(name);
        Statements attempt{without, {}};
        if (!disagreement(seed, attempt).empty())
            smallest.left_out = without;
    }
    Statements last{smallest.left_out, {}};
    std::printf("  smallest: %s\n", disagreement(seed, last).c_str());
    const auto generated = generate(seed, mode_of(seed), last);
    const auto name = format("disagreement-{}.wasm", seed);
    std::ofstream file(name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(generated.binary.data()),
               static_cast<std::streamsize>(generated.binary.size()));
    std::printf("  written to %s\n", name.c_str());
}

class Sweep {
public:
    explicit Sweep(const Arguments& arguments) : arguments_(arguments) {}

    unsigned all()
    {
        {
            std::vector<std::jthread> helpers;
            for (std::uint64_t i = 1; i < arguments_.threads; ++i)
                helpers.emplace_back([this] { work(); });
            work();
        }
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
        std::printf("%llu modules, %u disagreements, %.1f s\n",
                    static_cast<unsigned long long>(std::min(next_.load(), arguments_.modules)), failures_.load(),
                    took.count());
        return failures_;
    }

private:
    void work()
    {
        for (;;) {
            const auto i = next_.fetch_add(1);
            if (i >= arguments_.modules || (failures_ >= 10 && !arguments_.keep_going))
                return;
            const auto seed = Random(arguments_.seed * 0x1'0000'0000 + i).next();
            Statements statements;
            if (const auto text = disagreement(seed, statements); !text.empty())
                report(seed, text, statements);
        }
    }

    void report(std::uint64_t seed, const std::string& text, const Statements& statements)
    {
        const std::scoped_lock lock(mutex_);
        if (failures_++ >= 10)
            return;
        std::printf("module --only %llu: %s\n", static_cast<unsigned long long>(seed), text.c_str());
        minimise(seed, statements);
        std::fflush(stdout);
    }

    Arguments arguments_;
    std::atomic<std::uint64_t> next_ = 0;
    std::mutex mutex_;
    std::atomic<unsigned> failures_ = 0;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

int run_only(std::uint64_t seed)
{
    Statements statements;
    const auto text = disagreement(seed, statements);
    std::printf("%s\n", text.empty() ? "the tiers agree" : text.c_str());
    if (!text.empty())
        minimise(seed, statements);
    return text.empty() ? 0 : 1;
}

} // namespace
} // namespace trellis::agreement

int main(int argc, char** argv)
{
    using namespace trellis::agreement;
    const auto arguments = parse_arguments({argv, static_cast<std::size_t>(argc)});
    if (!arguments) {
        std::fputs(usage, stderr);
        return 2;
    }
    for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE})
        std::signal(signal, report_crash);
    if (arguments->only)
        return run_only(*arguments->only);
    return Sweep(*arguments).all() == 0 ? 0 : 1;
}
