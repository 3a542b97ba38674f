// Calls of every function of WASI with arguments and memory of the fuzzer's choice, in sequence, by a guest without
// code. Nothing may crash, write outside guest memory, wait for ever, or touch what lies beside the granted
// directories.
//
// Input: a byte that says which module and resolution, then calls: a byte for the function, and for each argument a
// byte below 128 (that number), or another one and eight bytes. Guest memory begins with the whole input.
#include "base/check.hpp"
#include "sandbox/scratch_directory.hpp"
#include "sandbox/waiting.hpp"
#include "sandbox/wasi/functions.hpp"
#include "sandbox/wasi/wasi.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace trellis;
using namespace trellis::sandbox;

namespace {

constexpr std::size_t max_input = 65'536; // the size of guest memory
constexpr std::size_t max_calls = 200;

constexpr wasm::Tier no_tier = {
    .name = "none",
    .prepare = [](wasm::Instance&) -> Result<> { return {}; },
    .call = [](wasm::Store&, wasm::Function&, wasm::Slot*) { return wasm::Trap::unreachable; },
};

/// Whoever would wait is interrupted.
class ImpatientWaiter final : public Waiter {
public:
    wasm::Trap wait(wasm::Store&, std::span<pollfd> descriptors, std::optional<Instant>) override
    {
        return ::poll(descriptors.data(), descriptors.size(), 0) > 0 ? wasm::Trap::none : wasm::Trap::interrupted;
    }
};

class Input {
public:
    explicit Input(Bytes bytes) : bytes_(bytes) {}
    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    Bytes take(std::size_t count)
    {
        const auto taken = bytes_.first(std::min(count, bytes_.size()));
        bytes_ = bytes_.subspan(taken.size());
        return taken;
    }
    std::uint8_t byte()
    {
        const auto one = take(1);
        return one.empty() ? std::uint8_t(0) : one[0];
    }
    std::uint64_t argument()
    {
        const auto first = byte();
        if (first < 128)
            return first;
        std::uint64_t value = 0;
        const auto raw = take(sizeof value);
        std::memcpy(&value, raw.data(), raw.size());
        return value;
    }

private:
    Bytes bytes_;
};

/// The guest must not fill the disk of whoever fuzzes.
void limit_file_sizes()
{
    static const bool done = [] {
        const rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
        std::signal(SIGXFSZ, SIG_IGN);
        std::signal(SIGPIPE, SIG_IGN);
        return ::setrlimit(RLIMIT_FSIZE, &limit) == 0;
    }();
    TRELLIS_CHECK(done);
}

void prepare(const ScratchDirectory& scratch)
{
    for (const auto* name : {"inside", "constant", "outside"})
        std::filesystem::create_directory(scratch.path(name));
    scratch.write("inside/a", "contents");
    std::filesystem::create_directory(scratch.path("inside/d"));
    std::filesystem::create_symlink("../outside", scratch.path("inside/l"));
    scratch.write("constant/a", "constant");
    scratch.write("outside/a", "outside");
}

void run_calls(Bytes whole, Input& input, wasm::Store& store, const wasm::ImportProvider& provider,
               std::string_view module)
{
    const auto functions = preview1::all_functions();
    wasm::Instance instance;
    instance.memory_list.push_back(store.make_memory({.limits = {.min = 1, .max = 1}}).value());
    instance.memories = instance.memory_list.data();
    std::memcpy(instance.memories[0]->base(), whole.data(), whole.size());
    for (std::size_t call = 0; call < max_calls && !input.empty(); ++call) {
        const auto found = provider(store, module, functions[input.byte() % functions.size()].name);
        if (!found)
            continue;
        const auto* function = std::get<wasm::Function*>(*found);
        std::array<wasm::Slot, 16> frame;
        for (std::size_t i = 0; i < function->type->function().params.size(); ++i)
            frame[i].u64 = input.argument();
        (void)function->host(function->context, {store, &instance}, frame.data());
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size > max_input)
        return 0;
    limit_file_sizes();
    Input input({data, size});
    const auto choice = input.byte();
    const ScratchDirectory scratch;
    prepare(scratch);
    const HostFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    ImpatientWaiter waiter;
    auto wasi =
        Wasi::make({.arguments = {"program", "argument"},
                    .environment = {{"A", "1"}},
                    .directories = {{scratch.path("inside"), "/", false}, {scratch.path("constant"), "/c", true}},
                    .stdin_stream = null.number(),
                    .stdout_stream = null.number(),
                    .stderr_stream = null.number(),
                    .max_descriptors = 40,
                    .waiter = &waiter,
                    .resolution = choice & 1 ? Resolution::kernel : Resolution::walk});
    TRELLIS_CHECK(wasi.has_value());
    wasm::Store store(std::make_shared<wasm::TypeRegistry>(), no_tier);
    run_calls({data, size}, input, store, (*wasi)->provider(), choice & 2 ? "wasi_unstable" : "wasi_snapshot_preview1");
    TRELLIS_CHECK(scratch.read("outside/a") == "outside" && scratch.read("constant/a") == "constant");
    return 0;
}
