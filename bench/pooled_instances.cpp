#include "pooled_instances.hpp"

#include "fresh_instances.hpp"
#include "load.hpp"

#include "base/format.hpp"
#include "embed/compiler_library.hpp"
#include "wasm/execution/linked_module.hpp"
#include "wasm/execution/slot_pool.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/native/native_tier.hpp"
#include "wasm/text/text.hpp"
#include "wasm/validation/validator.hpp"

#include <deque>
#include <fstream>
#include <malloc.h>
#include <unistd.h>

namespace trellis::bench {
namespace {

constexpr const char* micro = R"((module (func (export "run") (result i32) (i32.const 1))))";

/// Calling "write" writes to 16 pages of 4 KiB.
std::string large()
{
    constexpr int functions = 512;
    std::string text = R"((module (memory 160) (table 512 funcref)
        (func (export "write") (param i32)
          (loop $again
            (i32.store (i32.mul (local.get 0) (i32.const 65536)) (i32.const 1))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    )";
    std::string names;
    for (int i = 0; i < functions; ++i) {
        text += format("(func $f{} (param i32) (result i32) (i32.add (local.get 0) (i32.const {})))\n", i, i);
        names += format(" $f{}", i);
    }
    text += format("(elem (i32.const 0){})\n(data (i32.const 1024) \"", names);
    for (int i = 0; i < 1 << 20; ++i)
        text += static_cast<char>('a' + i % 26);
    return text + "\"))";
}

struct Pooled {
    Pooled(std::string_view text, bool is_compiled) : tier(is_compiled ? wasm::native_tier : wasm::interpreter_tier)
    {
        if (is_compiled)
            wasm::native::attach(*module_of(text), must(wasm::native::CodeImage::map(
                                                       must(embed::compile(*module, embed::MemoryMode::guarded, {})))));
        else
            (void)module_of(text);
        linked.emplace(must(wasm::LinkedModule::link(module, {}, *registry)));
    }
    const std::shared_ptr<const wasm::Module>& module_of(std::string_view text)
    {
        return module = must(wasm::load_module(must(wasm::parse_text(text)), *registry));
    }
    wasm::Instance& instantiate(wasm::Store& store) { return *must(linked->instantiate(store, {})); }

    const wasm::Tier& tier;
    std::shared_ptr<wasm::TypeRegistry> registry = std::make_shared<wasm::TypeRegistry>();
    std::shared_ptr<const wasm::Module> module;
    std::optional<wasm::LinkedModule> linked;
    wasm::SlotPool pool;
};

template <class Use>
double microseconds(Pooled& what, Use use)
{
    return nanoseconds_each(2000, processor_ns,
                            [&] {
                                wasm::Store store(what.registry, what.tier, {}, &what.pool);
                                use(store, what.instantiate(store));
                            }) /
           1e3;
}

double resident_mebibytes()
{
    std::ifstream file("/proc/self/statm");
    double size = 0, resident = 0;
    file >> size >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

void measure(bool is_compiled)
{
    const auto row = [&](const char* what, double value, const char* unit) {
        print_row((std::string(what) + (is_compiled ? ", compiled" : ", interpreted")).c_str(), value, unit);
    };
    const auto nothing = [](wasm::Store&, wasm::Instance&) {};
    Pooled small(micro, is_compiled), big(large(), is_compiled);
    row("store, instance of one function, and their end", microseconds(small, nothing), "us");
    row("the same of 10 MB of memory, 1 MB of data, 512 functions, a table", microseconds(big, nothing), "us");
    row("the same, and writing 16 pages",
        microseconds(big,
                     [](wasm::Store& store, wasm::Instance& instance) {
                         wasm::Slot frame[1] = {{.u64 = 16}};
                         TRELLIS_CHECK(!failed(wasm::call(
                             store, *std::get<wasm::Function*>(*wasm::find_export(instance, "write")), frame)));
                     }),
        "us");

    malloc_trim(0); // what was freed before is not to hide what is taken now
    const double before = resident_mebibytes();
    std::deque<wasm::Store> stores;
    for (int i = 0; i < 10'000; ++i)
        big.instantiate(stores.emplace_back(big.registry, big.tier, wasm::StoreLimits{}, &big.pool));
    row("10,000 live instances of that", resident_mebibytes() - before, "MiB");
}

} // namespace

void measure_pooled_instances()
{
    measure(false);
    measure(true);
}

} // namespace trellis::bench
