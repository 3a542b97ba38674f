// Arguments, environment, clocks, randomness, and the end of the process.
#include "sandbox/clocks.hpp"
#include "sandbox/randomness.hpp"
#include "sandbox/wasi/functions.hpp"

#include <algorithm>
#include <array>
#include <sched.h>

namespace trellis::sandbox::preview1 {

namespace {

std::uint64_t total_size(const std::vector<std::string>& strings)
{
    std::uint64_t size = 0;
    for (const auto& text : strings)
        size += text.size() + 1;
    return size;
}

Outcome<> give_sizes(const std::vector<std::string>& strings, Out<std::uint32_t> count, Out<std::uint32_t> size)
{
    const auto total = total_size(strings);
    if (total > UINT32_MAX || strings.size() > UINT32_MAX)
        return failure(EOVERFLOW);
    count = static_cast<std::uint32_t>(strings.size());
    size = static_cast<std::uint32_t>(total);
    return {};
}

/// The strings one behind the other, each with a NUL, and their addresses.
Outcome<> give_strings(const Call& call, const std::vector<std::string>& strings, Address pointers, Address buffer)
{
    auto text = TRELLIS_TRY(call.bytes(buffer.value, total_size(strings)));
    List<std::uint32_t> addresses(TRELLIS_TRY(call.bytes(pointers.value, strings.size() * sizeof(std::uint32_t))));
    auto address = buffer.value;
    for (std::uint32_t index = 0; index < addresses.size(); ++index) {
        const auto size = strings[index].size() + 1;
        std::memcpy(text.data(), strings[index].c_str(), size);
        text = text.subspan(size);
        addresses.set(index, address);
        address += static_cast<std::uint32_t>(size);
    }
    return {};
}

Outcome<Clock> clock_of(std::uint32_t id)
{
    constexpr std::array clocks = {Clock::realtime, Clock::monotonic, Clock::process_cpu_time, Clock::thread_cpu_time};
    if (id >= clocks.size())
        return failure(EINVAL);
    return clocks[id];
}

// What a signal does that nobody handles; WASI's numbers.
enum class Disposition : std::uint8_t { terminate, ignore, stop };
constexpr std::uint32_t signal_count = 31, signal_child = 16, signal_continue = 17, signal_stop = 18,
                        signal_tty_output = 21, signal_urgent = 22, signal_window = 27;

Disposition disposition_of(std::uint32_t signal)
{
    if (signal >= signal_stop && signal <= signal_tty_output)
        return Disposition::stop;
    constexpr std::array ignored = {0U, signal_child, signal_continue, signal_urgent, signal_window};
    return std::ranges::find(ignored, signal) != ignored.end() ? Disposition::ignore : Disposition::terminate;
}

/// WASI leaves out Linux's number 16.
std::int32_t system_number_of(std::uint32_t signal)
{
    return static_cast<std::int32_t>(signal < signal_child ? signal : signal + 1);
}

} // namespace

Outcome<> args_get(Call& call, Address argv, Address buffer)
{
    return give_strings(call, call.guest.arguments, argv, buffer);
}

Outcome<> args_sizes_get(Call& call, Out<std::uint32_t> count, Out<std::uint32_t> size)
{
    return give_sizes(call.guest.arguments, count, size);
}

Outcome<> environ_get(Call& call, Address environ, Address buffer)
{
    return give_strings(call, call.guest.environment, environ, buffer);
}

Outcome<> environ_sizes_get(Call& call, Out<std::uint32_t> count, Out<std::uint32_t> size)
{
    return give_sizes(call.guest.environment, count, size);
}

Outcome<> clock_res_get(Call&, std::uint32_t id, Out<std::uint64_t> resolution)
{
    resolution = TRELLIS_TRY(resolution_ns(TRELLIS_TRY(clock_of(id))));
    return {};
}

Outcome<> clock_time_get(Call&, std::uint32_t id, std::uint64_t, Out<std::uint64_t> time)
{
    time = TRELLIS_TRY(time_ns(TRELLIS_TRY(clock_of(id))));
    return {};
}

wasm::Trap proc_exit(void*, wasm::Caller caller, wasm::Slot* frame)
{
    caller.store.exit_code = frame[0].i32;
    return wasm::Trap::exit;
}

wasm::FuncType proc_exit_type()
{
    return {.params = {wasm::i32}, .results = {}};
}

/// A guest can't handle signals: each does what it does by default. Ends with 128 and the system's number, as a shell
/// reports it; a guest can't be stopped.
Outcome<> proc_raise(Call& call, std::uint32_t signal)
{
    if (signal >= signal_count)
        return failure(EINVAL);
    const auto disposition = disposition_of(signal);
    if (disposition == Disposition::stop)
        return failure(ENOTSUP);
    if (disposition == Disposition::terminate) {
        call.wait.store.exit_code = 128 + system_number_of(signal);
        call.wait.trap = wasm::Trap::exit;
        return failure(SystemError::guest_trapped);
    }
    return {};
}

Outcome<> sched_yield(Call& call)
{
    TRELLIS_TRY(checked(::sched_yield()));
    return call.wait.poll_interruption();
}

Outcome<> random_get(Call& call, Buffer buffer)
{
    return fill_with_randomness(buffer.bytes, call.wait);
}

} // namespace trellis::sandbox::preview1
