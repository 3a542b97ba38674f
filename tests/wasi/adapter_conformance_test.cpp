// The official WASI 0.1 suite once more, where each program is a component: our adapter makes 0.1 of 0.2. No failures
// are expected.
#include "sandbox/wasi/adapter/wasi_adapter.hpp"
#include "sandbox/wasi/p2/wasi_p2.hpp"
#include "wasi/program_run.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/component/encoding/component_encoder.hpp"
#include "wasm/component/encoding/wit_decoder.hpp"
#include "wasm/component/validation/validator.hpp"
#include "wasm/execution/deadline_timer.hpp"
#include "wasm/interpreter/interpreter.hpp"

#include <gtest/gtest.h>

namespace trellis::test {

namespace {

using namespace trellis::wasm;
namespace encoding = component::encoding;

constexpr auto time_limit = std::chrono::seconds(60);

Result<std::vector<std::uint8_t>> component_of(const std::string& path)
{
    const auto module = TRELLIS_TRY(decode_module(read_program_file(path)));
    const auto adapter = TRELLIS_TRY(sandbox::wasi_adapter_for(module, true));
    const auto world = TRELLIS_TRY(encoding::decode_module_world(adapter));
    const std::array parts = {
        encoding::CorePart{&module},
        encoding::CorePart{&adapter, std::string(sandbox::wasi_adapter_name)},
    };
    return encoding::encode_component(parts, world->model, world->world);
}

Result<int> run_component(const std::string& path, sandbox::WasiConfig config)
{
    auto registry = std::make_shared<TypeRegistry>();
    const auto binary = TRELLIS_TRY(component_of(path));
    const auto loaded = TRELLIS_TRY(component::load_component(SharedBytes::copy_of(binary), *registry));
    const auto wasi = TRELLIS_TRY(sandbox::WasiP2::make(std::move(config)));
    component::HostImports imports;
    sandbox::add_wasi_p2(imports, *wasi);
    Store core(std::move(registry), interpreter_tier);
    DeadlineTimer timer;
    timer.add(std::chrono::steady_clock::now() + time_limit, core.interrupt_handle());
    component::ComponentStore store(core);
    const auto code = sandbox::run_command(store, *TRELLIS_TRY(component::instantiate(store, loaded, imports)));
    return !code && core.last_trap.trap == Trap::exit ? static_cast<int>(core.exit_code) : code;
}

Ending ending_of(const Result<int>& code)
{
    return code ? Ending{.exit_code = *code} : Ending{.failure = code.error().describe()};
}

} // namespace

class AdapterSuite : public testing::TestWithParam<WasiProgram> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AdapterSuite);

TEST_P(AdapterSuite, behaves_as_described)
{
    ProgramSurroundings surroundings(GetParam());
    const auto code = run_component(GetParam().path, surroundings.config(sandbox::Resolution::kernel));
    expect_as_described(GetParam(), surroundings.finish(ending_of(code)));
}

INSTANTIATE_TEST_SUITE_P(wasip1, AdapterSuite, testing::ValuesIn(programs_of_wasip1()),
                         [](const auto& info) { return info.param.name; });

TEST(adapter_suite, has_all_its_programs)
{
    if (programs_of_wasip1().empty())
        GTEST_SKIP() << "no official WASI suite";
    EXPECT_EQ(programs_of_wasip1().size(), programs_in_wasip1);
}

} // namespace trellis::test
