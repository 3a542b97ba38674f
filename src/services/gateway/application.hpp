// modules.toml brought to life: modules decoded and validated, volumes opened, routes in order. Immutable, shared by
// threads; a reload makes a new one, and requests finish with the one they began with.
#pragma once

#include "sandbox/files.hpp"
#include "sandbox/http/outbound.hpp"
#include "services/gateway/admission.hpp"
#include "services/gateway/code_supply.hpp"
#include "services/gateway/configuration.hpp"
#include "services/gateway/metrics.hpp"
#include "services/gateway/module_log.hpp"
#include "services/gateway/routes.hpp"
#include "services/gateway/watcher.hpp"
#include "wasm/execution/store.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace trellis::gateway {

/// One entry of modules.toml, ready to be asked.
struct LoadedModule {
    [[nodiscard]] const GuestProgram& program() const { return *file->program; }

    ModuleEntry entry;
    std::shared_ptr<const ModuleFile> file;
    std::vector<std::pair<std::string, sandbox::Directory>> volumes;
    wasm::StoreLimits limits;
    std::shared_ptr<const sandbox::HttpPolicy> http;              ///< null: it imports nothing of the kind
    std::vector<std::pair<std::string, std::string>> environment; ///< the operator's; the entry's own is stronger
    std::unique_ptr<Admission> admission;
    std::shared_ptr<ModuleMetrics> metrics;
    std::map<std::string, std::shared_ptr<ModuleLog::Channel>, std::less<>>
        logs; ///< by pattern; empty: only to look at
};

/// What is the same for all applications of a server.
struct ApplicationContext {
    std::string configuration_file;
    std::vector<std::pair<std::string, std::string>> environment; ///< the operator's, for all modules
    std::shared_ptr<wasm::TypeRegistry> registry;
    CodeSupply* code = nullptr;
    Metrics* metrics = nullptr; ///< null, as `log`: only to look at (`trellis routes`)
    ModuleLog* log = nullptr;
};

class Application {
public:
    /// Reads modules.toml and everything it names; asks modules for their `_routes`. `previous`: whose unchanged
    /// modules are used again; may be null. `read`: gets every file that this depends on, also where it fails; may be
    /// null. Not on a loop's thread: it takes its time. Errors: the first thing wrong, naming file and line.
    static Result<std::shared_ptr<const Application>> load(const ApplicationContext& context,
                                                           const Application* previous, FilesRead* read = nullptr);

    [[nodiscard]] const RouteTable& routes() const { return routes_; }
    [[nodiscard]] const LoadedModule& module_of(const Route& route) const { return *modules_[route.module]; }
    [[nodiscard]] const Configuration& configuration() const { return configuration_; }
    [[nodiscard]] const std::vector<std::unique_ptr<const LoadedModule>>& loaded() const { return modules_; }

private:
    Application(Configuration configuration, std::vector<std::unique_ptr<const LoadedModule>> modules,
                std::vector<Route> routes)
        : configuration_(std::move(configuration)), modules_(std::move(modules)), routes_(std::move(routes))
    {
    }

    Configuration configuration_;
    std::vector<std::unique_ptr<const LoadedModule>> modules_;
    RouteTable routes_;
};

} // namespace trellis::gateway
