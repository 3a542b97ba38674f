#include "wasm/execution/linked_module.hpp"

#include "wasm/execution/slot_pool.hpp"
#include "wasm/execution/test_guest.hpp"

#include <array>

namespace trellis::wasm {
namespace {

Trap add_to_context(void* context, Caller, Slot* frame)
{
    *static_cast<std::uint32_t*>(context) += frame[0].u32;
    return Trap::none;
}

class wasm_linked_module : public GuestTest {
protected:
    /// Offers one function of type (i32) -> () in a module of that name.
    static HostInterface interface(std::string_view offered)
    {
        return [offered](std::string_view module, std::string_view name) -> std::optional<HostDefinition> {
            if (module != offered || name != "add")
                return std::nullopt;
            return HostDefinition{{{i32}, {}}, add_to_context};
        };
    }

    Result<LinkedModule> link(std::string_view text)
    {
        const std::array interfaces = {interface("a"), interface("b")};
        return LinkedModule::link(module_of(text), interfaces, *registry);
    }
};

TEST_F(wasm_linked_module, functions_get_the_context_of_their_interface_and_store)
{
    const auto linked = link(R"((module (import "b" "add" (func (param i32))) (import "a" "add" (func (param i32)))
        (func (export "f"))))");
    ASSERT_TRUE(linked) << linked.error().describe();
    SlotPool pool;
    for (const std::uint32_t round : {1u, 2u}) {
        std::uint32_t of_a = 0, of_b = 0;
        Store own(registry, idle_tier, {}, &pool);
        auto instance = linked->instantiate(own, std::array<void*, 2>{&of_a, &of_b});
        ASSERT_TRUE(instance);
        Slot frame{.u64 = round};
        EXPECT_EQ(call(own, *(*instance)->functions[0], &frame), Trap::none);
        frame.u64 = 10;
        EXPECT_EQ(call(own, *(*instance)->functions[1], &frame), Trap::none);
        EXPECT_EQ(of_b, round);
        EXPECT_EQ(of_a, 10u);
        EXPECT_EQ((*instance)->functions[0]->type, linked->module()->canonical_types[0].get());
        EXPECT_EQ(exported<Function>(**instance, "f")->index, FuncIndex{2});
    }
}

TEST_F(wasm_linked_module, what_is_missing_or_of_another_type_is_an_error_when_it_is_linked)
{
    for (const auto* import :
         {R"((import "c" "add" (func (param i32))))", R"((import "a" "sub" (func (param i32))))"}) {
        const auto linked = link("(module " + std::string(import) + ")");
        ASSERT_FALSE(linked);
        EXPECT_EQ(linked.error().code, ErrorCode::unlinkable);
        EXPECT_TRUE(linked.error().message.starts_with("unknown import: ")) << linked.error().message;
    }
    for (const auto* import : {R"((import "a" "add" (func (param i64))))", R"((import "a" "add" (memory 1)))",
                               R"((import "a" "add" (func (param i32) (result i32))))"}) {
        const auto linked = link("(module " + std::string(import) + ")");
        ASSERT_FALSE(linked);
        EXPECT_EQ(linked.error().code, ErrorCode::unlinkable);
        EXPECT_TRUE(linked.error().message.starts_with("incompatible import type: ")) << linked.error().message;
    }
}

TEST_F(wasm_linked_module, instantiation_has_its_own_errors)
{
    const auto linked = link(R"((module (memory 1) (data (i32.const 65536) "x")))");
    ASSERT_TRUE(linked);
    std::array<void*, 2> contexts{};
    EXPECT_EQ(linked->instantiate(store, contexts).error().message, "out of bounds memory access");
    Store small(registry, idle_tier, {.memory_bytes = 1});
    EXPECT_EQ(linked->instantiate(small, contexts).error().code, ErrorCode::limit);
    Store none(registry, idle_tier, {.instances = 0});
    EXPECT_EQ(linked->instantiate(none, contexts).error().code, ErrorCode::limit);
}

} // namespace
} // namespace trellis::wasm
