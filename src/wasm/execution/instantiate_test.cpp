#include "wasm/execution/linker.hpp"
#include "wasm/execution/memory.hpp"
#include "wasm/execution/operations.hpp"
#include "wasm/execution/test_guest.hpp"

namespace trellis::wasm {
namespace {

class wasm_instantiate : public GuestTest {
protected:
    using GuestTest::GuestTest;

    std::string link_error(std::string_view text, std::vector<Extern> imports)
    {
        auto instance = try_instance_of(text, std::move(imports));
        EXPECT_FALSE(instance) << text;
        if (instance)
            return "";
        EXPECT_EQ(instance.error().code, ErrorCode::unlinkable);
        return instance.error().message.substr(0, instance.error().message.find(':'));
    }

    std::uint64_t global(Instance& instance, std::string_view name)
    {
        return exported<Global>(instance, name)->value[0].u64;
    }
};

TEST_F(wasm_instantiate, globals_are_evaluated_in_order)
{
    auto& instance = instance_of(R"((module
        (global $a i32 (i32.const 7))
        (global (export "b") i32 (i32.sub (i32.mul (global.get $a) (i32.const 6)) (i32.const 2)))
        (global (export "c") i64 (i64.add (i64.const -1) (i64.const 3)))
        (global (export "d") f64 (f64.const 1.5))
        (global (export "v") v128 (v128.const i64x2 3 4))
        (global (export "f") funcref (ref.func $f))
        (global (export "i") (ref i31) (ref.i31 (i32.const -1)))
        (global (export "n") externref (ref.null extern))
        (func $f)))");
    EXPECT_EQ(static_cast<std::uint32_t>(global(instance, "b")), 40u);
    EXPECT_EQ(global(instance, "c"), 2u);
    EXPECT_EQ(global(instance, "d"), std::bit_cast<std::uint64_t>(1.5));
    EXPECT_EQ(exported<Global>(instance, "v")->value[1].u64, 4u);
    EXPECT_EQ(global(instance, "f"), reinterpret_cast<Ref>(function_of(instance, FuncIndex{0})));
    EXPECT_EQ(global(instance, "i"), i31_ref(0x7fff'ffff));
    EXPECT_EQ(global(instance, "n"), null_ref);
}

TEST_F(wasm_instantiate, constant_expressions_make_objects)
{
    auto& instance = instance_of(R"((module
        (type $p (struct (field i8) (field i64) (field v128)))
        (type $a (array i16))
        (global (export "s") (ref $p) (struct.new $p (i32.const 300) (i64.const 5) (v128.const i64x2 1 2)))
        (global (export "t") (ref $p) (struct.new_default $p))
        (global (export "a") (ref $a) (array.new $a (i32.const 9) (i32.const 3)))
        (global (export "b") (ref $a) (array.new_default $a (i32.const 4)))
        (global (export "c") (ref $a) (array.new_fixed $a 2 (i32.const 1) (i32.const -1)))
        (global (export "e") externref (extern.convert_any (ref.i31 (i32.const 1))))))");
    Slot value{};
    EXPECT_EQ(struct_get(instance, TypeIndex{0}, 0, Extension::zero, global(instance, "s"), &value), Trap::none);
    EXPECT_EQ(value.u32, 44u);
    EXPECT_EQ(struct_get(instance, TypeIndex{0}, 1, Extension::none, global(instance, "s"), &value), Trap::none);
    EXPECT_EQ(value.u64, 5u);
    EXPECT_EQ(struct_get(instance, TypeIndex{0}, 1, Extension::none, global(instance, "t"), &value), Trap::none);
    EXPECT_EQ(value.u64, 0u);
    EXPECT_EQ(array_get(instance, TypeIndex{1}, Extension::zero, global(instance, "a"), 2, &value), Trap::none);
    EXPECT_EQ(value.u32, 9u);
    EXPECT_EQ(array_get(instance, TypeIndex{1}, Extension::sign, global(instance, "c"), 1, &value), Trap::none);
    EXPECT_EQ(value.i32, -1);
    std::uint32_t length = 0;
    EXPECT_EQ(array_len(instance, global(instance, "b"), length), Trap::none);
    EXPECT_EQ(length, 4u);
    EXPECT_EQ(global(instance, "e"), 3u);
}

TEST_F(wasm_instantiate, functions_are_made_when_asked_for_and_stay_the_same)
{
    auto& instance = instance_of(R"((module (func (export "f")) (func) (func (export "g"))))");
    EXPECT_TRUE(store.functions.empty());
    auto* f = exported<Function>(instance, "f");
    EXPECT_EQ(f, function_of(instance, FuncIndex{0}));
    EXPECT_EQ(f, exported<Function>(instance, "f"));
    EXPECT_NE(f, exported<Function>(instance, "g"));
    EXPECT_EQ(f->instance, &instance);
    EXPECT_FALSE(find_export(instance, "h"));
}

TEST_F(wasm_instantiate, segments_fill_tables_and_memories)
{
    auto& instance = instance_of(R"((module
        (table (export "t") 10 funcref) (table (export "u") 3 funcref (ref.func $f)) (memory (export "m") 1)
        (elem (i32.const 2) $f $g) (elem (table 0) (i32.const 5) funcref (item ref.func $g) (item ref.null func))
        (elem declare func $f) (elem funcref (item ref.func $f))
        (data (i32.const 4) "abc") (data "def") (func $f) (func $g)))");
    const auto& table = *exported<Table>(instance, "t");
    const auto f = ref_func(instance, FuncIndex{0}), g = ref_func(instance, FuncIndex{1});
    EXPECT_EQ(table.elements[1], null_ref);
    EXPECT_EQ(table.elements[2], f);
    EXPECT_EQ(table.elements[3], g);
    EXPECT_EQ(table.elements[5], g);
    EXPECT_EQ(table.elements[6], null_ref);
    EXPECT_EQ(exported<Table>(instance, "u")->elements[2], f);
    EXPECT_EQ(exported<Memory>(instance, "m")->base()[6], std::byte('c'));
    EXPECT_EQ(instance.dropped_elements, (std::vector<bool>{true, true, true, false}));
    EXPECT_EQ(instance.dropped_data, (std::vector<bool>{true, false}));
    EXPECT_EQ(table_init(instance, ElementIndex{3}, TableIndex{0}, 0, 0, 1), Trap::none);
    EXPECT_EQ(table.elements[0], f);
    elem_drop(instance, ElementIndex{3});
    EXPECT_EQ(table_init(instance, ElementIndex{3}, TableIndex{0}, 0, 0, 1), Trap::out_of_bounds_table_access);
}

TEST_F(wasm_instantiate, what_was_written_before_a_trap_stays)
{
    auto* table = *store.make_table({{.min = 4, .max = {}}, funcref});
    auto* memory = *store.make_memory({.limits = {.min = 1, .max = {}}});
    constexpr auto head = R"((module (import "" "t" (table 4 funcref)) (import "" "m" (memory 1)) (func $f)
        (elem (i32.const 1) $f) (data (i32.const 3) "x") )";
    auto late = try_instance_of(std::string(head) + R"((data (i32.const 65535) "xy")))", {table, memory});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::trap);
    EXPECT_EQ(late.error().message, "out of bounds memory access");
    EXPECT_EQ(store.last_trap.trap, Trap::out_of_bounds_memory_access);
    EXPECT_EQ(memory->base()[3], std::byte('x'));
    EXPECT_EQ(memory->base()[65535], std::byte(0));
    EXPECT_NE(table->elements[1], null_ref);

    auto early = try_instance_of(std::string(head) + R"((elem (i32.const 3) $f $f)))", {table, memory});
    EXPECT_EQ(early.error().message, "out of bounds table access");
    EXPECT_EQ(table->elements[3], null_ref);
}

