// The runtime functions themselves. They run outside of compiled code, on the stack of whoever entered it. `f` is the
// frame: arguments, and results over them; runtime_functions.def says which.
#include "wasm/execution/memory.hpp"
#include "wasm/execution/operations.hpp"
#include "wasm/execution/signal_handler.hpp"
#include "wasm/native/instance.hpp"
#include "wasm/native/runtime.hpp"
#include "wasm/native/unwind.hpp"

namespace trellis::wasm::native {

/// The outermost compiled frame is given up for it if it called it as its last act, so that tail calls between tiers
/// take no stack: only such a call comes straight from a wrapper.
Trap call_elsewhere(void* callee, Caller caller, Slot* frame)
{
    auto& function = *static_cast<Function*>(callee);
    auto& state = *state_of(caller.store).value();
    if (!is_outermost(caller.store, state.guest_stack))
        return wasm::call(caller.store, function, frame);
    state.tail_call = &function;
    state.tail_arguments.assign(frame, frame + parameter_slots(function.type->function()));
    return Trap::exit; // no trap: trellis_leave_native sees the tail call first
}

namespace {

template <class Index>
Index as(Slot slot)
{
    return static_cast<Index>(slot.u32);
}

constexpr auto memory = as<MemoryIndex>;
constexpr auto table = as<TableIndex>;
constexpr auto type = as<TypeIndex>;

Trap give(Slot* f, std::uint64_t result)
{
    f->u64 = result;
    return Trap::none;
}

/// For results narrower than a slot.
template <class Result, class Operation>
Trap give_from(Slot* f, Operation operation)
{
    Result result{};
    const Trap trap = operation(result);
    f->u64 = static_cast<std::make_unsigned_t<Result>>(result);
    return trap;
}

HeapType heap_type(Slot slot)
{
    return slot.i32 >= 0 ? HeapType(static_cast<TypeIndex>(slot.u32)) : HeapType::from_encoding(slot.i32);
}

bool test(Instance& i, Ref ref, HeapType target, bool nullable)
{
    return ref == null_ref ? nullable : ref_test(i, ref, target);
}

/// What runtime_x86_64.cpp has an entry of its own for.
Trap call_function(Instance&, Slot* f)
{
    const auto& call = *reinterpret_cast<const ForeignCall*>(f[0].u64);
    *call.last_trap = Trap::none;
    return call.host(call.host_context, {*call.store, call.instance}, f + 1);
}

/// A function of the same instance that is not compiled yet.
Trap call_defined(Instance& instance, Slot* f)
{
    return call_elsewhere(function_of(instance, as<FuncIndex>(f[0])), {*instance.store, &instance}, f + 1);
}

Trap bind_function(Instance& instance, Slot* f)
{
    const auto binding = native_of(instance).bind(*reinterpret_cast<Function*>(f[0].ref), type(f[1]));
    f[0].u64 = reinterpret_cast<std::uint64_t>(binding.entry);
    f[1].u64 = reinterpret_cast<std::uint64_t>(binding.context);
    return Trap::none;
}

Trap check_call_type(Instance& instance, Slot* f)
{
    return ref_test(instance, f[0].ref, HeapType(type(f[1]))) ? Trap::none : Trap::indirect_call_type_mismatch;
}

Trap raise(Instance& instance, Slot* f)
{
    const auto packed = reinterpret_cast<std::uint64_t>(f); // in place of a frame
    state_of(*instance.store).value()->raised_at = static_cast<std::uint32_t>(packed);
    return static_cast<Trap>(packed >> 32);
}

Trap throw_exception(Instance& instance, Ref exception)
{
    if (exception == null_ref)
        return Trap::null_exception_reference;
    return instance.store->raise(exception);
}

Trap throw_new(Instance& instance, Slot* f)
{
    Ref exception = null_ref;
    const auto trap = exception_new(instance, as<TagIndex>(f[0]), f + 1, exception);
    return failed(trap) ? trap : throw_exception(instance, exception);
}

bool is_of_tag(Instance& instance, Ref exception, std::uint32_t tag)
{
    return exception_tag(*instance.store, exception) == instance.tags[tag];
}

using RuntimeOperation = Trap (*)(Instance& i, Slot* f);

// By name, so that a row without an operation does not compile.
constexpr struct {
    RuntimeOperation raise = native::raise;
    RuntimeOperation poll = [](Instance& i, Slot*) { return i.store->poll(); };
    RuntimeOperation call_function = native::call_function;
    RuntimeOperation call_defined = native::call_defined;
    RuntimeOperation bind_function = native::bind_function;
    RuntimeOperation check_call_type = native::check_call_type;
    RuntimeOperation ref_func = [](Instance& i, Slot* f) { return give(f, wasm::ref_func(i, as<FuncIndex>(f[0]))); };
    RuntimeOperation memory_grow = [](Instance& i, Slot* f) {
        return give(f, static_cast<std::uint64_t>(wasm::memory_grow(i, memory(f[0]), f[1].u64)));
    };
    RuntimeOperation memory_fill = [](Instance& i, Slot* f) {
        return wasm::memory_fill(i, memory(f[0]), f[1].u64, static_cast<std::uint8_t>(f[2].u32), f[3].u64);
    };
    RuntimeOperation memory_copy = [](Instance& i, Slot* f) {
        return wasm::memory_copy(i, memory(f[0]), memory(f[1]), f[2].u64, f[3].u64, f[4].u64);
    };
    RuntimeOperation memory_init = [](Instance& i, Slot* f) {
        return wasm::memory_init(i, as<DataIndex>(f[0]), memory(f[1]), f[2].u64, f[3].u64, f[4].u64);
    };
    RuntimeOperation data_drop = [](Instance& i, Slot* f) {
        wasm::data_drop(i, as<DataIndex>(f[0]));
        return Trap::none;
    };
    RuntimeOperation table_get = [](Instance& i, Slot* f) {
        return wasm::table_get(i, table(f[0]), f[1].u64, f[0].ref);
    };
    RuntimeOperation table_set = [](Instance& i, Slot* f) {
        return wasm::table_set(i, table(f[0]), f[1].u64, f[2].ref);
    };
    RuntimeOperation table_grow = [](Instance& i, Slot* f) {
        return give(f, static_cast<std::uint64_t>(wasm::table_grow(i, table(f[0]), f[1].ref, f[2].u64)));
    };
    RuntimeOperation table_fill = [](Instance& i, Slot* f) {
        return wasm::table_fill(i, table(f[0]), f[1].u64, f[2].ref, f[3].u64);
    };
    RuntimeOperation table_copy = [](Instance& i, Slot* f) {
        return wasm::table_copy(i, table(f[0]), table(f[1]), f[2].u64, f[3].u64, f[4].u64);
    };
    RuntimeOperation table_init = [](Instance& i, Slot* f) {
        return wasm::table_init(i, as<ElementIndex>(f[0]), table(f[1]), f[2].u64, f[3].u64, f[4].u64);
    };
    RuntimeOperation elem_drop = [](Instance& i, Slot* f) {
        wasm::elem_drop(i, as<ElementIndex>(f[0]));
        return Trap::none;
    };
    RuntimeOperation atomic_notify = [](Instance& i, Slot* f) {
        return give_from<std::uint32_t>(
            f, [&](auto& r) { return wasm::atomic_notify(i, memory(f[0]), f[1].u64, f[2].u32, r); });
    };
    RuntimeOperation atomic_wait32 = [](Instance& i, Slot* f) {
        return give_from<std::uint32_t>(
            f, [&](auto& r) { return wasm::atomic_wait32(i, memory(f[0]), f[1].u64, f[2].u32, f[3].i64, r); });
    };
    RuntimeOperation atomic_wait64 = [](Instance& i, Slot* f) {
        return give_from<std::uint32_t>(
            f, [&](auto& r) { return wasm::atomic_wait64(i, memory(f[0]), f[1].u64, f[2].u64, f[3].i64, r); });
    };
    RuntimeOperation ref_test = [](Instance& i, Slot* f) {
        return give(f, test(i, f[0].ref, heap_type(f[1]), f[2].u32 != 0));
    };
    RuntimeOperation struct_new = [](Instance& i, Slot* f) {
        return give_from<Ref>(f, [&](auto& r) { return wasm::struct_new(i, type(f[0]), f + 1, r); });
    };
    RuntimeOperation struct_new_default = [](Instance& i, Slot* f) {
        return give_from<Ref>(f, [&](auto& r) { return wasm::struct_new_default(i, type(f[0]), r); });
    };
    RuntimeOperation struct_get = [](Instance& i, Slot* f) {
        return wasm::struct_get(i, type(f[0]), f[1].u32, static_cast<Extension>(f[2].u32), f[3].ref, f);
    };
    RuntimeOperation struct_set = [](Instance& i, Slot* f) {
        return wasm::struct_set(i, type(f[0]), f[1].u32, f[2].ref, f + 3);
    };
    RuntimeOperation array_new = [](Instance& i, Slot* f) {
        return give_from<Ref>(f, [&](auto& r) { return wasm::array_new(i, type(f[0]), f + 2, f[1].u32, r); });
    };
    RuntimeOperation array_new_default = [](Instance& i, Slot* f) {
        return give_from<Ref>(f, [&](auto& r) { return wasm::array_new_default(i, type(f[0]), f[1].u32, r); });
    };
    RuntimeOperation array_new_fixed = [](Instance& i, Slot* f) {
        return give_from<Ref>(f, [&](auto& r) { return wasm::array_new_fixed(i, type(f[0]), f + 2, f[1].u32, r); });
    };
    RuntimeOperation array_new_data = [](Instance& i, Slot* f) {
        return give_from<Ref>(f, [&](auto& r) {
            return wasm::array_new_data(i, type(f[0]), as<DataIndex>(f[1]), f[2].u32, f[3].u32, r);
        });
    };
    RuntimeOperation array_new_elem = [](Instance& i, Slot* f) {
        return give_from<Ref>(f, [&](auto& r) {
            return wasm::array_new_elem(i, type(f[0]), as<ElementIndex>(f[1]), f[2].u32, f[3].u32, r);
        });
    };
    RuntimeOperation array_get = [](Instance& i, Slot* f) {
        return wasm::array_get(i, type(f[0]), static_cast<Extension>(f[1].u32), f[2].ref, f[3].u32, f);
    };
    RuntimeOperation array_set = [](Instance& i, Slot* f) {
        return wasm::array_set(i, type(f[0]), f[1].ref, f[2].u32, f + 3);
    };
    RuntimeOperation array_len = [](Instance& i, Slot* f) {
        return give_from<std::uint32_t>(f, [&](auto& r) { return wasm::array_len(i, f[0].ref, r); });
    };
    RuntimeOperation array_fill = [](Instance& i, Slot* f) {
        return wasm::array_fill(i, type(f[0]), f[1].ref, f[2].u32, f + 4, f[3].u32);
    };
    RuntimeOperation array_copy = [](Instance& i, Slot* f) {
        return wasm::array_copy(i, type(f[0]), type(f[1]), f[2].ref, f[3].u32, f[4].ref, f[5].u32, f[6].u32);
    };
    RuntimeOperation array_init_data = [](Instance& i, Slot* f) {
        return wasm::array_init_data(i, type(f[0]), as<DataIndex>(f[1]), f[2].ref, f[3].u32, f[4].u32, f[5].u32);
    };
    RuntimeOperation array_init_elem = [](Instance& i, Slot* f) {
        return wasm::array_init_elem(i, type(f[0]), as<ElementIndex>(f[1]), f[2].ref, f[3].u32, f[4].u32, f[5].u32);
    };
    RuntimeOperation throw_ = throw_new;
    RuntimeOperation throw_ref = [](Instance& i, Slot* f) { return throw_exception(i, f[0].ref); };
    RuntimeOperation pass_on = [](Instance& i, Slot* f) {
        state_of(*i.store).value()->passes_on = true;
        i.store->pending_exception = f[0].ref;
        return Trap::uncaught_exception;
    };
    RuntimeOperation exception_matches = [](Instance& i, Slot* f) { return give(f, is_of_tag(i, f[0].ref, f[1].u32)); };
    RuntimeOperation exception_fields = [](Instance& i, Slot* f) {
        wasm::exception_fields(*i.store, f[0].ref, f);
        return Trap::none;
    };
} operations;

template <RuntimeOperation operation>
Trap run(Context* context, Slot* frame)
{
    return operation(*context->instance, frame);
}

} // namespace

extern "C" {
using RuntimeEntry = Trap (*)(Context*, Slot*);
extern const RuntimeEntry trellis_runtime_functions[];
const RuntimeEntry trellis_runtime_functions[] = {
#define TRELLIS_RUNTIME(name) run<operations.name>,
#include "wasm/native/runtime_functions.def"
#undef TRELLIS_RUNTIME
};
}

} // namespace trellis::wasm::native
