// modules.toml as values: which modules answer which routes, and what each may use. The fields are WAGI's, and beside
// them those that WAGI lacks (environment, limits, methods, hosts). Nothing is opened here. Immutable.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trellis::gateway {

/// What one module's requests may use. Absent: the default below.
struct ModuleLimits {
    std::uint64_t memory_bytes = std::uint64_t(256) << 20; ///< per instance
    std::optional<std::uint64_t> fuel = {};
    bool deterministic = false;                                         ///< WebAssembly's deterministic profile
    std::chrono::microseconds timeout = std::chrono::seconds(30);       ///< wall clock of one request, without queueing
    std::uint32_t concurrency = 64;                                     ///< instances at once, in the whole process
    std::chrono::microseconds queue_timeout = std::chrono::seconds(10); ///< a request waits so long for its turn
    std::uint64_t body_bytes = std::uint64_t(64) << 20;                 ///< of a request
};

struct Volume {
    std::string guest;
    std::string host; ///< relative ones: to the folder of modules.toml
    bool read_only = false;
};

struct ModuleEntry {
    std::string route;  ///< "/hello", "/static/..."
    std::string module; ///< path, file:// URL
    std::string entrypoint = "_start";
    std::optional<std::string> argv = {}; ///< template
    std::vector<Volume> volumes = {};
    std::vector<std::string> allowed_hosts = {};
    std::uint32_t http_max_concurrency = 16;
    std::vector<std::pair<std::string, std::string>> environment = {};
    std::vector<std::string> methods = {}; ///< empty: all
    std::vector<std::string> hosts = {};   ///< empty: all; "*.example.com" allowed
    ModuleLimits limits = {};
    std::uint32_t line = 0; ///< in modules.toml, for messages
};

struct Configuration {
    std::vector<ModuleEntry> modules;
    std::vector<std::string> warnings; ///< about fields that are known and ignored
};

/// The fields that `[[module]]` may have; docs/reference/modules-toml.md explains them.
std::span<const std::string_view> module_field_names();

/// `origin`: the file's name, for messages ("modules.toml:12: ..."). Errors: usage, unsupported (oci:, bindle sources),
/// naming line and field; an unknown field is an error with the nearest name.
Result<Configuration> parse_configuration(std::string_view toml, const std::string& origin);

} // namespace trellis::gateway