TEST_F(wasm_instantiate, start_function_runs_and_its_trap_is_an_error)
{
    when_called = [](Store&, Function& function, Slot*) {
        EXPECT_EQ(function.index, FuncIndex{1});
        return Trap::unreachable;
    };
    auto instance = try_instance_of("(module (func) (func $s) (start $s))");
    ASSERT_FALSE(instance);
    EXPECT_EQ(instance.error().message, "unreachable");
}

TEST_F(wasm_instantiate, limits_are_errors)
{
    EXPECT_EQ(try_instance_of("(module (table 20000000 funcref))").error().code, ErrorCode::limit);
    EXPECT_EQ(try_instance_of("(module (memory i64 0x10001))").error().code, ErrorCode::limit);
    Store small(registry, idle_tier, {.instances = 1});
    const auto module = module_of("(module)");
    EXPECT_TRUE(instantiate(small, module, {}));
    const auto second = instantiate(small, module, {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::limit);
}

TEST_F(wasm_instantiate, imports_must_match_in_kind_and_type)
{
    auto* function = store.make_host_function({{i32}, {}}, nullptr, nullptr);
    auto* global = store.make_global({i32, false}, Value::of_i32(1));
    auto* variable = store.make_global({i32, true}, Value::of_i32(1));
    auto* tag = store.make_tag({{i32}, {}});
    const std::string incompatible = "incompatible import type";
    EXPECT_EQ(link_error(R"((module (import "" "" (func (param i64)))))", {function}), incompatible);
    EXPECT_EQ(link_error(R"((module (import "" "" (global i32))))", {function}), incompatible);
    EXPECT_EQ(link_error(R"((module (import "" "" (global i64))))", {global}), incompatible);
    EXPECT_EQ(link_error(R"((module (import "" "" (global (mut i32)))))", {global}), incompatible);
    EXPECT_EQ(link_error(R"((module (import "" "" (global i32))))", {variable}), incompatible);
    EXPECT_EQ(link_error(R"((module (import "" "" (tag (param i64)))))", {tag}), incompatible);
    instance_of(R"((module (import "" "f" (func (param i32))) (import "" "g" (global i32))
        (import "" "v" (global (mut i32))) (import "" "t" (tag (param i32)))))",
                {function, global, variable, tag});
}

