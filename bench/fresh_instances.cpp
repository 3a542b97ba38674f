#include "fresh_instances.hpp"

#include "load.hpp"

#include "sandbox/channel.hpp"
#include "sandbox/wasi/wasi.hpp"
#include "wasm/execution/slot_pool.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/validation/validator.hpp"

namespace trellis::bench {
namespace {

class ThrownAway : public sandbox::Channel {
public:
    sandbox::Outcome<std::size_t> write(std::span<const iovec> parts, sandbox::Wait&) override
    {
        std::size_t size = 0;
        for (const auto& part : parts)
            size += part.iov_len;
        written += size;
        return size;
    }
    std::size_t written = 0;
};

struct Program {
    explicit Program(const char* path) : module(must(wasm::load_module(read_file(path), *registry))) {}

    std::shared_ptr<wasm::TypeRegistry> registry = std::make_shared<wasm::TypeRegistry>();
    std::shared_ptr<const wasm::Module> module;
    wasm::LinkedModule linked =
        must(wasm::LinkedModule::link(module, std::array{wasm::HostInterface(sandbox::Wasi::define)}, *registry));
    wasm::SlotPool pool;
};

std::unique_ptr<sandbox::Wasi> make_wasi(ThrownAway& output)
{
    return must(sandbox::Wasi::make({.arguments = {"hello"},
                                     .environment = {{"REQUEST_METHOD", "GET"}, {"PATH_INFO", "/"}},
                                     .stdin_stream = &output,
                                     .stdout_stream = &output,
                                     .stderr_stream = &output}));
}

/// A store, an instance whose imports are WASI's, what `use` does with them, and their end; nanoseconds.
template <class Use>
double instance_ns(Program& program, wasm::SlotPool* pool, sandbox::Wasi& wasi, Use use)
{
    return nanoseconds_each(2000, processor_ns, [&] {
        wasm::Store store(program.registry, wasm::interpreter_tier, {}, pool);
        use(store, *must(program.linked.instantiate(store, std::array{wasi.context()})));
    });
}

void run(wasm::Store& store, wasm::Instance& instance)
{
    auto& start = *std::get<wasm::Function*>(*wasm::find_export(instance, "_start"));
    const auto trap = wasm::call(store, start, nullptr);
    TRELLIS_CHECK(trap == wasm::Trap::none || (trap == wasm::Trap::exit && store.exit_code == 0));
}

} // namespace

void measure_fresh_instances(const char* path)
{
    Program program(path);
    ThrownAway output;
    const auto wasi = make_wasi(output);
    const auto nothing = [](wasm::Store&, wasm::Instance&) {};
    for (const auto& [name, pool] :
         {std::pair(", no pool", static_cast<wasm::SlotPool*>(nullptr)), std::pair(", from a pool", &program.pool)}) {
        const auto row = [&](const char* what, double ns) {
            print_row((std::string(what) + name).c_str(), ns / 1e3, "us");
        };
        row("store and instance of hello, and their end", instance_ns(program, pool, *wasi, nothing));
        row("the same with its run", instance_ns(program, pool, *wasi, run));
        row("the same with a WASI of its own", nanoseconds_each(2000, processor_ns, [&] {
                const auto own = make_wasi(output);
                wasm::Store store(program.registry, wasm::interpreter_tier, {}, pool);
                run(store, *must(program.linked.instantiate(store, std::array{own->context()})));
            }));
    }
    TRELLIS_CHECK(output.written > 0);
}

} // namespace trellis::bench
