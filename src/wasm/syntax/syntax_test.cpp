#include "wasm/syntax/instruction.hpp"
#include "wasm/syntax/module.hpp"
#include "wasm/syntax/type_registry.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace trellis::wasm {
namespace {

SubType structure(std::vector<FieldType> fields, std::optional<TypeIndex> super = {})
{
    return {.is_final = false, .supertype = super, .composite = StructType{std::move(fields)}};
}

FieldType reference_to(std::uint32_t index)
{
    return {ValType::ref_null(HeapType(TypeIndex(index))), true};
}

Module module_of(std::vector<std::vector<SubType>> groups)
{
    Module module;
    for (std::vector<SubType>& group : groups) {
        module.recursion_groups.push_back(
            {TypeIndex(static_cast<std::uint32_t>(module.types.size())), static_cast<std::uint32_t>(group.size())});
        for (SubType& type : group)
            module.types.push_back(std::move(type));
    }
    return module;
}

TEST(wasm_type_registry, equal_groups_of_different_modules_are_one_object)
{
    TypeRegistry registry;
    const Module a = module_of({{structure({{i32}})}, {structure({reference_to(2)}), structure({reference_to(1)})}});
    const Module b = module_of({{structure({reference_to(1)}), structure({reference_to(0)})}});
    const auto in_a = registry.intern(a);
    const auto in_b = registry.intern(b);
    EXPECT_EQ(in_a[1], in_b[0]);
    EXPECT_EQ(in_a[2], in_b[1]);
    EXPECT_NE(in_a[1], in_a[2]); // same structure, other position in the group
}

TEST(wasm_type_registry, references_and_supertypes_lead_to_canonical_types)
{
    TypeRegistry registry;
    const Module module = module_of({{structure({})}, {structure({reference_to(0)}, TypeIndex(0))}});
    const auto types = registry.intern(module);
    EXPECT_EQ(types[1]->references.front(), types[0].get());
    EXPECT_EQ(types[1]->depth(), 1u);
    EXPECT_TRUE(is_subtype(types[1].get(), types[0].get()));
    EXPECT_FALSE(is_subtype(types[0].get(), types[1].get()));
}

TEST(wasm_type_registry, a_type_keeps_what_it_refers_to_alive)
{
    TypeRegistry registry;
    std::shared_ptr<const CanonicalType> kept;
    {
        const Module module = module_of({{structure({{f64}})}, {structure({reference_to(0)})}});
        kept = registry.intern(module)[1];
    }
    ASSERT_EQ(kept->references.size(), 1u);
    EXPECT_EQ(std::get<StructType>(kept->references[0]->type.composite).fields[0].storage, f64);
}

TEST(wasm_type_registry, a_long_chain_of_groups_is_freed_without_recursion)
{
    TypeRegistry registry;
    std::vector<std::vector<SubType>> groups = {{structure({})}};
    groups.reserve(100'001);
    for (std::uint32_t i = 0; i < 100'000; ++i)
        groups.push_back({structure({reference_to(i)})});
    auto types = registry.intern(module_of(std::move(groups)));
    std::shared_ptr<const CanonicalType> last = types.back();
    types.clear();
    last.reset();
    EXPECT_EQ(registry.intern(module_of({{structure({})}})).size(), 1u);
}

TEST(wasm_type_registry, an_empty_group_is_no_type)
{
    TypeRegistry registry;
    EXPECT_EQ(registry.intern(module_of({{}, {structure({})}})).size(), 1u);
}

TEST(wasm_type_registry, threads_agree_on_identity)
{
    TypeRegistry registry;
    const auto kept = registry.intern(FuncType{{i32}, {i64}});
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 200; ++i) {
                EXPECT_EQ(registry.intern(FuncType{{i32}, {i64}}), kept);
                EXPECT_NE(registry.intern(FuncType{{i32, i32}, {}}), kept);
            }
        });
    }
}

TEST(wasm_type_registry, matching_follows_the_hierarchies)
{
    TypeRegistry registry;
    const Module module = module_of({{structure({})}, {SubType{true, {}, FuncType{}}}});
    const auto types = registry.intern(module);
    const auto ref = [](HeapType heap) { return ValType::ref(heap); };
    const auto holds = [&](ValType sub, ValType super) { return matches(sub, types, super, types); };
    const HeapType structure_type(TypeIndex(0)), function_type(TypeIndex(1));
    EXPECT_TRUE(holds(ref(structure_type), ref(HeapType::struct_)));
    EXPECT_TRUE(holds(ref(structure_type), anyref));
    EXPECT_FALSE(holds(ref(structure_type), ref(HeapType::array)));
    EXPECT_TRUE(holds(ref(HeapType::none), ref(structure_type)));
    EXPECT_FALSE(holds(ref(HeapType::nofunc), ref(structure_type)));
    EXPECT_TRUE(holds(ref(HeapType::nofunc), ref(function_type)));
    EXPECT_TRUE(holds(ref(function_type), funcref));
    EXPECT_FALSE(holds(funcref, ref(HeapType::func)));
    EXPECT_TRUE(holds(ref(HeapType::i31), ref(HeapType::eq)));
    EXPECT_FALSE(holds(ref(HeapType::any), ref(HeapType::eq)));
    EXPECT_FALSE(holds(externref, anyref));
    EXPECT_TRUE(holds(ref(HeapType::noexn), exnref));
    EXPECT_TRUE(holds(ValType(), i32));
    EXPECT_FALSE(holds(i32, i64));
}

TEST(wasm_instructions, access_sizes_follow_from_the_names)
{
    EXPECT_EQ(access_size_log2(Op::i32_load), 2);
    EXPECT_EQ(access_size_log2(Op::f64_store), 3);
    EXPECT_EQ(access_size_log2(Op::i64_load32_u), 2);
    EXPECT_EQ(access_size_log2(Op::v128_load), 4);
    EXPECT_EQ(access_size_log2(Op::v128_load16x4_s), 3);
    EXPECT_EQ(access_size_log2(Op::v128_load8_splat), 0);
    EXPECT_EQ(access_size_log2(Op::v128_load32_zero), 2);
    EXPECT_EQ(access_size_log2(Op::v128_store16_lane), 1);
    EXPECT_EQ(access_size_log2(Op::i64_atomic_rmw32_cmpxchg_u), 2);
    EXPECT_EQ(access_size_log2(Op::i32_atomic_rmw_add), 2);
    EXPECT_EQ(access_size_log2(Op::memory_atomic_notify), 2);
    EXPECT_EQ(access_size_log2(Op::memory_atomic_wait64), 3);
}

TEST(wasm_instructions, opcodes_are_distinct)
{
    std::set<std::pair<int, int>> seen;
    for (const InstructionInfo& row : instruction_table)
        EXPECT_TRUE(seen.emplace(row.prefix, row.code).second) << row.text;
}

TEST(wasm_types, are_written_as_in_the_text_format)
{
    EXPECT_EQ(to_string(i32), "i32");
    EXPECT_EQ(to_string(funcref), "funcref");
    EXPECT_EQ(to_string(ValType::ref(HeapType::func)), "(ref func)");
    EXPECT_EQ(to_string(ValType::ref_null(HeapType(TypeIndex(3)))), "(ref null 3)");
}

} // namespace
} // namespace trellis::wasm
