// trellis run: a core module as a program; where the file is a component, see run_component.
#include "base/format.hpp"
#include "base/quantity.hpp"
#include "cli/arguments.hpp"
#include "cli/code_options.hpp"
#include "cli/exit_code.hpp"
#include "cli/guest_options.hpp"
#include "cli/interruption.hpp"
#include "cli/module_file.hpp"
#include "cli/run_component.hpp"
#include "cli/terminal.hpp"
#include "cli/value_text.hpp"
#include "cli/values.hpp"
#include "embed/compiled_module.hpp"
#include "sandbox/wasi/wasi.hpp"
#include "wasm/execution/linker.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/jit/jit.hpp"
#include "wasm/native/native_tier.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace trellis::cli {
namespace {

using wasm::Instance;
using wasm::Store;

constexpr std::array options = {
    dir_option,
    env_option,
    Option{.name = "argv0",
           .value = "NAME",
           .help = "The guest's own name, its argument 0 (default: the file's name)",
           .example = "--argv0 app"},
    Option{.name = "listen",
           .value = "HOST:PORT",
           .help = "Grant a listening TCP socket; for components: let it listen there",
           .example = "--listen 127.0.0.1:8080",
           .repeats = true},
    Option{.name = "tcp-connect",
           .value = "HOST[:PORT]",
           .help = "Let a component connect there; HOST is a name, *.name, an address, a block of addresses, or *",
           .example = "--tcp-connect example.com:443",
           .repeats = true},
    Option{.name = "udp-send",
           .value = "HOST[:PORT]",
           .help = "Let a component send datagrams there, and hear the answers",
           .example = "--udp-send 127.0.0.1:53",
           .repeats = true},
    Option{.name = "udp-bind",
           .value = "HOST[:PORT]",
           .help = "Let a component hear datagrams of everyone there",
           .example = "--udp-bind 127.0.0.1:5000",
           .repeats = true},
    Option{.name = "lookup",
           .value = "NAME",
           .help = "Let a component look this name up, besides those it may connect to",
           .example = "--lookup *.example.com",
           .repeats = true},
    Option{.name = "http",
           .value = "ORIGIN",
           .help = "Let a component ask this host over HTTP; insecure:allow-all: every host of the public internet",
           .example = "--http https://example.com",
           .repeats = true},
    Option{.name = "invoke",
           .value = "NAME",
           .help = "Call this exported function with the arguments and print its results, one on a line",
           .example = "--invoke add"},
    Option{.name = "link",
           .value = "NAME=FILE",
           .help = "Instantiate another module first; its exports can be imported as module NAME. For components: only "
                   "FILE, a component to import from",
           .example = "--link math=math.wasm",
           .repeats = true},
    Option{.name = "tier",
           .value = "NAME",
           .help =
               "How code is run: jit (the default: interpreted at first, compiled where it is hot), interpreter, or "
               "aot: compiled before it starts",
           .example = "--tier aot",
           .environment = true},
    cache_dir_option,
    cache_size_option,
    no_cache_option,
    cache_log_option,
    Option{.name = "trace",
           .value = "LIST",
           .help = "Write lines about what happens to standard error; jit: what is compiled, and what is not",
           .example = "--trace jit",
           .environment = true},
    max_memory_option,
    max_table_elements_option,
    max_stack_option,
    max_gc_heap_option,
    Option{.name = "max-instances",
           .value = "COUNT",
           .help = "Most module instances (default 10000)",
           .example = "--max-instances 10",
           .environment = true},
    fuel_option,
    deterministic_option,
    timeout_option,
    feature_option,
    no_feature_option,
};

constexpr std::array examples = {
    Example{"trellis run app.wasm", "runs a program that sees no files, no variables and no network"},
    Example{"trellis run app.wasm --dir host/data::/data --env K=V -- arg1 --arg2",
            "grants a directory, sets a variable, passes two arguments"},
    Example{"trellis run --invoke add math.wat 2 40", "calls one function of a module written as text; prints 42"},
    Example{"trellis run app.component.wasm --link log.component.wasm",
            "runs a component that imports what the other one exports"},
    Example{"trellis run --timeout 2s --max-memory 64MiB - < app.wasm", "limits a program that comes from a pipe"},
};

constexpr std::string_view details =
    "FILE is a component (a program of wasi:cli), a core module, binary or text, or an artifact of trellis compile; "
    "- is standard input, for modules. Options may stand before or behind FILE.\n"
    "Words behind FILE that are no options, and everything behind --, are the guest's arguments.\n"
    "The exit code is the guest's own. Otherwise: 2 wrong use, 126 the module can't be run, 127 not found,\n"
    "134 trap, 139 stack too deep, 137 GC heap full, 122 limit refused, 124 timeout, 152 fuel, 130 Ctrl-C.";

Result<sandbox::WasiConfig> wasi_config(const Arguments& arguments)
{
    sandbox::WasiConfig config;
    const auto& operands = arguments.operands();
    const auto file = operands[0].substr(operands[0].rfind('/') + 1);
    config.arguments.emplace_back(arguments.value("argv0").value_or(file));
    if (!arguments.has("invoke")) {
        config.arguments.insert(config.arguments.end(), operands.begin() + 1, operands.end());
        config.arguments.insert(config.arguments.end(), arguments.after_dashes().begin(),
                                arguments.after_dashes().end());
    }
    TRELLIS_TRY(read_grants(arguments, config));
    for (const auto address : arguments.values("listen"))
        config.listen_addresses.emplace_back(address);
    return config;
}

/// An artifact has its code, unless the user wants another tier.
Result<const wasm::Tier*> tier_of(const Arguments& arguments, bool is_artifact)
{
    constexpr std::array tiers = {&wasm::interpreter_tier, &wasm::jit_tier, &wasm::native_tier};
    if (is_artifact && !arguments.has("tier"))
        return &wasm::native_tier;
    return tiers[static_cast<std::size_t>(TRELLIS_TRY(code_choice_of(arguments)))];
}

Result<wasm::jit::Settings> jit_settings(const Arguments& arguments)
{
    wasm::jit::Settings settings;
    const auto trace = arguments.value("trace");
    if (trace && *trace != "jit")
        return fail(ErrorCode::usage, format("--trace {}: there is only jit", *trace));
    if (trace)
        settings.log = [](const std::string& line) { print_note(line); };
    return settings;
}

/// How an artifact runs whose code wants memory guarded where there is too little address space for that.
Result<const wasm::Tier*> tier_without_guard(const wasm::Module& module, embed::CodeWishes wishes,
                                             const embed::CodeCache* cache, bool was_named)
{
    constexpr std::string_view reason = "the artifact's code needs 8 GiB of address space for its memory, there is "
                                        "less";
    const auto compiled = embed::give_code(module, wishes, cache);
    if (compiled) {
        print_note(format("{}; its module was compiled anew, which trellis compile --memory checked saves", reason));
        return &wasm::native_tier;
    }
    if (was_named || compiled.error().code != ErrorCode::not_found)
        return std::unexpected(compiled.error());
    print_note(format("{}, and no compiler is installed; its module is interpreted", reason));
    return &wasm::interpreter_tier;
}

/// What a person can do about an import that nobody provides.
std::string import_hint(const wasm::Module& module, const std::vector<std::string>& linked)
{
    for (const auto& import : module.imports) {
        const bool is_wasi = import.module == "wasi_snapshot_preview1" || import.module == "wasi_unstable";
        if (!is_wasi && std::ranges::find(linked, import.module) == linked.end())
            return format("module \"{0}\" is not provided; if you have it, add --link {0}=FILE", import.module);
    }
    return "`trellis inspect` shows what the module imports, and of which types";
}

/// Everything that one run needs, in the order in which it has to live.
class Program {
public:
    static Result<std::unique_ptr<Program>> load(const Arguments& arguments, RunSettings settings);
    /// The exit code of the guest. Errors: what stopped it.
    Result<int> run(const Arguments& arguments);
    /// Prints why it failed; the exit code.
    int report_failure(const Error& error);

private:
    Result<> load_module(const Arguments& arguments, const wasm::Tier*& tier, wasm::TypeRegistry& registry);
    void start_jit(wasm::jit::Settings settings);
    Result<Instance*> instantiate(std::shared_ptr<const wasm::Module> module);
    Result<> link(std::string_view name_and_file);
    [[nodiscard]] const embed::CodeCache* cache() const { return cache_ ? &*cache_ : nullptr; }
    Result<int> start(Instance& instance);
    Result<int> invoke_by_name(Instance& instance, const Arguments& arguments);
    Result<std::vector<wasm::Value>> call(wasm::Function& function, std::span<const wasm::Value> arguments);

