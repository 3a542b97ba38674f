// What a call from one component to another costs, in compiled code: two numbers and a number back, and a string of
// 1 KiB. The loops are in the guest; an empty one is subtracted. Arguments: the two guests, caller first, as core
// modules. Prints a Markdown table of processor time.
#include "load.hpp"

#include "embed/compiler_library.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/component/encoding/component_encoder.hpp"
#include "wasm/component/encoding/compose.hpp"
#include "wasm/component/execution/concurrency.hpp"
#include "wasm/component/execution/instantiate.hpp"
#include "wasm/component/execution/value.hpp"
#include "wasm/component/validation/validator.hpp"
#include "wasm/component/wit/resolver.hpp"
#include "wasm/native/native_tier.hpp"
#include "wasm/validation/validator.hpp"

#include <array>
#include <vector>

namespace trellis::bench {
namespace {

using namespace wasm::component;

constexpr const char* worlds = R"(package bench:calls;
interface callee {
  add: func(a: u32, b: u32) -> u32;
  length: func(text: string) -> u32;
}
world calls {
  import callee;
  export nothing: func(times: u32) -> u32;
  export scalars: func(times: u32) -> u32;
  export strings: func(times: u32) -> u32;
}
world called { export callee; })";

SharedBytes component_of(const char* path, const char* world)
{
    const auto model = must(wit::resolve({.root = {{"worlds", worlds}}, .dependencies = {}}, {}));
    const auto module = must(wasm::decode_module(read_file(path)));
    return SharedBytes::copy_of(
        must(encoding::encode_component(std::array{encoding::CorePart{&module}}, model, *model.find_world(world))));
}

void compile_module(const wasm::Module& module)
{
    wasm::native::attach(
        module, must(wasm::native::CodeImage::map(must(embed::compile(module, embed::MemoryMode::guarded, {})))));
}

void compile_modules(const Component& component)
{
    for (const Definition& definition : component.definitions) {
        if (const auto* core = std::get_if<CoreModuleDefinition>(&definition.what))
            compile_module(*core->module);
        else if (const auto* nested = std::get_if<NestedComponent>(&definition.what))
            compile_modules(*nested->component);
    }
}

class Calls {
public:
    explicit Calls(Bytes binary)
    {
        auto component = must(load_component(SharedBytes::copy_of(binary), *registry_));
        compile_modules(*component);
        store_.adapter_modules = [this](SharedBytes adapter) {
            auto module = must(wasm::load_module(std::move(adapter), *registry_));
            compile_module(*module);
            return module;
        };
        instance_ = must(instantiate(store_, std::move(component), imports_));
    }

    /// Sorted; of each round of one loop.
    std::vector<double> nanoseconds(const char* loop)
    {
        const auto& function = *std::get<ComponentFunction*>(*instance_->exports.find(loop));
        std::vector<double> rounds;
        for (int round = 0; round < 21; ++round) {
            const double start = processor_ns();
            must(invoke(store_, function, std::vector<Value>{{.bits = times}}));
            rounds.push_back((processor_ns() - start) / times);
        }
        std::ranges::sort(rounds);
        return rounds;
    }

private:
    static constexpr std::uint32_t times = 200'000;

    std::shared_ptr<wasm::TypeRegistry> registry_ = std::make_shared<wasm::TypeRegistry>();
    wasm::Store core_{registry_, wasm::native_tier};
    ComponentStore store_{core_};
    HostImports imports_;
    ComponentInstance* instance_ = nullptr;
};

void measure(Calls& calls, const char* what, const char* loop)
{
    const auto empty = calls.nanoseconds("nothing");
    const auto full = calls.nanoseconds(loop);
    const auto middle = full.size() / 2;
    std::printf("| %s | %.1f ns | %.1f ns |\n", what, full[middle] - empty[middle], full[0] - empty[0]);
}

} // namespace
} // namespace trellis::bench

int main(int count, char** arguments)
{
    using namespace trellis;
    using namespace trellis::bench;
    if (count != 3) {
        std::fprintf(stderr, "usage: components CALLER.wasm CALLEE.wasm\n");
        return 2;
    }
    const std::vector<encoding::ComposedFile> callee = {{"callee", component_of(arguments[2], "called")}};
    Calls calls(must(encoding::compose({"caller", component_of(arguments[1], "calls")}, callee)));
    std::printf("| call from component to component | median | least |\n|---|---:|---:|\n");
    measure(calls, "two numbers, and a number back", "scalars");
    measure(calls, "a string of 1 KiB, and a number back", "strings");
    return 0;
}