TEST_F(wasm_instantiate, limits_of_tables_and_memories_must_match)
{
    auto* table = *store.make_table({{.min = 10, .max = 20}, funcref});
    auto* memory = *store.make_memory({.limits = {.min = 1, .max = 2}});
    for (const auto* asked : {"11 funcref", "10 19 funcref", "10 externref", "i64 10 funcref", "10 20 (ref null $t)"})
        EXPECT_EQ(
            link_error("(module (type $t (func)) (import \"\" \"\" (table " + std::string(asked) + ")))", {table}),
            "incompatible import type")
            << asked;
    for (const auto* asked : {"2", "1 1", "i64 1", "1 2 shared", "1 2 (pagesize 1)"})
        EXPECT_EQ(link_error("(module (import \"\" \"\" (memory " + std::string(asked) + ")))", {memory}),
                  "incompatible import type")
            << asked;
    auto& instance = instance_of(
        R"((module (import "" "" (table 5 30 funcref)) (import "" "" (table 10 funcref)) (import "" "" (memory 0 2))))",
        {table, table, memory});
    EXPECT_EQ(memory_grow(instance, MemoryIndex{0}, 1), 1);
    instance_of(R"((module (import "" "" (memory 2))))", {memory});
    auto* unbounded = *store.make_memory({.limits = {.min = 1, .max = {}}});
    EXPECT_EQ(link_error(R"((module (import "" "" (memory 1 9))))", {unbounded}), "incompatible import type");
}

