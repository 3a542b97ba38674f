#include "cli/interruption.hpp"

#include "cli/exit_code.hpp"

#include <csignal>
#include <sys/time.h>
#include <unistd.h>

namespace trellis::cli {
namespace {

using wasm::Trap;

// Signal handlers can reach global state only.
const wasm::InterruptHandle* handle = nullptr;
volatile std::sig_atomic_t reason = static_cast<std::sig_atomic_t>(Trap::none);

void set_alarm(std::chrono::microseconds time)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    itimerval value{};
    value.it_value.tv_sec = seconds.count();
    value.it_value.tv_usec = (time - seconds).count();
    setitimer(ITIMER_REAL, &value, nullptr);
}

/// SIGALRM is the deadline, every other signal somebody's wish. A second one ends the process: the guest did not poll.
void on_signal(int signal)
{
    constexpr std::chrono::milliseconds grace{300};
    if (reason != static_cast<std::sig_atomic_t>(Trap::none)) {
        const auto trap = static_cast<Trap>(reason);
        const auto text = message_of(trap);
        // Only calls that a signal handler may make.
        [[maybe_unused]] auto written = write(STDERR_FILENO, "error: ", 7);
        written = write(STDERR_FILENO, text.data(), text.size());
        written = write(STDERR_FILENO, " (in a system call)\n", 20);
        _exit(exit_code_of(ErrorCode::trap, trap));
    }
    const bool late = signal == SIGALRM;
    reason = static_cast<std::sig_atomic_t>(late ? Trap::deadline_exceeded : Trap::interrupted);
    late ? handle->end_time() : handle->interrupt();
    set_alarm(grace);
}

} // namespace

void stop_on_signals(wasm::Store& store, std::optional<std::chrono::microseconds> deadline)
{
    // Lives as long as the process: a signal may come at any time.
    handle = new wasm::InterruptHandle(store.interrupt_handle());
    struct sigaction action{};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    for (const int signal : {SIGINT, SIGTERM, SIGALRM})
        sigaddset(&action.sa_mask, signal);
    for (const int signal : {SIGINT, SIGTERM, SIGALRM})
        sigaction(signal, &action, nullptr);
    if (deadline)
        set_alarm(*deadline);
}

} // namespace trellis::cli
