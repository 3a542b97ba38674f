// What the host offers to components: functions by name, in instances by name. A host's function sees its arguments as
// C++ values (host_types.hpp) and gives its result the same way. One that is asynchronous runs on a fiber of its own
// and waits in straight-line code; whoever called it may go on meanwhile.
#pragma once

#include "wasm/component/execution/canonical_abi.hpp"

namespace trellis::wasm::component {

/// One call of a host function.
struct HostCall {
    ComponentStore& store;
    void* context;
    Lifting from; ///< the caller, as far as arguments go
    Lowering to;  ///< and results
    Place parameters;
    Place result;
    std::uint32_t offset = 0; ///< of the next parameter, where they are in memory
};

/// An asynchronous call between its start and its result.
class RunningHostCall {
public:
    virtual ~RunningHostCall() = default;
    /// On a fiber of its own; may wait.
    virtual Trap run(ComponentStore& store) = 0;
    virtual Trap give_result(HostCall& call) = 0;
};

/// How the type of an import is compared with a C++ function's.
struct HostTypeCheck {
    const ComponentInstance& types; ///< of the instance that imports: which resources are whose
    const TypeArena& arena = types.arena();
};

struct HostFunction {
    std::string_view name;
    Trap (*call)(HostCall&) = nullptr;                                          ///< null: asynchronous
    std::unique_ptr<RunningHostCall> (*start)(HostCall&, Trap& trap) = nullptr; ///< takes the arguments
    Result<> (*check)(const HostTypeCheck&, const FuncType&) = nullptr;
};

struct HostResource {
    std::string_view name;
    const void* host_type;
};

/// An interface of the host. Constant.
struct HostInterface {
    std::string_view name; ///< "wasi:io/streams@0.2.0"; empty: items of the root
    std::span<const HostFunction> functions;
    std::span<const HostResource> resources = {};
    std::span<const HostInterface> instances = {}; ///< inside it
};

/// One interface and what its functions work with.
struct HostBinding {
    const HostInterface* interface;
    void* context;
};

} // namespace trellis::wasm::component
