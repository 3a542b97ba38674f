// trellis preinit: runs a module's initialisation, and writes the module that begins where it ended.
#include "wasm/preinit/preinit.hpp"
#include "base/format.hpp"
#include "base/quantity.hpp"
#include "cli/arguments.hpp"
#include "cli/exit_code.hpp"
#include "cli/guest_options.hpp"
#include "cli/interruption.hpp"
#include "cli/module_file.hpp"
#include "cli/terminal.hpp"
#include "cli/values.hpp"
#include "sandbox/wasi/wasi.hpp"
#include "wasm/interpreter/interpreter.hpp"

#include <algorithm>
#include <array>
#include <unistd.h>

namespace trellis::cli {
namespace {

constexpr std::array options = {
    Option{.name = "output",
           .value = "FILE",
           .help = "Write here; otherwise the module goes to standard output, unless that is a terminal",
           .example = "-o app.init.wasm",
           .letter = 'o'},
    Option{.name = "init-func",
           .value = "NAME",
           .help = "The exported function to run (default: wizer-initialize, or else wizer.initialize)",
           .example = "--init-func setup",
           .letter = 'f'},
    Option{.name = "keep-init-func", .value = {}, .help = "Go on exporting that function", .example = {}},
    Option{.name = "rename-func",
           .value = "NEW=OLD",
           .help = "Export function OLD as NEW instead, in place of what was exported as NEW",
           .example = "--rename-func _start=wizer.resume",
           .repeats = true,
           .letter = 'r'},
    Option{.name = "allow-wasi",
           .value = {},
           .help = "Let the initialisation call WASI; without it, or for other imports, a call stops it",
           .example = {}},
    Option{.name = "inherit-stdio",
           .value = {},
           .help = "With --allow-wasi: it reads and writes our standard streams, which are closed otherwise",
           .example = {}},
    Option{.name = "inherit-env",
           .value = {},
           .help = "With --allow-wasi: it sees all environment variables, which the module then contains",
           .example = {}},
    dir_option,
    env_option,
    Option{.name = "preload",
           .value = "NAME=FILE",
           .help = "Instantiate another module first; the initialisation can call its functions as module NAME",
           .example = "--preload math=math.wasm",
           .repeats = true},
    max_memory_option,
    max_table_elements_option,
    max_stack_option,
    max_gc_heap_option,
    fuel_option,
    deterministic_option,
    timeout_option,
    feature_option,
    no_feature_option,
};

constexpr std::array examples = {
    Example{"trellis preinit app.wasm -o app.init.wasm",
            "runs wizer-initialize and writes the module without that work left to do"},
    Example{"trellis preinit reactor.wasm --init-func warm_up -o reactor.init.wasm",
            "runs _initialize and then warm_up"},
    Example{"trellis preinit app.wasm --allow-wasi --dir rules::/rules::ro -r _start=resume -o app.init.wasm",
            "lets it read files; the program then begins with the exported function resume"},
    Example{"trellis optimize app.wasm | trellis preinit - > app.init.wasm", "optimises first"},
};

constexpr std::string_view details =
    "FILE is a core module, binary or text; - is standard input. Its start function, _initialize and the\n"
    "initialisation run once, here; the result is an ordinary module whose memories, tables and globals begin\n"
    "with what they left. _initialize and the start function are gone from it, imports stay.\n"
    "Refused: imported memories, tables and globals; references to the host's things, and objects of the\n"
    "garbage-collected heap that were made or changed, where they are in globals or tables.\n"
    "What the initialisation read, the clock and random numbers included, is fixed in the result for good.";

/// Notes which functions of WASI were called: what they gave is in the module now. Outlives the store.
class CalledFunctions {
public:
    wasm::ImportProvider around(wasm::ImportProvider provider)
    {
        return [this, provider = std::move(provider)](wasm::Store& store, std::string_view module,
                                                      std::string_view name) -> std::optional<wasm::Extern> {
            const auto item = provider(store, module, name);
            const auto* const function = item ? std::get_if<wasm::Function*>(&*item) : nullptr;
            return function ? noting(store, **function, name) : item;
        };
    }

    [[nodiscard]] std::string names() const
    {
        std::string names;
        for (const auto& one : functions_)
            if (one->called)
                names += format("{}{}", names.empty() ? "" : ", ", one->name);
        return names;
    }

private:
    struct Noted {
        wasm::Function function;
        std::string name;
        bool called = false;
    };

    wasm::Function* noting(wasm::Store& store, const wasm::Function& function, std::string_view name)
    {
        functions_.push_back(std::make_unique<Noted>(function, std::string(name)));
        auto noting = function;
        noting.context = functions_.back().get();
        noting.host = [](void* context, wasm::Caller caller, wasm::Slot* frame) {
            auto& noted = *static_cast<Noted*>(context);
            noted.called = true;
            return noted.function.host(noted.function.context, caller, frame);
        };
        store.functions.push_back(noting);
        return &store.functions.back();
    }

