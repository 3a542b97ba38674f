#include "wasm/native/native_tier.hpp"

#include "wasm/execution/memory.hpp"
#include "wasm/execution/signal_handler.hpp"
#include "wasm/native/instance.hpp"
#include "wasm/native/runtime.hpp"
#include "wasm/native/unwind.hpp"

namespace trellis::wasm {
namespace native {

void attach(const Module& module, std::shared_ptr<const CodeImage> image)
{
    module.tier_code->native = std::move(image);
}

bool has_code(const Module& module)
{
    return module.tier_code->native != nullptr;
}

Result<StoreState*> state_of(Store& store)
{
    if (!store.tier_state) {
        auto state = std::make_shared<StoreState>();
        const auto bytes = round_up_to_page(store.limits().stack_bytes);
        state->pages = TRELLIS_TRY(Pages::reserve(bytes + StoreState::guard_bytes));
        if (!state->pages.make_usable(StoreState::guard_bytes, bytes))
            return fail(ErrorCode::limit, "no memory for a guest's stack");
        store.compiled_low = &state->stack.guest_stack;
        store.compiled_high = state->top();
        store.tier_state = std::move(state);
    }
    return static_cast<StoreState*>(store.tier_state.get());
}

namespace {

/// One call from C++ into compiled code; lives on the stack outside.
struct Activation : GuestActivation {
    Activation(Store& owner, StoreState& owners) : GuestActivation(owner), state(&owners), outer(owners.stack)
    {
        outside = &state->stack.guest_stack;
        guard = state->pages.base();
        guard_bytes = StoreState::guard_bytes;
    }
    StoreState* state;
    StackState outer; ///< of the activation around this one
};

Result<> prepare(Instance& instance)
{
    auto image = std::static_pointer_cast<const CodeImage>(instance.module->tier_code->native);
    if (!image)
        return fail(ErrorCode::usage, "the module was not compiled");
    if (image->needs_guarded_memory0() && !instance.memory_list[0]->is_guarded())
        return fail(ErrorCode::limit, "compiled code needs 8 GiB of address space for the memory; there is less");
    instance.native = TRELLIS_TRY(NativeInstance::make(instance, std::move(image)));
    return {};
}

struct Position {
    const std::byte* instruction;
    const void* const* frame;
};

class Backtrace {
public:
    explicit Backtrace(const Store& store) : store_(&store) {}

    std::vector<BacktraceFrame> of(const Activation& innermost, std::uint32_t raised_at)
    {
        add_all_from(innermost.instruction ? position_of_fault(innermost)
                                           : position_left(innermost.state->stack.guest_stack));
        if (!innermost.instruction && !frames_.empty() && raised_at != 0)
            frames_.front().offset = raised_at;
        const void* left = innermost.outer.guest_stack;
        for (const auto* one = innermost.previous; one && one->store == store_; one = one->previous) {
            add_all_from(position_left(left));
            left = static_cast<const Activation*>(one)->outer.guest_stack;
        }
        return std::move(frames_);
    }

private:
    static constexpr std::size_t most_frames = 100;

    static Position position_of_fault(const Activation& activation)
    {
        return {static_cast<const std::byte*>(activation.instruction),
                static_cast<const void* const*>(activation.frame_pointer)};
    }
    static Position position_left(const void* guest_stack)
    {
        if (!guest_stack)
            return {};
        const auto& left = *static_cast<const LeftFrame*>(guest_stack);
        return {static_cast<const std::byte*>(left.return_address) - 1, left.frame_pointer};
    }

    void add_all_from(Position position)
    {
        while (position.instruction && frames_.size() < most_frames) {
            add(position.instruction);
            if (!position.frame)
                return;
            position = {static_cast<const std::byte*>(position.frame[1]) - 1,
                        static_cast<const void* const*>(position.frame[0])};
        }
    }
    void add(const void* instruction)
    {
        const auto* const instance = instance_at(*store_, instruction);
        if (!instance)
            return;
        const auto place = native_of(*instance).image().find(instruction);
        if (place)
            frames_.push_back({instance, static_cast<FuncIndex>(instance->module->imported_functions + place->function),
                               place->offset});
    }

    const Store* store_;
    std::vector<BacktraceFrame> frames_;
};

/// Where the compiled frames of a new activation begin.
std::byte* stack_top(const StoreState& state)
{
    if (!state.stack.guest_stack)
        return state.top();
    return reinterpret_cast<std::byte*>(reinterpret_cast<std::uintptr_t>(state.stack.guest_stack) & ~15ull);
}

Trap call_function(Store& store, Function& function, Slot* frame)
{
    auto& callee = native_of(*function.instance);
    auto& state = *state_of(store).value();
    const auto type = function.instance->module->function_types[number(function.index)];
    void* const entry = callee.bind(function, type).entry;
    Activation activation(store, state);
    const auto top = stack_top(state);
    state.raised_at = 0;
    const auto trap = run_guarded(activation, [&] {
        trellis_enter_native(&state.stack, top, callee.image().wrapper(type), &callee.context(), entry, frame);
        return Trap::none;
    });
    if (failed(trap) && trap != Trap::exit && store.last_trap.trap != trap)
        store.last_trap = {trap, Backtrace(store).of(activation, state.raised_at)};
    state.stack = activation.outer;
    return trap;
}

} // namespace
} // namespace native

const Tier native_tier = {"native", native::prepare, native::call_function};

} // namespace trellis::wasm
