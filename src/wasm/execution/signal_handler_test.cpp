#include "wasm/execution/signal_handler.hpp"

#include "wasm/execution/memory.hpp"
#include "wasm/execution/test_guest.hpp"

#include <csignal>
#include <thread>

namespace trellis::wasm {
namespace {

class wasm_signal_handler : public GuestTest {
protected:
    Memory& memory = **store.make_memory({.limits = {.min = 1, .max = 2}});
};

constexpr auto no_frames = [](const GuestActivation&, std::vector<BacktraceFrame>&) {};

template <class Body>
Trap run_as_call_does(GuestActivation& activation, Body&& body)
{
    prepare_thread_for_guests();
    return run_guarded(activation, std::forward<Body>(body));
}

/// Like guest code: the pinned registers hold code pointer and frame when the access faults.
__attribute__((noinline)) void touch(std::byte* address, const void* pc, Slot* frame)
{
    asm volatile("movq %1, %%r12\n movq %2, %%r13\n movb $1, (%0)" ::"r"(address), "r"(pc), "r"(frame)
                 : "r12", "r13", "memory");
}

TEST_F(wasm_signal_handler, fault_behind_a_memory_is_a_trap)
{
    int code = 0;
    Slot frame{};
    for (const auto offset : {std::uint64_t(65536), std::uint64_t(0xffff'ffff), std::uint64_t(0x1'ffff'ffff)}) {
        GuestActivation activation(store, no_frames);
        const auto trap = run_as_call_does(activation, [&] {
            touch(memory.base() + offset, &code, &frame);
            return Trap::none;
        });
        EXPECT_EQ(trap, Trap::out_of_bounds_memory_access);
        EXPECT_EQ(activation.pc, &code);
        EXPECT_EQ(activation.frame, &frame);
        EXPECT_EQ(activation.fault_address, reinterpret_cast<std::uintptr_t>(memory.base() + offset));
        EXPECT_EQ(current_activation, nullptr);
    }
}

TEST_F(wasm_signal_handler, without_a_fault_the_result_is_the_bodys)
{
    GuestActivation activation(store, no_frames);
    EXPECT_EQ(run_as_call_does(activation,
                               [&] {
                                   touch(memory.base() + 65535, nullptr, nullptr);
                                   return Trap::unreachable;
                               }),
              Trap::unreachable);
    EXPECT_EQ(memory.base()[65535], std::byte(1));
}

TEST_F(wasm_signal_handler, innermost_entry_takes_the_fault)
{
    GuestActivation outer(store, no_frames);
    const auto trap = run_as_call_does(outer, [&] {
        GuestActivation inner(store, no_frames);
        EXPECT_EQ(run_as_call_does(inner,
                                   [&] {
                                       touch(memory.base() + 65536, nullptr, nullptr);
                                       return Trap::none;
                                   }),
                  Trap::out_of_bounds_memory_access);
        EXPECT_EQ(current_activation, &outer);
        return Trap::exit;
    });
    EXPECT_EQ(trap, Trap::exit);
}

TEST_F(wasm_signal_handler, works_on_another_thread)
{
    std::thread([&] {
        GuestActivation activation(store, no_frames);
        EXPECT_EQ(run_as_call_does(activation,
                                   [&] {
                                       touch(memory.base() + 65536, nullptr, nullptr);
                                       return Trap::none;
                                   }),
                  Trap::out_of_bounds_memory_access);
    }).join();
}

using wasm_signal_handler_death = wasm_signal_handler;

TEST_F(wasm_signal_handler_death, fault_elsewhere_ends_the_process)
{
    EXPECT_DEATH(
        {
            GuestActivation activation(store, no_frames);
            std::ignore = run_as_call_does(activation, [&] {
                touch(reinterpret_cast<std::byte*>(8), nullptr, nullptr);
                return Trap::none;
            });
        },
        "");
}

TEST_F(wasm_signal_handler_death, fault_in_a_host_function_ends_the_process)
{
    EXPECT_DEATH(
        {
            GuestActivation activation(store, no_frames);
            std::ignore = run_as_call_does(activation, [&] {
                activation.in_host = true;
                touch(memory.base() + 65536, nullptr, nullptr);
                return Trap::none;
            });
        },
        "");
}

TEST_F(wasm_signal_handler_death, other_faults_reach_the_handler_that_was_there_before)
{
    GTEST_FLAG_SET(death_test_style, "threadsafe"); // a fresh process, where our handler is not installed yet
    EXPECT_EXIT(
        {
            struct sigaction action = {};
            action.sa_handler = [](int) { _exit(42); };
            sigaction(SIGSEGV, &action, nullptr);
            GuestActivation activation(store, no_frames);
            std::ignore = run_as_call_does(activation, [&] {
                touch(reinterpret_cast<std::byte*>(8), nullptr, nullptr);
                return Trap::none;
            });
        },
        testing::ExitedWithCode(42), "");
}

} // namespace
} // namespace trellis::wasm
