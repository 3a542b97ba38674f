// trellis compile: compiles a module ahead of time into an artifact.
#include "base/format.hpp"
#include "cli/arguments.hpp"
#include "cli/module_file.hpp"
#include "cli/terminal.hpp"
#include "embed/compiler_library.hpp"
#include "wasm/native/artifact.hpp"
#include "wasm/validation/validator.hpp"

#include <algorithm>
#include <array>
#include <unistd.h>

namespace trellis::cli {
namespace {

constexpr std::array options = {
    Option{.name = "output",
           .value = "FILE",
           .help = "Write the artifact here; - is standard output",
           .example = "-o app.cwasm",
           .letter = 'o'},
    Option{.name = "target",
           .value = "NAME",
           .help = "Which processors may run it: native (this one, the default), generic (x86-64-v2), x86-64-v3, "
                   "x86-64-v4, aarch64",
           .example = "--target generic"},
    Option{.name = "memory",
           .value = "MODE",
           .help = "How code reaches memory: guarded (by 8 GiB of address space for each, the default on x86-64), or "
                   "checked (at each access: where there is less, and on aarch64)",
           .example = "--memory checked"},
    Option{.name = "fuel",
           .value = "",
           .help = "Code counts fuel, so that trellis run --fuel can limit it",
           .example = "--fuel"},
    Option{.name = "deterministic",
           .value = "",
           .help = "Code follows WebAssembly's deterministic profile: every NaN that is computed is the same one",
           .example = "--deterministic"},
    feature_option,
    no_feature_option,
};

constexpr std::array examples = {
    Example{"trellis compile app.wasm -o app.cwasm", "compiles for this machine"},
    Example{"trellis run app.cwasm", "runs what was compiled"},
    Example{"trellis compile app.wasm --target generic -o app.cwasm", "compiles for every x86-64 server since 2009"},
};

constexpr std::string_view details =
    "FILE is a core module, binary or text; - is standard input. The artifact holds the module and its machine code,\n"
    "which is trusted as a program is: run only artifacts that you or your build made. One of another version of\n"
    "trellis is refused.";

constexpr std::string_view aarch64 = "aarch64";

struct Target {
    std::string_view name;
    std::string_view cpu;
};

Result<std::string_view> cpu_of(std::string_view target)
{
    constexpr std::array targets = {Target{"generic", "x86-64-v2"}, Target{"x86-64-v2", "x86-64-v2"},
                                    Target{"x86-64-v3", "x86-64-v3"}, Target{"x86-64-v4", "x86-64-v4"},
                                    Target{aarch64, aarch64}};
    if (target == "native")
        return wasm::native::best_cpu();
    const auto found = std::ranges::find(targets, target, &Target::name);
    if (found != targets.end())
        return found->cpu;
    return fail(ErrorCode::usage,
                format("--target {}: there are native, generic, x86-64-v2, x86-64-v3, x86-64-v4 and aarch64", target));
}

Result<embed::MemoryMode> memory_of(std::string_view mode)
{
    if (mode == "guarded")
        return embed::MemoryMode::guarded;
    if (mode == "checked")
        return embed::MemoryMode::checked;
    return fail(ErrorCode::usage, format("--memory {}: there are guarded and checked", mode));
}

/// How far compiling is, in one line of the terminal that is gone when this is; nothing where stderr is none.
class ProgressLine {
public:
    explicit ProgressLine(std::string_view name) : name_(printable(name)) {}
    ~ProgressLine() { show(""); }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    wasm::compiler::Progress progress()
    {
        if (isatty(STDERR_FILENO) != 1)
            return {};
        return [this](std::uint64_t done, std::uint64_t all) {
            show(format("compiling {}: {} %", name_, all ? done * 100 / all : 100));
        };
    }

private:
    /// Over what is there.
    void show(const std::string& text)
    {
        if (text == shown_)
            return;
        const auto blank = shown_.size() > text.size() ? shown_.size() - text.size() : 0;
        (void)write_all(STDERR_FILENO, format("\r{}{}{}", text, std::string(blank, ' '), text.empty() ? "\r" : ""));
        shown_ = text;
    }

    std::string name_, shown_;
};

Result<> compile(const Arguments& arguments)
{
    const auto output = arguments.value("output");
    if (!output)
        return fail(ErrorCode::usage, "say where the artifact goes: -o app.cwasm");
    const auto cpu = TRELLIS_TRY(cpu_of(arguments.value("target").value_or("native")));
    const auto memory =
        TRELLIS_TRY(memory_of(arguments.value("memory").value_or(cpu == aarch64 ? "checked" : "guarded")));
    const embed::CodeWishes wishes = {.fuel = arguments.has("fuel"), .deterministic = arguments.has("deterministic")};
    const auto features = TRELLIS_TRY(features_of(arguments));
    wasm::TypeRegistry registry;
    const auto module = TRELLIS_TRY(load_file(arguments.operands()[0], registry, features));
    ProgressLine line(arguments.operands()[0]);
    return write_file(*output, TRELLIS_TRY(embed::compile_artifact(*module, cpu, memory, wishes, line.progress())));
}

int run_compile(const Arguments& arguments)
{
    const auto done = compile(arguments);
    return done ? 0 : report(done.error());
}

} // namespace

const Command compile_command = {
    .name = "compile",
    .operands = "FILE",
    .summary = "Compiles a module ahead of time",
    .details = details,
    .options = options,
    .examples = examples,
    .run = run_compile,
};

} // namespace trellis::cli
