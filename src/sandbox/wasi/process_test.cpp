#include "sandbox/wasi/functions.hpp"
#include "sandbox/wasi/guest_harness.hpp"

#include <algorithm>

namespace trellis::sandbox::preview1 {

TEST(wasi_functions, table_is_sorted_and_complete)
{
    const auto functions = all_functions();
    EXPECT_TRUE(std::ranges::is_sorted(functions, {}, &NamedEntry::name));
    EXPECT_EQ(std::ranges::count_if(functions, [](const auto& f) { return f.preview1.function != nullptr; }), 46);
    EXPECT_EQ(std::ranges::count_if(functions, [](const auto& f) { return f.snapshot0.function != nullptr; }), 45);
}

TEST(wasi_functions, found_by_module_and_name)
{
    EXPECT_NE(find_function("wasi_snapshot_preview1", "fd_write"), nullptr);
    EXPECT_NE(find_function("wasi_unstable", "fd_write"), nullptr);
    EXPECT_EQ(find_function("wasi_unstable", "sock_accept"), nullptr);
    EXPECT_EQ(find_function("wasi_snapshot_preview2", "fd_write"), nullptr);
    EXPECT_EQ(find_function("wasi_snapshot_preview1", "fd_writ"), nullptr);
    EXPECT_EQ(find_function("wasi_snapshot_preview1", "zzz"), nullptr);
}

TEST(wasi_functions, signatures_follow_the_specification)
{
    using namespace wasm;
    const auto type = [](const char* name) { return find_function("wasi_snapshot_preview1", name)->type(); };
    EXPECT_EQ(type("fd_write"), (FuncType{{i32, i32, i32, i32}, {i32}}));
    EXPECT_EQ(type("path_open"), (FuncType{{i32, i32, i32, i32, i32, i64, i64, i32, i32}, {i32}}));
    EXPECT_EQ(type("fd_seek"), (FuncType{{i32, i64, i32, i32}, {i32}}));
    EXPECT_EQ(type("sched_yield"), (FuncType{{}, {i32}}));
    EXPECT_EQ(type("proc_exit"), (FuncType{{i32}, {}}));
    EXPECT_EQ(type("path_link"), (FuncType{{i32, i32, i32, i32, i32, i32, i32}, {i32}}));
    EXPECT_EQ(type("sock_recv"), (FuncType{{i32, i32, i32, i32, i32, i32}, {i32}}));
}

TEST(wasi_errno, numbers_are_the_specifications)
{
    EXPECT_EQ(static_cast<int>(errno_of(system_error(ENOENT))), 44);
    EXPECT_EQ(static_cast<int>(errno_of(system_error(EBADF))), 8);
    EXPECT_EQ(static_cast<int>(errno_of(SystemError::outside_grant)), 76);
    EXPECT_EQ(static_cast<int>(errno_of(system_error(EXDEV))), 75);
    EXPECT_EQ(static_cast<int>(errno_of(system_error(E2BIG))), 1);
    EXPECT_EQ(errno_of(system_error(EUCLEAN)), Errno::io);
}

TEST(wasi_process, arguments)
{
    GuestHarness guest({.arguments = {"program", "", "x y"}});
    EXPECT_EQ(guest.call("args_sizes_get", {100, 104}), Errno::success);
    EXPECT_EQ(guest.changes(), "100+8");
    EXPECT_EQ(guest.at<std::uint32_t>(100), 3U);
    EXPECT_EQ(guest.at<std::uint32_t>(104), 13U);
    EXPECT_EQ(guest.call("args_get", {200, 301}), Errno::success);
    EXPECT_EQ(guest.changes(), "200+12 301+13");
    EXPECT_EQ(guest.text(301, 13), std::string("program\0\0x y\0", 13));
    EXPECT_EQ(guest.at<std::uint32_t>(204), 309U);
    EXPECT_EQ(guest.at<std::uint32_t>(208), 310U);
}

TEST(wasi_process, environment)
{
    GuestHarness guest({.environment = {{"A", "1"}, {"B", ""}}});
    EXPECT_EQ(guest.call("environ_sizes_get", {100, 104}), Errno::success);
    EXPECT_EQ(guest.at<std::uint32_t>(100), 2U);
    EXPECT_EQ(guest.at<std::uint32_t>(104), 7U);
    EXPECT_EQ(guest.call("environ_get", {200, 300}), Errno::success);
    EXPECT_EQ(guest.text(300, 7), std::string("A=1\0B=\0", 7));
}

TEST(wasi_process, strings_that_do_not_fit_change_nothing)
{
    GuestHarness guest({.arguments = {"program"}});
    EXPECT_EQ(guest.call("args_get", {200, GuestHarness::memory_size - 7}), Errno::fault);
    EXPECT_EQ(guest.changes(), "");
    EXPECT_EQ(guest.call("args_get", {GuestHarness::memory_size - 3, 200}), Errno::fault);
    EXPECT_EQ(guest.changes(), "");
    EXPECT_EQ(guest.call("args_sizes_get", {100, 0xffff'fffd}), Errno::fault);
    EXPECT_EQ(guest.changes(), "");
}

TEST(wasi_process, nul_in_arguments_is_refused)
{
    const auto wasi = Wasi::make({.arguments = {std::string("a\0b", 3)}});
    ASSERT_FALSE(wasi);
    EXPECT_EQ(wasi.error().code, ErrorCode::usage);
}

TEST(wasi_process, clocks)
{
    GuestHarness guest;
    for (const std::uint64_t clock : {0, 1, 2, 3}) {
        EXPECT_EQ(guest.call("clock_time_get", {clock, 1000, 104}), Errno::success);
        EXPECT_EQ(guest.call("clock_res_get", {clock, 200}), Errno::success);
        EXPECT_GT(guest.at<std::uint64_t>(200), 0U);
    }
    EXPECT_EQ(guest.call("clock_time_get", {1, 0, 104}), Errno::success);
    const auto first = guest.at<std::uint64_t>(104);
    EXPECT_EQ(guest.call("clock_time_get", {1, 0, 104}), Errno::success);
    EXPECT_GE(guest.at<std::uint64_t>(104), first);
    EXPECT_EQ(guest.call("clock_time_get", {4, 0, 104}), Errno::inval);
    EXPECT_EQ(guest.call("clock_res_get", {0xffff'ffff, 104}), Errno::inval);
    EXPECT_EQ(guest.changes(), "");
    EXPECT_EQ(guest.call("clock_time_get", {0, 0, GuestHarness::memory_size - 7}), Errno::fault);
}

TEST(wasi_process, random_bytes)
{
    GuestHarness guest;
    EXPECT_EQ(guest.call("random_get", {1000, 64}), Errno::success);
    EXPECT_NE(guest.text(1000, 64), std::string(64, '\xa5'));
    EXPECT_EQ(guest.text(996, 4), std::string(4, '\xa5'));
    EXPECT_EQ(guest.text(1064, 4), std::string(4, '\xa5'));
    EXPECT_EQ(guest.call("random_get", {1000, 0}), Errno::success);
    EXPECT_EQ(guest.changes(), "");
    EXPECT_EQ(guest.call("random_get", {1000, 0xffff'ffff}), Errno::fault);
    EXPECT_EQ(guest.changes(), "");
}

TEST(wasi_process, exit)
{
    GuestHarness guest;
    guest.call("proc_exit", {42});
    EXPECT_EQ(guest.trap, wasm::Trap::exit);
    EXPECT_EQ(guest.store.exit_code, 42);
}

TEST(wasi_process, raise_does_what_the_signal_does_by_default)
{
    GuestHarness guest;
    for (const std::uint64_t ignored : {0, 16, 17, 22, 27}) {
        EXPECT_EQ(guest.call("proc_raise", {ignored}), Errno::success);
        EXPECT_EQ(guest.trap, wasm::Trap::none);
    }
    EXPECT_EQ(guest.call("proc_raise", {18}), Errno::notsup);
    EXPECT_EQ(guest.call("proc_raise", {31}), Errno::inval);
    guest.call("proc_raise", {15});
    EXPECT_EQ(guest.trap, wasm::Trap::exit);
    EXPECT_EQ(guest.store.exit_code, 128 + 15);
    guest.call("proc_raise", {25});
    EXPECT_EQ(guest.store.exit_code, 128 + 26); // SIGVTALRM
}

TEST(wasi_process, interruption_reaches_a_long_call)
{
    GuestHarness guest;
    guest.store.interrupt_handle().interrupt();
    guest.call("random_get", {0, 1000});
    EXPECT_EQ(guest.trap, wasm::Trap::interrupted);
    EXPECT_EQ(guest.call("sched_yield", {}), Errno::success);
    EXPECT_EQ(guest.trap, wasm::Trap::none);
}

} // namespace trellis::sandbox::preview1
