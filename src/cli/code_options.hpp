// --tier, and --cache-dir and its companions, in every command that compiles what it runs.
#pragma once

#include "cli/arguments.hpp"
#include "embed/compiled_module.hpp"

#include <optional>

namespace trellis::cli {

inline constexpr Option cache_dir_option = {
    .name = "cache-dir",
    .value = "DIR",
    .help = "Keep compiled code in this folder (default $XDG_CACHE_HOME/trellis or ~/.cache/trellis)",
    .example = "--cache-dir /var/cache/app",
    .environment = true,
};
inline constexpr Option cache_size_option = {
    .name = "cache-size",
    .value = "SIZE",
    .help = "Most bytes that the code cache may take; what was used least recently goes (default 1GiB)",
    .example = "--cache-size 256MiB",
    .environment = true,
};
inline constexpr Option no_cache_option = {
    .name = "no-cache",
    .value = "",
    .help = "Compile anew and keep nothing",
    .example = "",
    .environment = true,
};
inline constexpr Option cache_log_option = {
    .name = "cache-log",
    .value = "",
    .help = "Say on standard error what the code cache did, and why not more",
    .example = "",
    .environment = true,
};

/// What --tier says; without it, jit where the compiler is installed. Errors: usage.
Result<embed::CodeChoice> code_choice_of(const Arguments& arguments);

/// Folder and size, as asked for. Errors: usage, not_found (there is no place for it).
Result<embed::CacheSettings> cache_settings(const Arguments& arguments);

/// The cache as asked for by all four options; nothing where it is not wanted or there is no place for it. Errors:
/// usage.
Result<std::optional<embed::CodeCache>> cache_of(const Arguments& arguments);

} // namespace trellis::cli
