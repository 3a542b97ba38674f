#include "wasm/execution/typed_function.hpp"

#include "wasm/execution/test_guest.hpp"

namespace trellis::wasm {
namespace {

class wasm_typed_function : public GuestTest {
protected:
    Instance& instance = instance_of(R"((module
        (func (export "mix") (param i32 i64 f32 f64) (result f64) unreachable)
        (func (export "count") (result i32) unreachable)
        (func (export "nothing"))))");
    Function& function(std::string_view name) { return *exported<Function>(instance, name); }
};

TEST_F(wasm_typed_function, numbers_arrive_and_come_back)
{
    when_called = [](Store&, Function&, Slot* frame) {
        frame[0].f64 =
            frame[0].i32 + static_cast<double>(frame[1].u64) + static_cast<double>(frame[2].f32) + frame[3].f64;
        return Trap::none;
    };
    const auto mix = TypedFunction<double(std::int32_t, std::uint64_t, float, double)>::of(store, function("mix"));
    ASSERT_TRUE(mix);
    EXPECT_EQ((*mix)(-1, std::uint64_t(1) << 40, 0.5f, 0.25), -1 + 1099511627776.0 + 0.75);
    const auto nothing = TypedFunction<void()>::of(store, function("nothing"));
    ASSERT_TRUE(nothing);
    EXPECT_TRUE((*nothing)());
}

TEST_F(wasm_typed_function, result_needs_no_parameter)
{
    when_called = [](Store&, Function&, Slot* frame) {
        frame[0].u32 = 0xffff'ffff;
        return Trap::none;
    };
    EXPECT_EQ((*TypedFunction<std::uint32_t()>::of(store, function("count")))(), 0xffff'ffffu);
    EXPECT_EQ((*TypedFunction<std::int32_t()>::of(store, function("count")))(), -1);
}

TEST_F(wasm_typed_function, trap_is_the_error)
{
    when_called = [](Store&, Function&, Slot*) { return Trap::unreachable; };
    EXPECT_EQ((*TypedFunction<std::uint32_t()>::of(store, function("count")))().error(), Trap::unreachable);
    EXPECT_EQ(store.last_trap.trap, Trap::unreachable);
}

TEST_F(wasm_typed_function, other_types_are_refused)
{
    EXPECT_FALSE(TypedFunction<void()>::of(store, function("count")));
    EXPECT_FALSE(TypedFunction<float()>::of(store, function("count")));
    EXPECT_FALSE(TypedFunction<std::int32_t(std::int32_t)>::of(store, function("count")));
    EXPECT_FALSE((TypedFunction<double(std::int32_t, std::int64_t, double, float)>::of(store, function("mix"))));
    EXPECT_EQ(TypedFunction<std::int32_t()>::of(store, function("nothing")).error().code, ErrorCode::usage);
}

} // namespace
} // namespace trellis::wasm
