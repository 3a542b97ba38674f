#include "wasm/native/native_tier.hpp"

#include "wasm/execution/guest_stack.hpp"
#include "wasm/execution/memory.hpp"
#include "wasm/execution/strand.hpp"
#include "wasm/native/instance.hpp"
#include "wasm/native/runtime.hpp"
#include "wasm/native/unwind.hpp"
#include "wasm/syntax/instruction.hpp"

#include <utility>

namespace trellis::wasm {
namespace native {

NativeModule& native_module(const Module& module)
{
    const std::scoped_lock lock(module.tier_code->mutex);
    auto& made = module.tier_code->native;
    if (!made)
        made = std::make_shared<NativeModule>(module);
    return *static_cast<NativeModule*>(made.get());
}

void attach(const Module& module, std::shared_ptr<const CodeImage> image)
{
    native_module(module).add(std::move(image));
}

bool has_code(const Module& module)
{
    return native_module(module).has_code();
}

Result<StoreState*> state_of(Store& store)
{
    if (!store.tier_state) {
        auto& stack = *TRELLIS_TRY(store.guest_stack());
        auto state = std::make_shared<StoreState>();
        TRELLIS_TRY(place_compiled_frames(*state, stack));
        store.compiled_stack = state.get();
        store.tier_state = std::move(state);
    }
    return static_cast<StoreState*>(store.tier_state.get());
}

namespace {

struct Position {
    const std::byte* instruction = nullptr;
    const void* const* frame = nullptr;
};

Position position_left(const void* guest_stack)
{
    if (!guest_stack)
        return {};
    const auto& left = *static_cast<const LeftFrame*>(guest_stack);
    return {static_cast<const std::byte*>(left.return_address) - 1, left.registers.frame_pointer};
}

void add_compiled_frames(const GuestActivation& activation, std::vector<BacktraceFrame>& frames);

} // namespace

/// One call from C++ into compiled code; lives on the stack outside. What is not needed stays unwritten.
struct Activation : GuestActivation {
    explicit Activation(StoreState& of, Store& owner)
        : GuestActivation(owner, add_compiled_frames), around(static_cast<Activation*>(of.innermost))
    {
        stack = &of;
        if (around) {
            around->left_host_stack = of.host_stack;
            around->left_guest_stack = of.guest_stack;
        }
        of.innermost = this;
    }
    ~Activation()
    {
        state().innermost = around;
        state().guest_stack = nullptr;
        if (around) {
            state().host_stack = around->left_host_stack;
            state().guest_stack = around->left_guest_stack;
        }
    }
    Activation(const Activation&) = delete;
    Activation& operator=(const Activation&) = delete;

    [[nodiscard]] StoreState& state() const
    {
        return const_cast<StoreState&>(static_cast<const StoreState&>(*stack)); // this tier's own
    }
    /// Where its compiled frames begin.
    [[nodiscard]] std::byte* top() const
    {
        if (!around)
            return state().top;
        return reinterpret_cast<std::byte*>(reinterpret_cast<std::uintptr_t>(around->left_guest_stack) & ~15ull);
    }
    /// Where its frames end now: at a fault, or where they called out.
    [[nodiscard]] Position position() const
    {
        if (pc)
            return {static_cast<const std::byte*>(pc), static_cast<const void* const*>(frame)};
        return position_left(state().innermost == this ? state().guest_stack : left_guest_stack);
    }
    /// Where it ended in a trap.
    void report(Trap trap)
    {
        report_trap(*this, trap);
        state().raised_at = 0;
        state().is_uncaught = false;
    }

