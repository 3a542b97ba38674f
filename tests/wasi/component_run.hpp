// One component of the official WASI suite on its way through its description: the guest on a thread of its own, with
// pipes as standard streams (a service runs on ours, when it is asked); the operations of the description here.
#pragma once

#include "sandbox/scratch_directory.hpp"
#include "sandbox/wasi/p3/p3.hpp"
#include "wasi/component_description.hpp"
#include "wasi/http_server.hpp"
#include "wasi/pipes.hpp"

#include <map>
#include <optional>

namespace trellis::test {

class ComponentGuest;

class ComponentRun {
public:
    explicit ComponentRun(const ComponentDescription& description) : description_(description) {}
    ~ComponentRun();
    ComponentRun(const ComponentRun&) = delete;
    ComponentRun& operator=(const ComponentRun&) = delete;

    /// What differed from the description; empty: nothing.
    std::string follow();

private:
    struct Row {
        std::string_view type;
        std::string (ComponentRun::*run)(const Operation&);
    };
    static const std::array<Row, 9> rows;

    std::string start(const Operation& operation);
    std::string wait(const Operation& operation);
    std::string read(const Operation& operation);
    std::string write(const Operation& operation);
    std::string connect(const Operation& operation);
    std::string send(const Operation& operation);
    std::string receive(const Operation& operation);
    std::string request(const Operation& operation);
    std::string kill(const Operation& operation);

    sandbox::WasiP3Config config_for(const Operation& operation);
    void run_guest(sandbox::WasiP3Config config);

    const ComponentDescription& description_;
    sandbox::ScratchDirectory scratch_;
    Pipe input_;
    Collector output_, errors_;
    std::map<std::string, int> connections_;
    std::vector<std::unique_ptr<HttpServer>> servers_;
    std::shared_ptr<ComponentGuest> service_;
    std::thread guest_; ///< of a program
    // Of the guest's thread, until it is joined:
    int exit_code_ = 0;
    std::string failure_; ///< of the engine, or a trap
};

} // namespace trellis::test
