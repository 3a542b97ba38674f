// Instantiates a module whose imported functions do nothing: instantiate MODULE. Prints "ok" and the nanoseconds from
// its bytes to the instance.
#include "load.hpp"

#include "wasm/interpreter/interpreter.hpp"
#include "wasm/validation/validator.hpp"

int main(int count, char** arguments)
{
    using namespace trellis;
    if (count != 2)
        return 2;
    const SharedBytes bytes = bench::read_file(arguments[1]);
    const auto start = std::chrono::steady_clock::now();
    const auto registry = std::make_shared<wasm::TypeRegistry>();
    const auto module = bench::must(wasm::load_module(bytes, *registry));
    wasm::Store store(registry, wasm::interpreter_tier);
    bench::must(wasm::instantiate(store, module, bench::stubs(store, *module)));
    const std::chrono::nanoseconds taken = std::chrono::steady_clock::now() - start;
    std::printf("ok %lld\n", static_cast<long long>(taken.count()));
    return 0;
}
