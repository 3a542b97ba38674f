// Options of every command that runs a guest by itself: what it is granted, how much it may use, what is linked to it.
#pragma once

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "sandbox/wasi/wasi.hpp"
#include "wasm/execution/linker.hpp"

#include <functional>
#include <memory>
#include <string_view>

namespace trellis::cli {

inline constexpr Option dir_option = {
    .name = "dir",
    .value = "HOST[::GUEST[::ro]]",
    .help = "Grant a directory, under its own name or another; ro: for reading only",
    .example = "--dir /srv/data::/data::ro",
    .repeats = true,
};
inline constexpr Option env_option = {
    .name = "env",
    .value = "NAME[=VALUE]",
    .help = "Set an environment variable of the guest; without a value it is passed on from here",
    .example = "--env LANG=C",
    .repeats = true,
};
inline constexpr Option max_memory_option = {
    .name = "max-memory",
    .value = "SIZE",
    .help = "Largest size of one linear memory (default 4GiB)",
    .example = "--max-memory 256MiB",
    .environment = true,
};
inline constexpr Option max_table_elements_option = {
    .name = "max-table-elements",
    .value = "COUNT",
    .help = "Largest size of one table (default 10000000)",
    .example = "--max-table-elements 1000",
    .environment = true,
};
inline constexpr Option max_stack_option = {
    .name = "max-stack",
    .value = "SIZE",
    .help = "Size of the guest's call stack (default 8MiB)",
    .example = "--max-stack 1MiB",
    .environment = true,
};
inline constexpr Option max_gc_heap_option = {
    .name = "max-gc-heap",
    .value = "SIZE",
    .help = "Largest size of the garbage-collected heap (default 1GiB)",
    .example = "--max-gc-heap 64MiB",
    .environment = true,
};
inline constexpr Option fuel_option = {
    .name = "fuel",
    .value = "COUNT",
    .help = "Stop the guest after so many instructions (default: not counted)",
    .example = "--fuel 1000000",
    .environment = true,
};
inline constexpr Option deterministic_option = {
    .name = "deterministic",
    .value = "",
    .help = "Follow WebAssembly's deterministic profile: every NaN that is computed is the same one",
    .example = "--deterministic",
};
inline constexpr Option timeout_option = {
    .name = "timeout",
    .value = "TIME",
    .help = "Stop the guest after this time (default: never)",
    .example = "--timeout 1.5s",
    .environment = true,
};

/// The --dir and --env options. Errors: usage.
Result<> read_grants(const Arguments& arguments, sandbox::WasiConfig& config);

/// What the options above from --max-memory to --fuel say. Errors: usage.
Result<wasm::StoreLimits> limits_of(const Arguments& arguments);

using Instantiate = std::function<Result<wasm::Instance*>(std::shared_ptr<const wasm::Module>)>;
/// Instantiates the module of "NAME=FILE", provides its exports to the linker's next modules, and calls its
/// _initialize; the name. `option` is for messages.
Result<std::string_view> link_module(wasm::Linker& linker, wasm::Store& store, wasm::Features features,
                                     const Instantiate& instantiate, std::string_view option,
                                     std::string_view name_and_file);

/// Null where there is no exported function of that name.
wasm::Function* exported_function(wasm::Instance& instance, std::string_view name);

} // namespace trellis::cli