    std::vector<std::unique_ptr<Noted>> functions_;
};

Result<> check_usage(const Arguments& arguments)
{
    for (const auto name : {"inherit-stdio", "inherit-env", "dir", "env"})
        if (!arguments.has("allow-wasi") && arguments.has(name))
            return fail(ErrorCode::usage, format("--{} is for WASI, which needs --allow-wasi", name));
    if (arguments.value("output").value_or("-") != "-")
        return {};
    if (arguments.has("inherit-stdio"))
        return fail(ErrorCode::usage, "the module and the guest can't both write to standard output; name a file with "
                                      "--output");
    if (isatty(STDOUT_FILENO) == 1)
        return fail(ErrorCode::usage, "a binary module is not for terminals; name a file with --output");
    return {};
}

Result<wasm::PreinitOptions> preinit_options(const Arguments& arguments)
{
    wasm::PreinitOptions preinit{.init_function = std::string(arguments.value("init-func").value_or("")),
                                 .keep_init_function = arguments.has("keep-init-func")};
    for (const auto text : arguments.values("rename-func")) {
        const auto [to, from] = split(text, "=");
        if (to.empty() || !from || from->empty())
            return fail(ErrorCode::usage, format("--rename-func {}: write NEW=OLD", text));
        preinit.renames.push_back({std::string(to), std::string(*from)});
    }
    return preinit;
}

Result<sandbox::WasiConfig> wasi_config(const Arguments& arguments)
{
    sandbox::WasiConfig config;
    const auto path = arguments.operands()[0];
    config.arguments.emplace_back(path.substr(path.rfind('/') + 1));
    if (arguments.has("inherit-env"))
        for (char** entry = environ; *entry != nullptr; ++entry)
            if (const auto [name, value] = split(*entry, "="); value)
                config.environment.emplace_back(name, *value);
    TRELLIS_TRY(read_grants(arguments, config));
    if (!arguments.has("inherit-stdio"))
        config.stdin_stream = config.stdout_stream = config.stderr_stream = -1;
    return config;
}

/// Everything that the initialisation needs, in the order in which it has to live.
struct Initialisation {
    CalledFunctions called;
    std::unique_ptr<sandbox::Wasi> wasi;
    std::unique_ptr<wasm::Store> store;
    wasm::Linker linker;
};

Result<> prepare(Initialisation& initialisation, const Arguments& arguments)
{
    auto& [called, wasi, store, linker] = initialisation;
    std::optional<std::chrono::microseconds> timeout;
    TRELLIS_TRY(read_limit(arguments, "timeout", parse_duration, timeout));
    const auto limits = TRELLIS_TRY(limits_of(arguments));
    if (arguments.has("allow-wasi")) {
        wasi = TRELLIS_TRY(sandbox::Wasi::make(TRELLIS_TRY(wasi_config(arguments))));
        linker.add_provider(called.around(wasi->provider()));
    }
    store = std::make_unique<wasm::Store>(std::make_shared<wasm::TypeRegistry>(), wasm::interpreter_tier, limits);
    stop_on_signals(*store, timeout);
    return {};
}

Result<> preinit(Initialisation& initialisation, const Arguments& arguments)
{
    TRELLIS_TRY(check_usage(arguments));
    const auto preinit = TRELLIS_TRY(preinit_options(arguments));
    const auto features = TRELLIS_TRY(features_of(arguments));
    TRELLIS_TRY(prepare(initialisation, arguments));
    auto& store = *initialisation.store;
    auto& linker = initialisation.linker;
    auto module = TRELLIS_TRY(load_file(arguments.operands()[0], store.registry(), features));
    const auto instantiate = [&](std::shared_ptr<const wasm::Module> one) {
        return linker.instantiate(store, std::move(one));
    };
    for (const auto other : arguments.values("preload"))
        TRELLIS_TRY(link_module(linker, store, features, instantiate, "preload", other));
    const auto binary = TRELLIS_TRY(wasm::preinitialise(store, std::move(module), linker, preinit));
    TRELLIS_TRY(write_file(arguments.value("output").value_or("-"), binary.view()));
    if (const auto names = initialisation.called.names(); !names.empty())
        return write_all(STDERR_FILENO, format("note: the module keeps what these gave it: {}\n", names));
    return {};
}

int run_preinit(const Arguments& arguments)
{
    // Never ended: the process does it, and a signal may look at the store at any time.
    auto& initialisation = *new Initialisation;
    const auto done = preinit(initialisation, arguments);
    if (done)
        return 0;
    print_error(done.error().describe());
    const auto trap = initialisation.store ? initialisation.store->last_trap.trap : wasm::Trap::none;
    return exit_code_of(done.error().code, trap);
}

} // namespace

const Command preinit_command = {
    .name = "preinit",
    .operands = "FILE",
    .summary = "Runs a module's initialisation once and keeps its result",
    .details = details,
    .options = options,
    .examples = examples,
    .run = run_preinit,
};

} // namespace trellis::cli
