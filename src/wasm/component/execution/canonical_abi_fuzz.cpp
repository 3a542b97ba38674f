// Calls between two guests with any types, values and encodings, by memory and realloc that may be hostile. What is
// right arrives as it was given, both ways; what is wrong traps, and nothing is read or written that is not the
// guests'. An input is 32 calls of one type. Each is made twice, the short way (plain_calls.cpp) and the general way
// (a callee that might make threads), which may not differ in anything; what is passed on is judged by lift_value, too.
// Asynchronous functions are called asynchronously, which passes more in memory, and run on fibers.
#include "base/check.hpp"
#include "wasm/component/execution/fuzz_call.hpp"

using namespace trellis;
using namespace trellis::wasm::component;

namespace {

/// Streams and futures of two stores are not the same.
void forget_copies(Value& value)
{
    value.copy = nullptr;
    for (Value& one : value.parts)
        forget_copies(one);
}

bool is_same(std::span<const std::byte> one, std::span<const std::byte> other)
{
    return std::memcmp(one.data(), other.data(), one.size()) == 0; // not byte by byte, each of which is traced
}

void compare(const CallPlan& plan, Record& one, Record& other)
{
    TRELLIS_CHECK(one.trap == other.trap && one.message == other.message && one.was_called == other.was_called);
    TRELLIS_CHECK(one.post_returns == other.post_returns);
    TRELLIS_CHECK(one.caller_log == other.caller_log && one.callee_log == other.callee_log);
    TRELLIS_CHECK(is_same(one.caller_memory, other.caller_memory) && is_same(one.callee_memory, other.callee_memory));
    if (failed(one.trap))
        return;
    for (Record* record : {&one, &other}) {
        std::ranges::for_each(record->arguments, forget_copies);
        forget_copies(record->outcome);
    }
    for (std::size_t i = 0; i < plan.parameters.size(); ++i)
        TRELLIS_CHECK(equal(*plan.arena, plan.parameters[i].taken, one.arguments[i], other.arguments[i]));
    if (plan.result.declared != no_type)
        TRELLIS_CHECK(equal(*plan.arena, plan.result.declared, one.outcome, other.outcome) ||
                      !plan.caller.mutations.empty());
}

void call(FuzzWorld& world, const CallPlan& plan)
{
    if (plan.type().is_async) {
        (void)FuzzCall(world, plan, Way::async_lowered).run();
        return;
    }
    Record plain = FuzzCall(world, plan, Way::plain).run();
    Record general = FuzzCall(world, plan, Way::general).run();
    compare(plan, plain, general);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    constexpr std::uint32_t calls = 32; // of functions of one type
    static std::unique_ptr<FuzzWorld> world;
    static std::uint32_t uses = 0;
    if (!world || ++uses % 256 == 0)
        world = std::make_unique<FuzzWorld>(); // a store keeps all functions that were made in it
    FuzzInput input({data, size});
    CallPlan plan(input);
    if (!plan.is_possible())
        return 0;
    for (std::uint32_t i = 0; i < calls; ++i) {
        plan.decide(input);
        call(*world, plan);
    }
    return 0;
}
