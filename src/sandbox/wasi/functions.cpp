#include "sandbox/wasi/functions.hpp"

#include <algorithm>
#include <array>

namespace trellis::sandbox::preview1 {

namespace {

template <auto function>
constexpr NamedEntry both(std::string_view name)
{
    return {.name = name, .preview1 = entry<function>, .snapshot0 = entry<function>};
}

template <auto newer, auto older>
constexpr NamedEntry differing(std::string_view name)
{
    return {.name = name, .preview1 = entry<newer>, .snapshot0 = entry<older>};
}

constexpr HostEntry exit_entry = {.function = proc_exit, .type = proc_exit_type};

constexpr std::array functions = {
    both<args_get>("args_get"),
    both<args_sizes_get>("args_sizes_get"),
    both<clock_res_get>("clock_res_get"),
    both<clock_time_get>("clock_time_get"),
    both<environ_get>("environ_get"),
    both<environ_sizes_get>("environ_sizes_get"),
    both<fd_advise>("fd_advise"),
    both<fd_allocate>("fd_allocate"),
    both<fd_close>("fd_close"),
    both<fd_datasync>("fd_datasync"),
    both<fd_fdstat_get>("fd_fdstat_get"),
    both<fd_fdstat_set_flags>("fd_fdstat_set_flags"),
    both<fd_fdstat_set_rights>("fd_fdstat_set_rights"),
    differing<fd_filestat_get, snapshot0::fd_filestat_get>("fd_filestat_get"),
    both<fd_filestat_set_size>("fd_filestat_set_size"),
    both<fd_filestat_set_times>("fd_filestat_set_times"),
    both<fd_pread>("fd_pread"),
    both<fd_prestat_dir_name>("fd_prestat_dir_name"),
    both<fd_prestat_get>("fd_prestat_get"),
    both<fd_pwrite>("fd_pwrite"),
    both<fd_read>("fd_read"),
    both<fd_readdir>("fd_readdir"),
    both<fd_renumber>("fd_renumber"),
    differing<fd_seek, snapshot0::fd_seek>("fd_seek"),
    both<fd_sync>("fd_sync"),
    both<fd_tell>("fd_tell"),
    both<fd_write>("fd_write"),
    both<path_create_directory>("path_create_directory"),
    differing<path_filestat_get, snapshot0::path_filestat_get>("path_filestat_get"),
    both<path_filestat_set_times>("path_filestat_set_times"),
    both<path_link>("path_link"),
    both<path_open>("path_open"),
    both<path_readlink>("path_readlink"),
    both<path_remove_directory>("path_remove_directory"),
    both<path_rename>("path_rename"),
    both<path_symlink>("path_symlink"),
    both<path_unlink_file>("path_unlink_file"),
    differing<poll_oneoff, snapshot0::poll_oneoff>("poll_oneoff"),
    NamedEntry{.name = "proc_exit", .preview1 = exit_entry, .snapshot0 = exit_entry},
    both<proc_raise>("proc_raise"),
    both<random_get>("random_get"),
    both<sched_yield>("sched_yield"),
    NamedEntry{.name = "sock_accept", .preview1 = entry<sock_accept>, .snapshot0 = {}},
    both<sock_recv>("sock_recv"),
    both<sock_send>("sock_send"),
    both<sock_shutdown>("sock_shutdown"),
};
static_assert(functions.size() == 46);

} // namespace

std::span<const NamedEntry> all_functions()
{
    return functions;
}

const HostEntry* find_function(std::string_view module, std::string_view name)
{
    const bool is_snapshot0 = module == "wasi_unstable";
    if (!is_snapshot0 && module != "wasi_snapshot_preview1")
        return nullptr;
    const auto found = std::ranges::lower_bound(functions, name, {}, &NamedEntry::name);
    if (found == functions.end() || found->name != name)
        return nullptr;
    const auto& chosen = is_snapshot0 ? found->snapshot0 : found->preview1;
    return chosen.function != nullptr ? &chosen : nullptr;
}

} // namespace trellis::sandbox::preview1
