// The canonical built-in functions, as functions of the host that core modules import.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canonical-definitions
#pragma once

#include "wasm/component/execution/concurrency.hpp"

namespace trellis::wasm::component {

/// One built-in in one instance.
struct RunnableBuiltin;

struct BuiltinContext {
    ComponentInstance* instance;
    const CanonBuiltin* definition;
    CanonicalSide side = {};
    RuntimeResourceType* resource = nullptr;
    Table* table = nullptr;               ///< of thread.new-indirect
    const RunnableBuiltin* row = nullptr; ///< how it is run
};

Function* make_builtin(ComponentInstance& instance, const CanonBuiltin& definition);

/// One lowered function in one instance.
struct LowerContext {
    ComponentInstance* instance;
    const ComponentFunction* callee;
    CanonicalSide side = {};
    bool is_async = false;
    std::size_t slots = 0; ///< core parameters
    PlainCall call{*callee};

    // What prepare_plain_call found out:
    bool is_plain = false;          ///< call_plain() does it
    bool copies_parameters = false; ///< core values are the same on both sides
    bool copies_result = false;
    std::optional<std::uint32_t> result_pointer = {}; ///< which parameter it is, where there is one
    std::vector<ComponentInstance*> entered = {};     ///< instances that the call enters
};

/// Looks whether calls of it are plain, and how they go.
void prepare_plain_call(LowerContext& lower);
Trap call_plain(LowerContext& lower, Slot* frame);

/// The call as a function of a guest, where there is code for it: it does what call_plain does. Null: there is not.
Function* make_fused(LowerContext& lower, const wasm::FuncType& lowered);

Function* make_lowered(ComponentInstance& instance, const CanonLower& definition);

/// The options' memory and functions, found in the instance.
CanonicalSide side_of(ComponentInstance& instance, const CanonicalOptions& options);

/// Runs the destructor of a resource of a guest.
Trap call_destructor(ComponentStore& store, ComponentInstance* caller, RuntimeResourceType& type, std::uint32_t rep);
/// What dropping a handle that owns does to the resource.
Trap drop_resource(ComponentStore& store, ComponentInstance* caller, RuntimeResourceType& type, std::uint32_t rep);

} // namespace trellis::wasm::component
