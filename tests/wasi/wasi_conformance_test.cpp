// The official WASI suite through the whole engine, with each way of following paths. No failures are expected.
#include "sandbox/scratch_directory.hpp"
#include "sandbox/wasi/wasi.hpp"
#include "wasi/pipes.hpp"
#include "wasi/wasi_program.hpp"
#include "wasm/execution/deadline_timer.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/validation/validator.hpp"

#include <gtest/gtest.h>
#include <iostream>

namespace trellis::test {

namespace {

namespace fs = std::filesystem;
using namespace trellis::wasm;
using sandbox::Resolution;

constexpr std::size_t programs_of_wasip1 = 72;
constexpr auto time_limit = std::chrono::seconds(60);

const std::vector<WasiProgram>& programs()
{
    static const auto suite = [] {
        auto found = load_wasi_programs("wasi/wasip1");
        if (found.empty())
            std::cerr << "SKIPPED: no official WASI suite under " TRELLIS_SHARED_DIR "\n";
        return found;
    }();
    return suite;
}

SharedBytes read_module(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    return SharedBytes::copy_of({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

/// A copy the program may write to: the suite's own files are read-only.
void copy_root(const std::string& root, const fs::path& target)
{
    fs::copy(root, target, fs::copy_options::recursive);
    for (const auto& entry : fs::recursive_directory_iterator(target))
        fs::permissions(entry, fs::perms::owner_all, fs::perm_options::add);
    fs::permissions(target, fs::perms::owner_all, fs::perm_options::add);
}

struct Ending {
    int exit_code = 0;
    std::string failure = {}; ///< of the engine, or a trap
    std::string output = {}, errors = {};
};

/// Runs `_start`; 0 where it returns.
Ending run_start(Store& store, sandbox::Wasi& wasi, const std::string& path)
{
    Linker linker;
    linker.add_provider(wasi.provider());
    const auto module = load_module(read_module(path), store.registry());
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
    const sandbox::ScratchDirectory scratch;
    const Pipe input;
    Collector output, errors;
    sandbox::WasiConfig config = {.arguments = program.arguments,
                                  .environment = program.environment,
                                  .stdin_stream = input.reading(),
                                  .stdout_stream = output.descriptor(),
                                  .stderr_stream = errors.descriptor(),
                                  .resolution = resolution};
    if (!program.root.empty()) {
        copy_root(program.root, scratch.path("root"));
        config.directories.push_back({.host = scratch.path("root"), .guest = "/"});
    }
    auto wasi = sandbox::Wasi::make(std::move(config));
    if (!wasi)
        return {.failure = wasi.error().describe()};
    Store store(std::make_shared<TypeRegistry>(), interpreter_tier);
    auto ending = run_start(store, **wasi, program.path);
    ending.output = output.finish();
    ending.errors = errors.finish();
    return ending;
}

} // namespace

class WasiSuite : public testing::TestWithParam<std::tuple<WasiProgram, Resolution>> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WasiSuite);

TEST_P(WasiSuite, behaves_as_described)
{
    const auto& [program, resolution] = GetParam();
    const auto ending = run(program, resolution);
    EXPECT_EQ(ending.failure, "") << ending.errors;
    EXPECT_EQ(ending.exit_code, program.exit_code) << ending.errors;
    if (program.output) {
        EXPECT_EQ(ending.output.substr(0, program.output->size()), *program.output);
    }
    if (program.errors) {
        EXPECT_EQ(ending.errors.substr(0, program.errors->size()), *program.errors);
    }
}

std::string test_name(const testing::TestParamInfo<WasiSuite::ParamType>& info)
{
    const auto& [program, resolution] = info.param;
    return program.name + (resolution == Resolution::kernel ? "_kernel" : "_walk");
}

INSTANTIATE_TEST_SUITE_P(wasip1, WasiSuite,
                         testing::Combine(testing::ValuesIn(programs()),
                                          testing::Values(Resolution::kernel, Resolution::walk)),
                         test_name);

TEST(wasi_suite, has_all_its_programs)
{
    if (programs().empty())
        GTEST_SKIP() << "no official WASI suite";
    EXPECT_EQ(programs().size(), programs_of_wasip1);
}

} // namespace trellis::test
