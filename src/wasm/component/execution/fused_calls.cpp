// Plain calls through adapters that are code of a guest: the caller's compiled code calls the adapter's, and that the
// callee's, on one stack. Here is what an adapter imports, and how it is made where there is code for it.
#include "wasm/binary/cursor.hpp"
#include "wasm/component/execution/builtins.hpp"
#include "wasm/component/execution/canonical_abi.hpp"
#include "wasm/component/execution/fused_adapter.hpp"
#include "wasm/component/syntax/limits.hpp"

#include <utility>

namespace trellis::wasm::component {
namespace {

LowerContext& lower_of(void* context)
{
    return *static_cast<LowerContext*>(context);
}

Trap refuse(void* context, Caller, Slot*)
{
    const LowerContext& lower = lower_of(context);
    return lower.instance->store.trap(lower.instance->may_leave ? "cannot enter component instance"
                                                                : "cannot leave component instance");
}

Trap uncaught(void* context, Caller, Slot*)
{
    return uncaught_exception(lower_of(context).instance->store);
}

Trap pass_in(void* context, Caller, Slot* frame)
{
    LowerContext& lower = lower_of(context);
    ComponentStore& store = lower.instance->store;
    std::array<Slot, FlatTypes::max> given;
    std::copy_n(frame, lower.slots, given.data());
    return pass_parameters({store, lower.side}, {store, lower.callee->side}, *lower.callee, given.data(),
                           limits::flat_params, frame);
}

Trap pass_out(void* context, Caller, Slot* frame)
{
    LowerContext& lower = lower_of(context);
    ComponentStore& store = lower.instance->store;
    std::array<Slot, 2> given = {frame[0], {.u64 = 0}};
    const std::uint32_t out = lower.result_pointer ? frame[1].u32 : 0;
    return pass_result({store, lower.callee->side}, {store, lower.side}, *lower.callee, given.data(),
                       limits::flat_results, frame, limits::flat_results, &out);
}

Trap is_text(void* context, Caller, Slot* frame)
{
    const auto bytes = lower_of(context).side.memory->range(frame[0].u32, frame[1].u32);
    frame[0].u64 = bytes && is_utf8({reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()});
    return Trap::none;
}

Trap bad_allocation(void* context, Caller, Slot* frame)
{
    LowerContext& lower = lower_of(context);
    return check_allocation({lower.instance->store, lower.callee->side}, frame[0].u32, frame[1].u32, frame[2].u32);
}

Trap forget_storage(void* context, Caller, Slot*)
{
    lower_of(context).instance->store.current()->storage = {};
    return Trap::none;
}

/// By FusedImport; null: not a helper.
constexpr std::array<wasm::HostFunction, fused_functions> helpers = {
    nullptr, refuse, uncaught, pass_in, pass_out, nullptr, nullptr, is_text, bad_allocation, forget_storage,
};

/// Steps for the parameters; none where there are too many, or some take more than steps.
std::optional<FlatSteps> parameter_steps(const ComponentFunction& callee)
{
    FlatSteps steps;
    const bool all = callee.type->flat_params.fits(limits::flat_params) &&
                     std::ranges::all_of(callee.type->params, [&](const Parameter& one) {
                         return add_steps(callee.types->arena(), one.type, steps);
                     });
    return all ? std::optional(std::move(steps)) : std::nullopt;
}

std::optional<FlatSteps> result_steps(const ComponentFunction& callee)
{
    FlatSteps steps;
    const bool all = callee.type->result == no_type || (callee.type->flat_result.fits(limits::flat_results) &&
                                                        add_steps(callee.types->arena(), callee.type->result, steps));
    return all ? std::optional(std::move(steps)) : std::nullopt;
}

bool is_ordinary(const Memory* memory)
{
    return memory && memory->type().page_size_log2 == 16 && !memory->is_64() && !memory->type().shared;
}

/// Steps copy between ordinary memories, and UTF-8 only.
bool can_copy(const LowerContext& lower)
{
    const CanonicalSide& from = lower.side;
    const CanonicalSide& to = lower.callee->side;
    return is_ordinary(from.memory) && is_ordinary(to.memory) && to.realloc && from.encoding == StringEncoding::utf8 &&
           to.encoding == StringEncoding::utf8;
}

FusedShape shape_of(const LowerContext& lower, const wasm::FuncType& lowered)
{
    const ComponentFunction& callee = *lower.callee;
    FusedShape shape{.lowered = &lowered,
                     .core = &callee.core->type->function(),
                     .has_post_return = callee.post_return != nullptr,
                     .entered = static_cast<std::uint32_t>(lower.entered.size()),
                     .params = parameter_steps(callee),
                     .results = result_steps(callee)};
    if (shape.has_ranges() && !can_copy(lower))
        shape.params.reset();
    return shape;
}

Global* global_of(LowerContext& lower, FusedImport what, std::uint32_t which)
{
    ComponentStore& store = lower.instance->store;
    switch (what) {
    case FusedImport::current:
        return &store.current_global();
    case FusedImport::self:
        return store.core.make_global({i64, false}, Value::of_i64(lower.call.word()));
    case FusedImport::may_leave:
        return &lower.instance->may_leave.global();
    case FusedImport::callee_may_leave:
        return &lower.callee->side.instance->may_leave.global();
    default:
        return &lower.entered[which]->may_enter.global();
    }
}

Extern extern_of(LowerContext& lower, const FusedShape& shape, FusedImport what, std::uint32_t which)
{
    const ComponentFunction& callee = *lower.callee;
    switch (what) {
    case FusedImport::callee:
        return callee.core;
    case FusedImport::post_return:
        return callee.post_return;
    case FusedImport::realloc:
        return callee.side.realloc;
    case FusedImport::caller_memory:
        return lower.side.memory;
    case FusedImport::callee_memory:
        return callee.side.memory;
    default:
        break;
    }
    const auto index = static_cast<std::uint32_t>(what);
    if (index < fused_functions)
        return lower.instance->store.core.make_host_function(type_of(shape, what), helpers[index], &lower);
    return global_of(lower, what, which);
}

std::vector<Extern> externs_of(LowerContext& lower, const FusedShape& shape)
{
    std::vector<Extern> all;
    for (auto what = FusedImport::callee; what <= FusedImport::may_enter;
         what = static_cast<FusedImport>(static_cast<std::uint32_t>(what) + 1)) {
        const std::uint32_t count = what == FusedImport::may_enter ? shape.entered : imports(shape, what);
        for (std::uint32_t i = 0; i < count; ++i)
            all.push_back(extern_of(lower, shape, what, i));
    }
    return all;
}

} // namespace

Function* make_fused(LowerContext& lower, const wasm::FuncType& lowered)
{
    ComponentStore& store = lower.instance->store;
    const bool fits = lower.is_plain && !lower.is_async && !lower.callee->type->param_facts.has_borrow &&
                      !lower.instance->is_related_to(*lower.callee->side.instance);
    if (!store.adapter_modules || !fits || store.core.limits().fuel)
        return nullptr;
    const FusedShape shape = shape_of(lower, lowered);
    const auto module = store.adapter_modules(SharedBytes::copy_of(make_fused_adapter(shape)));
    if (!module)
        return nullptr;
    auto instance = wasm::instantiate(store.core, module, externs_of(lower, shape));
    return instance ? std::get<Function*>(*wasm::find_export(**instance, fused_export)) : nullptr;
}

} // namespace trellis::wasm::component
