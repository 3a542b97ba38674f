#include "conformance/spectest.hpp"

#include <array>

namespace trellis::conformance {
namespace {

using namespace wasm;

/// The print functions print nothing: scripts never look at it.
Trap ignore_arguments(void*, Caller, Slot*)
{
    return Trap::none;
}

struct PrintRow {
    const char* name;
    std::vector<ValType> params;
};

void define_functions(Store& store, Linker& linker)
{
    const std::array functions = {
        PrintRow{"print", {}},
        PrintRow{"print_i32", {i32}},
        PrintRow{"print_i64", {i64}},
        PrintRow{"print_f32", {f32}},
        PrintRow{"print_f64", {f64}},
        PrintRow{"print_i32_f32", {i32, f32}},
        PrintRow{"print_f64_f64", {f64, f64}},
    };
    for (const auto& [name, params] : functions)
        linker.define("spectest", name, store.make_host_function({params, {}}, ignore_arguments, nullptr));
}

void define_globals(Store& store, Linker& linker)
{
    const std::array globals = {
        std::pair{"global_i32", Value::of_i32(666)},
        std::pair{"global_i64", Value::of_i64(666)},
        std::pair{"global_f32", Value::of_f32(0x4426'a666)},
        std::pair{"global_f64", Value::of_f64(0x4084'd4cc'cccc'cccd)},
    };
    for (const auto& [name, value] : globals)
        linker.define("spectest", name, store.make_global({value.type, false}, value));
}

} // namespace

Result<> define_spectest(Store& store, Linker& linker)
{
    define_functions(store, linker);
    define_globals(store, linker);
    const Limits table_limits{.min = 10, .max = 20};
    const Limits memory_limits{.min = 1, .max = 2};
    linker.define("spectest", "table", TRELLIS_TRY(store.make_table({table_limits, funcref})));
    linker.define("spectest", "table64",
                  TRELLIS_TRY(store.make_table({{.min = 10, .max = 20, .is_64 = true}, funcref})));
    linker.define("spectest", "memory", TRELLIS_TRY(store.make_memory({memory_limits})));
    linker.define("spectest", "shared_memory", TRELLIS_TRY(store.make_memory({memory_limits, true})));
    return {};
}

} // namespace trellis::conformance
