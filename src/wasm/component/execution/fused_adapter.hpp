// Adapters between two components as core modules: code that checks what a call may do, enters the callee, brings the
// values over and calls it, so that a tier compiles all of it. Equal shapes are equal bytes, whichever components they
// are between; so code for them is found by content. What is rare, and everything that goes wrong, is done by helpers
// of the host, which do what calls without an adapter do.
#pragma once

#include "wasm/component/execution/instance.hpp"

#include <optional>
#include <span>

namespace trellis::wasm::component {

/// How some flat core values of the caller become the callee's, or the other way around.
struct FlatStep {
    enum class Form : std::uint8_t {
        copy,
        mask, ///< an i32, of which the bits of `value` count
        sign_8,
        sign_16,
        boolean,
        below, ///< an i32 that has to be less than `value`
        character,
        text, ///< UTF-8 on both sides
        list, ///< of numbers; `value`: bytes of each, which are its alignment
    };
    Form form = Form::copy;
    std::uint32_t value = 0;

    [[nodiscard]] bool is_range() const { return form >= Form::text; }
};
using FlatSteps = std::vector<FlatStep>;

/// Adds the steps of a value of that type; false: it takes more than steps.
bool add_steps(const TypeArena& arena, ValueTypeId type, FlatSteps& steps);

struct FusedShape {
    const wasm::FuncType* lowered = nullptr; ///< what the caller imports
    const wasm::FuncType* core = nullptr;    ///< what the callee was lifted from
    bool has_post_return = false;
    std::uint32_t entered = 0;             ///< instances that a call enters
    std::optional<FlatSteps> params = {};  ///< none: a helper passes them
    std::optional<FlatSteps> results = {}; ///< none: a helper passes it

    [[nodiscard]] bool has_ranges() const;
};

/// What an adapter imports, in this order; but for what the shape has no use for.
enum class FusedImport : std::uint8_t {
    callee,
    refuse,   ///< says why the call may not be made
    uncaught, ///< an exception came out of the callee
    pass_in,  ///< lowered parameters to core ones
    pass_out, ///< core results, and the last lowered parameter if there is no lowered result, to lowered results
    post_return,
    realloc,
    is_text,        ///< bytes of the caller's memory: valid UTF-8?
    bad_allocation, ///< realloc has given this for such an alignment and so many bytes
    forget_storage, ///< of the running thread: realloc has one of its own
    caller_memory,
    callee_memory,
    current, ///< ComponentStore::current_global()
    self,    ///< PlainCall::word()
    may_leave,
    callee_may_leave,
    may_enter, ///< one for each instance entered
};

bool imports(const FusedShape& shape, FusedImport what);
/// The type of an imported function.
wasm::FuncType type_of(const FusedShape& shape, FusedImport what);
inline constexpr std::uint32_t fused_functions = static_cast<std::uint32_t>(FusedImport::caller_memory);

/// The adapter's only export.
inline constexpr std::string_view fused_export = "call";

std::vector<std::uint8_t> make_fused_adapter(const FusedShape& shape);
/// Its function's locals and instructions.
std::vector<std::uint8_t> fused_body(const FusedShape& shape);

} // namespace trellis::wasm::component
