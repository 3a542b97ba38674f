// The functions of WASI 0.1, by their names there. `wasi_unstable` has the same ones but for sock_accept; those whose
// layouts differ exist once more in namespace snapshot0. One thread at a time per guest.
// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md
#pragma once

#include "sandbox/wasi/guest.hpp"

#include <string_view>

namespace trellis::sandbox::preview1 {

using Fd = std::uint32_t;
using GuestVectors = List<GuestVector>;

// process.cpp
Outcome<> args_get(Call&, Address argv, Address buffer);
Outcome<> args_sizes_get(Call&, Out<std::uint32_t> count, Out<std::uint32_t> size);
Outcome<> environ_get(Call&, Address environ, Address buffer);
Outcome<> environ_sizes_get(Call&, Out<std::uint32_t> count, Out<std::uint32_t> size);
Outcome<> clock_res_get(Call&, std::uint32_t id, Out<std::uint64_t> resolution);
Outcome<> clock_time_get(Call&, std::uint32_t id, std::uint64_t precision, Out<std::uint64_t> time);
Outcome<> proc_raise(Call&, std::uint32_t signal);
Outcome<> sched_yield(Call&);
Outcome<> random_get(Call&, Buffer buffer);
/// Has no result, hence the bare form.
wasm::Trap proc_exit(void* context, wasm::Caller caller, wasm::Slot* frame);
wasm::FuncType proc_exit_type();

// descriptors_io.cpp
Outcome<> fd_read(Call&, Fd, const GuestVectors&, Out<std::uint32_t> count);
Outcome<> fd_write(Call&, Fd, const GuestVectors&, Out<std::uint32_t> count);
Outcome<> fd_pread(Call&, Fd, const GuestVectors&, std::uint64_t offset, Out<std::uint32_t> count);
Outcome<> fd_pwrite(Call&, Fd, const GuestVectors&, std::uint64_t offset, Out<std::uint32_t> count);
Outcome<> fd_seek(Call&, Fd, std::uint64_t offset, std::uint32_t whence, Out<std::uint64_t> position);
Outcome<> fd_tell(Call&, Fd, Out<std::uint64_t> position);
Outcome<> sock_accept(Call&, Fd, std::uint32_t flags, Out<Fd> connection);
Outcome<> sock_recv(Call&, Fd, const GuestVectors&, std::uint32_t flags, Out<std::uint32_t> count,
                    Out<std::uint16_t> out_flags);
Outcome<> sock_send(Call&, Fd, const GuestVectors&, std::uint32_t flags, Out<std::uint32_t> count);
Outcome<> sock_shutdown(Call&, Fd, std::uint32_t how);

// descriptors_state.cpp
Outcome<> fd_advise(Call&, Fd, std::uint64_t offset, std::uint64_t length, std::uint32_t advice);
Outcome<> fd_allocate(Call&, Fd, std::uint64_t offset, std::uint64_t length);
Outcome<> fd_close(Call&, Fd);
Outcome<> fd_datasync(Call&, Fd);
Outcome<> fd_fdstat_get(Call&, Fd, Out<FdStat>);
Outcome<> fd_fdstat_set_flags(Call&, Fd, std::uint32_t flags);
Outcome<> fd_fdstat_set_rights(Call&, Fd, Rights base, Rights inheriting);
Outcome<> fd_filestat_get(Call&, Fd, Out<FileStat>);
Outcome<> fd_filestat_set_size(Call&, Fd, std::uint64_t size);
Outcome<> fd_filestat_set_times(Call&, Fd, std::uint64_t accessed, std::uint64_t modified, std::uint32_t flags);
Outcome<> fd_prestat_get(Call&, Fd, Out<PrestatDirectory>);
Outcome<> fd_prestat_dir_name(Call&, Fd, Buffer name);
Outcome<> fd_readdir(Call&, Fd, Buffer entries, std::uint64_t cookie, Out<std::uint32_t> used);
Outcome<> fd_renumber(Call&, Fd from, Fd to);
Outcome<> fd_sync(Call&, Fd);

// paths.cpp
Outcome<> path_create_directory(Call&, Fd, const Path&);
Outcome<> path_filestat_get(Call&, Fd, std::uint32_t flags, const Path&, Out<FileStat>);
Outcome<> path_filestat_set_times(Call&, Fd, std::uint32_t flags, const Path&, std::uint64_t accessed,
                                  std::uint64_t modified, std::uint32_t time_flags);
Outcome<> path_link(Call&, Fd, std::uint32_t flags, const Path&, Fd target, const Path& target_path);
Outcome<> path_open(Call&, Fd, std::uint32_t flags, const Path&, std::uint32_t open_flags, Rights base,
                    Rights inheriting, std::uint32_t fd_flags, Out<Fd>);
Outcome<> path_readlink(Call&, Fd, const Path&, Buffer contents, Out<std::uint32_t> used);
Outcome<> path_remove_directory(Call&, Fd, const Path&);
Outcome<> path_rename(Call&, Fd, const Path&, Fd target, const Path& target_path);
Outcome<> path_symlink(Call&, const Path& contents, Fd, const Path&);
Outcome<> path_unlink_file(Call&, Fd, const Path&);

// poll.cpp
Outcome<> poll_oneoff(Call&, Address subscriptions, Address events, std::uint32_t count, Out<std::uint32_t> occurred);

namespace snapshot0 {
Outcome<> fd_seek(Call&, Fd, std::uint64_t offset, std::uint32_t whence, Out<std::uint64_t> position);
Outcome<> fd_filestat_get(Call&, Fd, Out<FileStatSnapshot0>);
Outcome<> path_filestat_get(Call&, Fd, std::uint32_t flags, const Path&, Out<FileStatSnapshot0>);
Outcome<> poll_oneoff(Call&, Address subscriptions, Address events, std::uint32_t count, Out<std::uint32_t> occurred);
} // namespace snapshot0

struct NamedEntry {
    std::string_view name;
    HostEntry preview1;  ///< of wasi_snapshot_preview1
    HostEntry snapshot0; ///< of wasi_unstable; without a function: not there
};

/// Every function, sorted by name.
std::span<const NamedEntry> all_functions();

/// The function that a guest imports, if there is one.
const HostEntry* find_function(std::string_view module, std::string_view name);

} // namespace trellis::sandbox::preview1