TEST_F(wasm_instantiate, types_of_two_modules_are_compared_by_structure)
{
    auto& exporter =
        instance_of(R"((module (type $s (sub (struct (field i32)))) (type $t (sub $s (struct (field i32 i64))))
        (global (export "g") (ref null $t) (ref.null $t))))");
    Linker linker;
    linker.define_instance("e", exporter);
    EXPECT_TRUE(linker.instantiate(store, module_of(R"((module (type $s (sub (struct (field i32))))
        (import "e" "g" (global (ref null $s)))))")));
    EXPECT_FALSE(linker.instantiate(store, module_of(R"((module (type $s (sub (struct (field i64))))
        (import "e" "g" (global (ref null $s)))))")));
}

TEST_F(wasm_instantiate, linker_asks_definitions_then_providers)
{
    Linker linker;
    auto& exporter = instance_of(R"((module (func (export "f")) (memory (export "m") 1)))");
    linker.define_instance("e", exporter);
    std::vector<std::string> asked;
    linker.add_provider([&](Store& asking, std::string_view module, std::string_view name) -> std::optional<Extern> {
        asked.push_back(std::string(module) + "." + std::string(name));
        if (module != "host")
            return std::nullopt;
        return asking.make_host_function({}, nullptr, nullptr);
    });
    auto instance =
        linker.instantiate(store, module_of(R"((module (import "e" "f" (func)) (import "host" "h" (func))))"));
    ASSERT_TRUE(instance);
    EXPECT_EQ((*instance)->functions[0], exported<Function>(exporter, "f"));
    EXPECT_EQ(asked, std::vector<std::string>{"host.h"});

    const auto missing = linker.instantiate(store, module_of(R"((module (import "e" "nothing" (func))))"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::unlinkable);
    EXPECT_EQ(missing.error().message, "unknown import: e.nothing");
}

class wasm_table_operations : public GuestTest {
protected:
    Instance& instance = instance_of("(module (table 10 100 externref) (table 5 externref) (table i64 2 externref))");
    Table& table = *instance.tables[0];
};

TEST_F(wasm_table_operations, get_set_and_grow)
{
    Ref value = 0;
    EXPECT_EQ(table_set(instance, TableIndex{0}, 9, i31_ref(1)), Trap::none);
    EXPECT_EQ(table_set(instance, TableIndex{0}, 10, i31_ref(1)), Trap::out_of_bounds_table_access);
    EXPECT_EQ(table_get(instance, TableIndex{0}, 9, value), Trap::none);
    EXPECT_EQ(value, i31_ref(1));
    EXPECT_EQ(table_get(instance, TableIndex{0}, 10, value), Trap::out_of_bounds_table_access);
    EXPECT_EQ(table_grow(instance, TableIndex{0}, i31_ref(2), 91), -1);
    EXPECT_EQ(table_grow(instance, TableIndex{0}, i31_ref(2), 90), 10);
    EXPECT_EQ(table.elements[9], i31_ref(1));
    EXPECT_EQ(table.elements[10], i31_ref(2));
    EXPECT_EQ(table.elements[99], i31_ref(2));
    EXPECT_EQ(table_grow(instance, TableIndex{1}, null_ref, 0xffff'ffff), -1);
}

TEST_F(wasm_table_operations, fill_and_copy)
{
    EXPECT_EQ(table_fill(instance, TableIndex{0}, 8, i31_ref(1), 3), Trap::out_of_bounds_table_access);
    EXPECT_EQ(table.elements[8], null_ref);
    for (std::uint32_t i = 0; i < 10; ++i)
        EXPECT_EQ(table_fill(instance, TableIndex{0}, i, i31_ref(i), 1), Trap::none);
    EXPECT_EQ(table_copy(instance, TableIndex{0}, TableIndex{0}, 2, 0, 8), Trap::none);
    EXPECT_EQ(table.elements[9], i31_ref(7));
    EXPECT_EQ(table.elements[2], i31_ref(0));
    EXPECT_EQ(table_copy(instance, TableIndex{2}, TableIndex{0}, 0, 8, 2), Trap::none);
    EXPECT_EQ(instance.tables[2]->elements[1], i31_ref(7));
    EXPECT_EQ(table_copy(instance, TableIndex{2}, TableIndex{0}, 1, 8, 2), Trap::out_of_bounds_table_access);
    EXPECT_EQ(table_copy(instance, TableIndex{0}, TableIndex{2}, 10, 2, 0), Trap::none);
    EXPECT_EQ(table_copy(instance, TableIndex{0}, TableIndex{2}, 11, 0, 0), Trap::out_of_bounds_table_access);
}

TEST_F(wasm_table_operations, interrupted_growth_did_not_happen_and_traps_at_the_next_poll)
{
    store.interrupt_handle().interrupt();
    EXPECT_EQ(table_grow(instance, TableIndex{1}, i31_ref(1), 1'000'000), -1);
    EXPECT_EQ(instance.tables[1]->size, 5u);
    EXPECT_EQ(store.poll(), Trap::interrupted);
    EXPECT_EQ(table_grow(instance, TableIndex{1}, null_ref, 1'000'000), 5);
    EXPECT_EQ(instance.tables[1]->elements[6], null_ref);
}

} // namespace
} // namespace trellis::wasm
