// trellis optimize: another program, Binaryen's wasm-opt, makes a module smaller and faster; what goes in and what
// comes out is validated here.
#include "base/format.hpp"
#include "cli/arguments.hpp"
#include "cli/child_process.hpp"
#include "cli/features_used.hpp"
#include "cli/module_file.hpp"
#include "cli/terminal.hpp"
#include "wasm/validation/validator.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <unistd.h>

namespace trellis::cli {
namespace {

using wasm::Feature;

constexpr std::array options = {
    Option{.name = "output",
           .value = "FILE",
           .help = "Write here; otherwise the module goes to standard output, unless that is a terminal",
           .example = "-o app.opt.wasm",
           .letter = 'o'},
    Option{.name = "optimize-level",
           .value = "LEVEL",
           .help = "0 to 4 for speed, s or z for size (default s)",
           .example = "-O3",
           .letter = 'O'},
    Option{.name = "keep-names",
           .value = {},
           .help = "Keep the names of functions, for backtraces",
           .example = {},
           .letter = 'g'},
    Option{.name = "wasm-opt",
           .value = "FILE",
           .help = "Binaryen's program (default: wasm-opt on PATH)",
           .example = "--wasm-opt node_modules/.bin/wasm-opt",
           .environment = true},
    feature_option,
    no_feature_option,
};

constexpr std::array examples = {
    Example{"trellis optimize app.wasm -o app.opt.wasm", "makes the module smaller"},
    Example{"trellis optimize app.wasm -O3 -g -o app.opt.wasm", "makes it faster, and keeps names for backtraces"},
    Example{"trellis optimize app.wasm --wasm-opt node_modules/.bin/wasm-opt -o app.opt.wasm",
            "by the program of npm's package binaryen, after `npm install binaryen`"},
};

constexpr std::string_view details =
    "FILE is a core module, binary or text; - is standard input. Needs wasm-opt of Binaryen, version 120 or later:\n"
    "`npm install binaryen` gets one, and so does https://github.com/WebAssembly/binaryen/releases. The result\n"
    "uses no part of WebAssembly that FILE does not use.";

/// The first with all of WebAssembly 3.0; Debian 12 has 108.
constexpr unsigned least_version = 120;
constexpr std::string_view how_to_get =
    "`npm install binaryen` gets a current one: then add --wasm-opt node_modules/.bin/wasm-opt";

/// How wasm-opt is told that a module uses a feature. What it has no word for it can't read.
struct FeatureFlag {
    Feature feature;
    std::string_view flag;
};
constexpr std::array feature_flags = {
    FeatureFlag{Feature::mvp, "--enable-mutable-globals"},
    FeatureFlag{Feature::sign_extension, "--enable-sign-ext"},
    FeatureFlag{Feature::saturating_conversion, "--enable-nontrapping-float-to-int"},
    FeatureFlag{Feature::bulk_memory, "--enable-bulk-memory"},
    FeatureFlag{Feature::reference_types, "--enable-reference-types"},
    FeatureFlag{Feature::multi_value, "--enable-multivalue"},
    FeatureFlag{Feature::simd, "--enable-simd"},
    FeatureFlag{Feature::relaxed_simd, "--enable-relaxed-simd"},
    FeatureFlag{Feature::tail_call, "--enable-tail-call"},
    FeatureFlag{Feature::extended_const, "--enable-extended-const"},
    FeatureFlag{Feature::function_references, "--enable-gc"},
    FeatureFlag{Feature::gc, "--enable-gc"},
    FeatureFlag{Feature::exceptions, "--enable-exception-handling"},
    FeatureFlag{Feature::multi_memory, "--enable-multimemory"},
    FeatureFlag{Feature::memory64, "--enable-memory64"},
    FeatureFlag{Feature::threads, "--enable-threads"},
    FeatureFlag{Feature::custom_page_sizes, "--enable-custom-page-sizes"},
    FeatureFlag{Feature::wide_arithmetic, "--enable-wide-arithmetic"},
    FeatureFlag{Feature::legacy_exceptions, "--enable-exception-handling"},
};

/// Features that wasm-opt knows only together with others.
void add_companions(std::vector<Feature>& features)
{
    const auto has = [&](Feature one) { return std::ranges::find(features, one) != features.end(); };
    if (has(Feature::gc) || has(Feature::function_references) || has(Feature::exceptions))
        features.push_back(Feature::reference_types);
    if (has(Feature::relaxed_simd))
        features.push_back(Feature::simd);
    features.push_back(Feature::mvp);
}

std::vector<std::string> flags_for(std::vector<Feature> features)
{
    add_companions(features);
    std::vector<std::string> flags = {"--mvp-features"};
    for (const auto& [feature, flag] : feature_flags)
        if (std::ranges::find(features, feature) != features.end())
            flags.emplace_back(flag);
    return flags;
}

/// The number in "wasm-opt version 132 (version_132)".
std::optional<unsigned> version_in(std::string_view text)
{
    constexpr std::string_view before = "wasm-opt version ";
    unsigned version = 0;
    if (!text.starts_with(before))
        return std::nullopt;
    const auto [end, error] = std::from_chars(text.data() + before.size(), text.data() + text.size(), version);
    return error == std::errc() ? std::optional(version) : std::nullopt;
}

Result<> check_version(const std::string& program)
{
    const auto answer = run_child({{program, "--version"}, {}});
    if (!answer && answer.error().code == ErrorCode::not_found)
        return fail(ErrorCode::not_found, format("no {}: optimising is done by Binaryen; {}", program, how_to_get));
    if (!answer)
        return std::unexpected(answer.error());
    const auto version = version_in(answer->output);
    if (answer->exit_code != 0 || !version)
        return fail(ErrorCode::unsupported,
                    format("{} --version does not answer like Binaryen's wasm-opt; {}", program, how_to_get));
    if (*version < least_version)
        return fail(ErrorCode::unsupported,
                    format("{} is version {}, which does not know WebAssembly 3.0; {} or later is needed; {}", program,
                           *version, least_version, how_to_get));
    return {};
}

Result<std::string> level_of(const Arguments& arguments)
{
    const auto level = arguments.value("optimize-level").value_or("s");
    if (level.size() != 1 || std::string_view("01234sz").find(level) == std::string_view::npos)
        return fail(ErrorCode::usage, format("--optimize-level {}: there are 0, 1, 2, 3, 4, s and z", level));
    return format("-O{}", level);
}

Result<SharedBytes> run_wasm_opt(const Arguments& arguments, const std::string& program, const wasm::Module& module)
{
    const auto input = TRELLIS_TRY(make_unnamed_file(module.binary.view()));
    const auto output = TRELLIS_TRY(make_unnamed_file({}));
    ChildRequest request{{program, TRELLIS_TRY(level_of(arguments))}, {input.number(), output.number()}};
    std::ranges::move(flags_for(TRELLIS_TRY(features_used(module))), std::back_inserter(request.words));
    if (arguments.has("keep-names"))
        request.words.emplace_back("--debuginfo");
    request.words.push_back(format("/dev/fd/{}", first_child_descriptor));
    request.words.emplace_back("--output");
    request.words.push_back(format("/dev/fd/{}", first_child_descriptor + 1));
    const auto result = TRELLIS_TRY(run_child(request));
    TRELLIS_TRY(write_all(STDERR_FILENO, printable(result.output, true)));
    if (result.exit_code != 0)
        return fail(ErrorCode::unsupported, format("{} failed with exit code {}", program, result.exit_code));
    return read_file(format("/dev/fd/{}", output.number()));
}

Result<> optimize(const Arguments& arguments)
{
    const auto output = arguments.value("output");
    if (!output && isatty(STDOUT_FILENO) == 1)
        return fail(ErrorCode::usage, "a binary module is not for terminals; name a file with --output");
    const auto features = TRELLIS_TRY(features_of(arguments));
    TRELLIS_TRY(level_of(arguments));
    wasm::TypeRegistry registry;
    const auto module = TRELLIS_TRY(load_file(arguments.operands()[0], registry, features));
    const std::string program(arguments.value("wasm-opt").value_or("wasm-opt"));
    TRELLIS_TRY(check_version(program));
    const auto optimized = TRELLIS_TRY(run_wasm_opt(arguments, program, *module));
    if (const auto valid = wasm::load_module(optimized, registry, features); !valid)
        return fail(ErrorCode::unsupported,
                    format("what {} wrote is not accepted: {}", program, valid.error().describe()));
    return write_file(output.value_or("-"), optimized.view());
}

int run_optimize(const Arguments& arguments)
{
    const auto done = optimize(arguments);
    return done ? 0 : report(done.error());
}

} // namespace

const Command optimize_command = {
    .name = "optimize",
    .operands = "FILE",
    .summary = "Makes a module smaller or faster with Binaryen",
    .details = details,
    .options = options,
    .examples = examples,
    .run = run_optimize,
};

} // namespace trellis::cli