    Activation* around;
    // While there is one inside. In the other order than in StackState, or LLVM copies both at once, and waits for
    // them.
    const void* left_guest_stack;
    void* left_host_stack;
};

namespace {

/// Whether the frame of the function that does this is gone when the callee runs.
bool is_tail_call(const Module& module, std::uint32_t offset)
{
    const auto bytes = module.binary.view();
    const auto opcode = offset < bytes.size() ? bytes[offset] : std::uint8_t(0);
    for (const auto op : {Op::return_call, Op::return_call_indirect, Op::return_call_ref})
        if (opcode == info(op).code)
            return true;
    return false;
}

void add_frame(const Store& store, const void* instruction, std::vector<BacktraceFrame>& frames)
{
    const auto [instance, image] = code_at(store, instruction);
    if (!image)
        return;
    const auto& module = *instance->module;
    for (const auto& [function, offset] : image->find(instruction))
        if (frames.size() < most_backtrace_frames && offset != CompiledModule::absent &&
            (frames.empty() || !is_tail_call(module, offset)))
            frames.push_back({instance, static_cast<FuncIndex>(module.imported_functions + function), offset});
}

void add_compiled_frames(const GuestActivation& one, std::vector<BacktraceFrame>& frames)
{
    const auto& activation = static_cast<const Activation&>(one);
    if (frames.empty() && activation.state().is_uncaught) {
        for (const auto* const call : activation.state().thrown_through)
            add_frame(*activation.store, call, frames);
        return;
    }
    auto position = activation.position();
    const bool raised = frames.empty() && !activation.pc && activation.state().raised_at != 0;
    while (position.instruction && frames.size() < most_backtrace_frames) {
        add_frame(*activation.store, position.instruction, frames);
        if (!position.frame)
            break;
        position = {static_cast<const std::byte*>(position.frame[1]) - 1,
                    static_cast<const void* const*>(position.frame[0])};
    }
    if (raised && !frames.empty())
        frames.front().offset = activation.state().raised_at;
}

Result<> prepare_mode(Store& store, CodeMode mode)
{
    if (store.limits().fuel && !mode.counts_fuel)
        return fail(ErrorCode::usage, "the module was compiled without fuel, which is to be limited; compile it with "
                                      "fuel (trellis compile --fuel)");
    if (store.limits().deterministic && !mode.deterministic)
        return fail(ErrorCode::usage, "the module was not compiled for the deterministic profile; compile it with "
                                      "trellis compile --deterministic");
    if (!store.limits().fuel && mode.counts_fuel)
        store.fuel = ~std::uint64_t(0); // counted, but not limited
    return {};
}

Result<> prepare_compiled(Instance& instance)
{
    if (!has_code(*instance.module))
        return fail(ErrorCode::usage, "the module was not compiled");
    return prepare(instance);
}

Trap call_compiled(Store&, Function& function, Slot* frame)
{
    return call(function, frame);
}

} // namespace

Result<> prepare(Instance& instance)
{
    auto& module = native_module(*instance.module);
    if (module.mode().guarded_memory0 && !instance.memory_list[0]->is_guarded())
        return fail(ErrorCode::limit, "compiled code needs 8 GiB of address space for the memory; there is less");
    TRELLIS_TRY(prepare_mode(*instance.store, module.mode()));
    instance.native = TRELLIS_TRY(NativeInstance::make(
        instance, std::static_pointer_cast<const NativeModule>(instance.module->tier_code->native)));
    return {};
}

namespace {

Trap enter(Context& context, void* code, void* entry, Slot* frame)
{
    Activation activation(static_cast<StoreState&>(*context.stacks), *context.instance->store);
    const auto trap = enter_guarded(activation, [&](void** landing) {
        return trellis_enter_native(landing, activation.top(), code, &context, entry, frame);
    });
    if (failed(trap)) [[unlikely]]
        activation.report(trap);
    return trap;
}

} // namespace

Trap enter(Instance& instance, void* code, void* entry, Slot* frame)
{
    return enter(native_of(instance).context(), code, entry, frame);
}

TailCall take_tail_call(Store& store)
{
    auto* const state = static_cast<StoreState*>(store.tier_state.get());
    if (!state || !state->tail_call) [[likely]]
        return {};
    return {std::exchange(state->tail_call, nullptr), state->tail_arguments};
}

Trap call(Function& function, Slot* frame)
{
    if (!function.native_entry) [[unlikely]]
        native_of(*function.instance).bind(function, type_in_module(function));
    return enter(*static_cast<Context*>(function.native_context), function.native_wrapper, function.native_entry,
                 frame);
}

} // namespace native

const Tier native_tier = {"native", native::prepare_compiled, native::call_compiled};

} // namespace trellis::wasm
