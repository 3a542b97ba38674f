// The official WASI suite through the whole engine, with each way of following paths. No failures are expected.
#include "sandbox/wasi/wasi.hpp"
#include "wasi/program_run.hpp"
#include "wasm/execution/deadline_timer.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/validation/validator.hpp"

#include <gtest/gtest.h>

namespace trellis::test {

namespace {

using namespace trellis::wasm;
using sandbox::Resolution;

constexpr auto time_limit = std::chrono::seconds(60);

/// Runs `_start`; 0 where it returns.
Ending run_start(Store& store, sandbox::Wasi& wasi, const std::string& path)
{
    Linker linker;
    linker.add_provider(wasi.provider());
    const auto module = load_module(read_program_file(path), store.registry());
    if (!module)
        return {.failure = module.error().describe()};
    const auto instance = linker.instantiate(store, *module);
    if (!instance)
        return {.failure = instance.error().describe()};
    const auto start = find_export(**instance, "_start");
    if (!start || !std::holds_alternative<Function*>(*start))
        return {.failure = "no function _start"};
    DeadlineTimer timer;
    timer.add(std::chrono::steady_clock::now() + time_limit, store.interrupt_handle());
    std::array<Slot, 1> frame;
    const auto trap = call(store, *std::get<Function*>(*start), frame.data());
    if (trap == Trap::exit)
        return {.exit_code = store.exit_code};
    return {.failure = std::string(trap == Trap::none ? "" : message_of(trap))};
}

Ending run(const WasiProgram& program, Resolution resolution)
{
    ProgramSurroundings surroundings(program);
    auto wasi = sandbox::Wasi::make(surroundings.config(resolution));
    if (!wasi)
        return {.failure = wasi.error().describe()};
    Store store(std::make_shared<TypeRegistry>(), interpreter_tier);
    return surroundings.finish(run_start(store, **wasi, program.path));
}

} // namespace

class WasiSuite : public testing::TestWithParam<std::tuple<WasiProgram, Resolution>> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WasiSuite);

TEST_P(WasiSuite, behaves_as_described)
{
    const auto& [program, resolution] = GetParam();
    expect_as_described(program, run(program, resolution));
}

std::string test_name(const testing::TestParamInfo<WasiSuite::ParamType>& info)
{
    const auto& [program, resolution] = info.param;
    return program.name + (resolution == Resolution::kernel ? "_kernel" : "_walk");
}

INSTANTIATE_TEST_SUITE_P(wasip1, WasiSuite,
                         testing::Combine(testing::ValuesIn(programs_of_wasip1()),
                                          testing::Values(Resolution::kernel, Resolution::walk)),
                         test_name);

TEST(wasi_suite, has_all_its_programs)
{
    if (programs_of_wasip1().empty())
        GTEST_SKIP() << "no official WASI suite";
    EXPECT_EQ(programs_of_wasip1().size(), programs_in_wasip1);
}

} // namespace trellis::test
