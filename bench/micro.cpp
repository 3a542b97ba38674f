// What crossing the border costs: calls into a guest, calls of the host, instances; fresh instances of a small WASI
// program, and decoding and validation of a module, if they are given: micro [PROGRAM [MODULE]]. Prints a Markdown
// table of processor time.
#include "fresh_instances.hpp"
#include "load.hpp"
#include "pooled_instances.hpp"

#include "embed/compiler_library.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/execution/typed_function.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/native/native_tier.hpp"
#include "wasm/text/text.hpp"
#include "wasm/validation/validator.hpp"

#include <thread>
#include <vector>

namespace trellis::bench {

void print_row(const char* what, double value, const char* unit)
{
    std::printf("| %s | %.1f %s |\n", what, value, unit);
}

namespace {

constexpr const char* guest = R"((module
  (import "host" "nothing" (func $nothing))
  (memory (export "memory") 1)
  (func (export "fill") (param $pages i32)
    (drop (memory.grow (local.get $pages)))
    (memory.fill (i32.const 0) (i32.const 1) (i32.const -65536)))
  (func (export "nothing"))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func $leaf (param i32) (result i32) (local.get 0))
  (func (export "call_guest") (param $count i32)
    (loop $again
      (drop (call $leaf (local.get $count)))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
  (func (export "call_host") (param $count i32)
    (loop $again
      (call $nothing)
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))
  (func (export "call_host_more") (param $count i32)
    (loop $again
      (call $nothing) (call $nothing) (call $nothing) (call $nothing) (call $nothing)
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1))))))))";

void check(wasm::Trap trap)
{
    TRELLIS_CHECK(!wasm::failed(trap));
}

struct Session {
    std::shared_ptr<wasm::TypeRegistry> registry = std::make_shared<wasm::TypeRegistry>();
    std::shared_ptr<const wasm::Module> module = must(wasm::load_module(must(wasm::parse_text(guest)), *registry));
    std::shared_ptr<const wasm::Module> compiled = must(wasm::load_module(must(wasm::parse_text(guest)), *registry));

    Session()
    {
        wasm::native::attach(*compiled, must(wasm::native::CodeImage::map(
                                            must(embed::compile(*compiled, embed::MemoryMode::guarded, {})))));
    }
};

void measure_calls(const Session& session, const char* how, const wasm::Tier& tier,
                   const std::shared_ptr<const wasm::Module>& module)
{
    const auto row = [&](const std::string& what, double value) { print_row((what + how).c_str(), value, "ns"); };
    wasm::Store store(session.registry, tier);
    wasm::Instance& instance = *must(wasm::instantiate(store, module, stubs(store, *module)));
    const auto function = [&](const char* name) -> wasm::Function& {
        return *std::get<wasm::Function*>(*wasm::find_export(instance, name));
    };
    wasm::Slot frame[2] = {};
    constexpr int times = 100'000;
    const auto nothing = must(wasm::TypedFunction<void()>::of(store, function("nothing")));
    row("call into the guest, no arguments",
        nanoseconds_each(times, processor_ns, [&] { TRELLIS_CHECK(nothing().has_value()); }));
    const auto add = must(wasm::TypedFunction<std::int32_t(std::int32_t, std::int32_t)>::of(store, function("add")));
    row("call into the guest, two arguments and a result",
        nanoseconds_each(times, processor_ns, [&] { TRELLIS_CHECK(add(1, 1).has_value()); }));
    const auto each_iteration = [&](const char* name) {
        return nanoseconds_each(1, processor_ns,
                                [&] {
                                    frame[0].u32 = times;
                                    check(wasm::call(store, function(name), frame));
                                }) /
               times;
    };
    const double one_call = each_iteration("call_host");
    row("call of a host function, with the guest's loop", one_call);
    row("call of a host function, each of four more in that loop", (each_iteration("call_host_more") - one_call) / 4);
    row("call from guest to guest, with the loop", each_iteration("call_guest"));
}

void measure_instances(const Session& session)
{
    print_row("store, instance with a memory, and their end",
              nanoseconds_each(300, processor_ns,
                               [&] {
                                   wasm::Store store(session.registry, wasm::interpreter_tier);
                                   must(wasm::instantiate(store, session.module, stubs(store, *session.module)));
                               }) /
                  1e3,
              "us");
    wasm::Store store(session.registry, wasm::interpreter_tier);
    print_row("instance with a memory in an old store",
              nanoseconds_each(300, processor_ns,
                               [&] { must(wasm::instantiate(store, session.module, stubs(store, *session.module))); }) /
                  1e3,
              "us");
}

/// From the request of another thread, in the middle of a memory.fill of 4 GiB, to the trap; wall clock.
double interruption_ns(const Session& session, std::chrono::milliseconds into)
{
    wasm::Store store(session.registry, wasm::interpreter_tier);
    wasm::Instance& instance = *must(wasm::instantiate(store, session.module, stubs(store, *session.module)));
    wasm::Function& fill = *std::get<wasm::Function*>(*wasm::find_export(instance, "fill"));
    std::chrono::steady_clock::time_point asked;
    std::thread other([&, handle = store.interrupt_handle()] {
        std::this_thread::sleep_for(into);
        asked = std::chrono::steady_clock::now();
        handle.interrupt();
    });
    wasm::Slot frame[1] = {{.u64 = 65535}};
    const auto trap = wasm::call(store, fill, frame);
    const auto trapped = std::chrono::steady_clock::now();
    other.join();
    TRELLIS_CHECK(trap == wasm::Trap::interrupted);
    return static_cast<double>(std::chrono::nanoseconds(trapped - asked).count());
}

void measure_interruption(const Session& session)
{
    std::vector<double> times;
    for (int round = 0; round < 50; ++round)
        times.push_back(interruption_ns(session, std::chrono::milliseconds(5 + round % 7)));
    std::ranges::sort(times);
    print_row("interruption of a memory.fill of 4 GiB, median", times[times.size() / 2] / 1e3, "us");
    print_row("interruption of a memory.fill of 4 GiB, slowest of 50", times.back() / 1e3, "us");
}

void measure_loading(const char* path)
{
    const SharedBytes bytes = read_file(path);
    const double megabytes = static_cast<double>(bytes.size()) / 1e6;
    const double decoding = nanoseconds_each(1, processor_ns, [&] { must(wasm::decode_module(bytes)); });
    const auto load = [&] {
        wasm::TypeRegistry registry;
        must(wasm::load_module(bytes, registry));
    };
    const double both = nanoseconds_each(1, processor_ns, load);
    const double waited = nanoseconds_each(1, wall_ns, load);
    std::printf("| module | %s, %.1f MB |\n", std::string(path).substr(std::string(path).rfind('/') + 1).c_str(),
                megabytes);
    print_row("decoding alone", decoding / 1e6, "ms");
    print_row("decoding and validation", both / 1e6, "ms");
    print_row("decoding and validation, per second of processor time", megabytes / (both / 1e9), "MB");
    print_row("decoding and validation, wall clock, all cores", waited / 1e6, "ms");
}

} // namespace

} // namespace trellis::bench

int main(int count, char** arguments)
{
    using namespace trellis;
    using namespace trellis::bench;
    std::printf("| | |\n|---|---:|\n");
    const Session session;
    measure_calls(session, ", interpreted", wasm::interpreter_tier, session.module);
    measure_calls(session, ", compiled", wasm::native_tier, session.compiled);
    measure_instances(session);
    measure_pooled_instances();
    measure_interruption(session);
    if (count > 1)
        measure_fresh_instances(arguments[1]);
    if (count > 2)
        measure_loading(arguments[2]);
    return 0;
}