    std::unique_ptr<sandbox::Wasi> wasi_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<wasm::jit::Jit> jit_;
    wasm::Linker linker_;
    std::vector<std::string> linked_;
    wasm::Features features_ = wasm::Features::standard();
    embed::CodeWishes wishes_;
    std::shared_ptr<const wasm::Module> module_;
    std::optional<embed::CodeCache> cache_;
};

/// The module, with its code where the tier wants it before it starts.
Result<> Program::load_module(const Arguments& arguments, const wasm::Tier*& tier, wasm::TypeRegistry& registry)
{
    const auto file = arguments.operands()[0];
    if (embed::is_artifact(file)) {
        module_ = TRELLIS_TRY(embed::load_artifact(file, registry, features_));
        if (tier == &wasm::native_tier && !wasm::native::has_code(*module_))
            tier = TRELLIS_TRY(tier_without_guard(*module_, wishes_, cache(), arguments.has("tier")));
        return {};
    }
    const bool may_find_all = tier == &wasm::jit_tier && !arguments.has("tier") && !arguments.has("link");
    if (tier != &wasm::native_tier && !may_find_all) {
        module_ = TRELLIS_TRY(load_file(file, registry, features_));
        return {};
    }
    const auto if_missing = may_find_all ? embed::IfMissing::leave : embed::IfMissing::compile;
    module_ = TRELLIS_TRY(embed::load_with_code(file, registry, features_, wishes_, cache(), if_missing));
    if (wasm::native::has_code(*module_))
        tier = &wasm::native_tier;
    if (tier == &wasm::native_tier && embed::best_memory_mode(*module_) == embed::MemoryMode::checked)
        print_note("less than 8 GiB of address space for a memory; compiled code checks each access");
    return {};
}

void Program::start_jit(wasm::jit::Settings settings)
{
    if (&store_->tier() != &wasm::jit_tier)
        return;
    if (cache())
        embed::use_cache(settings, *cache());
    jit_ = std::make_unique<wasm::jit::Jit>(embed::compile_with, std::move(settings));
    jit_->watch(*store_);
}

using ParseEndpoint = Result<sandbox::Endpoint> (*)(std::string_view);

Result<> read_endpoints(const Arguments& arguments, std::string_view option, ParseEndpoint parse,
                        std::vector<sandbox::Endpoint>& endpoints)
{
    for (const auto entry : arguments.values(option))
        endpoints.push_back(TRELLIS_TRY(parse(entry)));
    return {};
}

Result<sandbox::NetworkGrant> network_grant(const Arguments& arguments)
{
    sandbox::NetworkGrant grant;
    TRELLIS_TRY(read_endpoints(arguments, "tcp-connect", sandbox::parse_remote_endpoint, grant.connect));
    TRELLIS_TRY(read_endpoints(arguments, "udp-send", sandbox::parse_remote_endpoint, grant.send));
    TRELLIS_TRY(read_endpoints(arguments, "udp-bind", sandbox::parse_local_endpoint, grant.bind));
    for (const auto name : arguments.values("lookup"))
        grant.lookup.push_back(TRELLIS_TRY(sandbox::NamePattern::parse(name)));
    return grant;
}

Result<RunSettings> settings_of(const Arguments& arguments)
{
    RunSettings settings;
    settings.tier = TRELLIS_TRY(tier_of(arguments, embed::is_artifact(arguments.operands()[0])));
    settings.limits = TRELLIS_TRY(limits_of(arguments));
    TRELLIS_TRY(read_limit(arguments, "max-instances", parse_count, settings.limits.instances));
    TRELLIS_TRY(read_limit(arguments, "timeout", parse_duration, settings.timeout));
    settings.wasi = TRELLIS_TRY(wasi_config(arguments));
    settings.wishes = {.fuel = settings.limits.fuel.has_value(), .deterministic = settings.limits.deterministic};
    if (settings.tier != &wasm::interpreter_tier)
        settings.cache = TRELLIS_TRY(cache_of(arguments));
    settings.jit = TRELLIS_TRY(jit_settings(arguments));
    settings.network = TRELLIS_TRY(network_grant(arguments));
    const auto origins = arguments.values("http");
    settings.http = TRELLIS_TRY(sandbox::AllowList::parse({origins.begin(), origins.end()}));
    return settings;
}

Result<std::unique_ptr<Program>> Program::load(const Arguments& arguments, RunSettings settings)
{
    auto program = std::make_unique<Program>();
    program->features_ = TRELLIS_TRY(features_of(arguments));
    program->wishes_ = settings.wishes;
    program->cache_ = std::move(settings.cache);
    auto registry = std::make_shared<wasm::TypeRegistry>();
    TRELLIS_TRY(program->load_module(arguments, settings.tier, *registry));
    program->wasi_ = TRELLIS_TRY(sandbox::Wasi::make(std::move(settings.wasi)));
    program->store_ = std::make_unique<Store>(std::move(registry), *settings.tier, settings.limits);
    program->linker_.add_provider(program->wasi_->provider());
    program->start_jit(std::move(settings.jit));
    stop_on_signals(*program->store_, settings.timeout);
    return program;
}

Result<Instance*> Program::instantiate(std::shared_ptr<const wasm::Module> module)
{
    if (&store_->tier() == &wasm::native_tier && !wasm::native::has_code(*module))
        TRELLIS_TRY(embed::give_code(*module, wishes_, cache()));
    auto instance = linker_.instantiate(*store_, module);
    if (!instance && instance.error().code == ErrorCode::unlinkable)
        return fail(ErrorCode::unlinkable,
                    format("{}\n  help: {}", instance.error().describe(), import_hint(*module, linked_)));
    return instance;
}

Result<std::vector<wasm::Value>> Program::call(wasm::Function& function, std::span<const wasm::Value> arguments)
{
    store_->last_trap = {};
    return wasm::invoke(*store_, function, arguments);
}

Result<> Program::link(std::string_view name_and_file)
{
    const auto by_this = [this](std::shared_ptr<const wasm::Module> module) { return instantiate(std::move(module)); };
    linked_.emplace_back(TRELLIS_TRY(link_module(linker_, *store_, features_, by_this, "link", name_and_file)));
    return {};
}

std::string exported_functions(const wasm::Module& module)
{
    std::string names;
    for (const auto& item : module.exports) {
        if (item.kind == wasm::ExternKind::func)
            names += format("{}{}", names.empty() ? "" : ", ", item.name);
    }
    return names.empty() ? "it exports no functions" : "it exports " + names;
}

Result<std::vector<wasm::Value>> parse_arguments(const wasm::FuncType& type, std::span<const std::string_view> words)
{
    if (words.size() != type.params.size())
        return fail(ErrorCode::usage, format("{} arguments given; the function takes {}: {}", words.size(),
                                             type.params.size(), show_type(type)));
    std::vector<wasm::Value> values;
    for (std::size_t i = 0; i < words.size(); ++i)
        values.push_back(TRELLIS_TRY(parse_value(type.params[i], words[i])));
    return values;
}

Result<int> Program::invoke_by_name(Instance& instance, const Arguments& arguments)
{
    const auto name = *arguments.value("invoke");
    auto* function = exported_function(instance, name);
    if (!function)
        return fail(ErrorCode::not_found, format("no exported function {}; {}", name, exported_functions(*module_)));
    if (auto* initialize = exported_function(instance, "_initialize"); initialize && initialize != function)
        TRELLIS_TRY(call(*initialize, {}));
    std::vector<std::string_view> words(arguments.operands().begin() + 1, arguments.operands().end());
    words.insert(words.end(), arguments.after_dashes().begin(), arguments.after_dashes().end());
    const auto values = TRELLIS_TRY(parse_arguments(function->type->function(), words));
    std::string text;
    for (const auto& result : TRELLIS_TRY(call(*function, values)))
        text += show_value(result) + "\n";
    return print(text);
}

Result<int> Program::start(Instance& instance)
{
    auto* function = exported_function(instance, "_start");
    if (!function)
        function = exported_function(instance, "_initialize");
    if (!function && module_->start)
        return 0; // its start function was all there was to run
    if (!function)
        return fail(ErrorCode::not_found,
                    format("nothing to run: the module exports no _start; call a function with --invoke NAME; {}",
                           exported_functions(*module_)));
    TRELLIS_TRY(call(*function, {}));
    return 0;
}

Result<int> Program::run(const Arguments& arguments)
{
    for (const auto other : arguments.values("link"))
        TRELLIS_TRY(link(other));
    auto& instance = *TRELLIS_TRY(instantiate(module_));
    return arguments.has("invoke") ? invoke_by_name(instance, arguments) : start(instance);
}

int Program::report_failure(const Error& error)
{
    if (error.code != ErrorCode::trap)
        return report(error);
    const auto& last = store_->last_trap;
    if (last.trap == wasm::Trap::exit)
        return store_->exit_code;
    print_error(last.trap == wasm::Trap::none ? error.describe() : describe(*store_, last));
    return exit_code_of(error.code, last.trap);
}

int run_run(const Arguments& arguments)
{
    auto settings = settings_of(arguments);
    if (!settings)
        return report(settings.error());
    if (embed::is_component(arguments.operands()[0])) {
        const auto linked = arguments.values("link");
        settings->linked.assign(linked.begin(), linked.end());
        settings->may_change_tier = settings->tier == &wasm::jit_tier && !arguments.has("tier");
        return run_component(arguments.operands()[0], std::move(*settings));
    }
    auto program = Program::load(arguments, std::move(*settings));
    if (!program)
        return report(program.error());
    auto& running = **program;
    const auto code = running.run(arguments);
    const int exit_code = code ? *code : running.report_failure(code.error());
    // The process ends now; unmapping and freeing everything first would only take time.
    (void)program->release();
    return exit_code;
}

} // namespace

const Command run_command = {
    .name = "run",
    .operands = "FILE [ARGUMENT...]",
    .summary = "Runs a module or component",
    .details = details,
    .options = options,
    .examples = examples,
    .run = run_run,
    .max_operands = unlimited_operands,
};

} // namespace trellis::cli
