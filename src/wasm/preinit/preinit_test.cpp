#include "wasm/preinit/test_preinit.hpp"

#include "wasm/execution/memory.hpp"

#include <algorithm>

namespace trellis::wasm {
namespace {

using wasm_preinit = PreinitTest;

TEST_F(wasm_preinit, memory_and_globals_begin_where_initialisation_ended)
{
    const auto binary = preinit(R"((module
        (memory 1)
        (data (i32.const 8) "old")
        (global $n (mut i32) (i32.const 1))
        (global $same (mut i64) (i64.const 5))
        (func (export "wizer-initialize")
          (i32.store (i32.const 1000) (i32.const 77))
          (i32.store8 (i32.const 9) (i32.const 88))
          (global.set $n (i32.const -2)))
        (func (export "get") (result i32) (i32.add (global.get $n) (i32.load (i32.const 1000))))))");
    EXPECT_EQ(text_of(binary), R"((module
  (type (;0;) (func))
  (type (;1;) (func (result i32)))
  (memory (;0;) 1)
  (global $n (mut i32) (i32.const -2))
  (global $same (mut i64) (i64.const 5))
  (export "get" (func 1))
  (func (;0;) (type 0)
    i32.const 1000
    i32.const 77
    i32.store
    i32.const 9
    i32.const 88
    i32.store8
    i32.const -2
    global.set $n)
  (func (;1;) (type 1) (result i32)
    global.get $n
    i32.const 1000
    i32.load
    i32.add)
  (data (;0;) (i32.const 8) "oXd")
  (data (;1;) (i32.const 1000) "M"))
)");
    EXPECT_EQ(call(start(binary), "get"), 75);
}

TEST_F(wasm_preinit, numbers_of_every_kind_keep_their_bits)
{
    const auto binary = preinit(R"((module
        (global $f (mut f32) (f32.const 0)) (global $d (mut f64) (f64.const 0))
        (global $v (mut v128) (v128.const i64x2 0 0)) (global $l (mut i64) (i64.const 0))
        (func (export "wizer-initialize")
          (global.set $f (f32.const nan:0x200001)) (global.set $d (f64.const -nan:0x4000000000001))
          (global.set $v (v128.const i64x2 1 -2)) (global.set $l (i64.const 0x8000000000000000)))
        (func (export "check") (result i32)
          (i32.and
            (i32.and (i32.eq (i32.reinterpret_f32 (global.get $f)) (i32.const 0x7fa00001))
                     (i64.eq (i64.reinterpret_f64 (global.get $d)) (i64.const 0xfff4000000000001)))
            (i32.and (i8x16.all_true (i8x16.eq (global.get $v) (v128.const i64x2 1 -2)))
                     (i64.eq (global.get $l) (i64.const 0x8000000000000000)))))))");
    EXPECT_EQ(call(start(binary), "check"), 1);
}

TEST_F(wasm_preinit, same_input_gives_same_bytes)
{
    constexpr std::string_view text = R"((module
        (memory 4) (table $t 20 funcref) (elem declare func $f) (func $f)
        (func (export "wizer-initialize") (local i32)
          (loop $again
            (i32.store (i32.mul (local.get 0) (i32.const 4099)) (local.get 0))
            (table.set $t (i32.rem_u (local.get 0) (i32.const 20)) (ref.func $f))
            (local.set 0 (i32.add (local.get 0) (i32.const 3)))
            (br_if $again (i32.lt_u (local.get 0) (i32.const 60)))))))";
    const auto first = preinit(text);
    const auto second = preinit(text);
    EXPECT_TRUE(std::ranges::equal(first.view(), second.view()));
}

TEST_F(wasm_preinit, start_function_and_reactor_run_once_and_in_order)
{
    const auto binary = preinit(R"((module
        (global $n (mut i32) (i32.const 1))
        (func $digit (param i32) (global.set $n (i32.add (i32.mul (global.get $n) (i32.const 10)) (local.get 0))))
        (func $start (call $digit (i32.const 2)))
        (start $start)
        (func (export "wizer-initialize") (call $digit (i32.const 4)))
        (func (export "_initialize") (call $digit (i32.const 3)))
        (func (export "_start") (call $digit (i32.const 9)))
        (func (export "get") (result i32) (global.get $n))))");
    auto& instance = start(binary);
    EXPECT_FALSE(find_export(instance, "_initialize"));
    EXPECT_FALSE(find_export(instance, "wizer-initialize"));
    EXPECT_TRUE(find_export(instance, "_start"));
    EXPECT_FALSE(instance.module->start);
    EXPECT_EQ(call(instance, "get"), 1234);
}

TEST_F(wasm_preinit, init_function_by_any_of_its_names)
{
    constexpr std::string_view text = R"((module
        (global $n (export "n") (mut i32) (i32.const 0))
        (func (export "wizer.initialize") (global.set $n (i32.const 1)))
        (func (export "other") (global.set $n (i32.const 2)))
        (func (export "_initialize") (global.set $n (i32.add (global.get $n) (i32.const 10))))
        (func (export "get") (result i32) (global.get $n))))";
    EXPECT_EQ(call(start(preinit(text)), "get"), 1);
    auto& other = start(preinit(text, {.init_function = "other"}));
    EXPECT_EQ(call(other, "get"), 2);
    EXPECT_TRUE(find_export(other, "wizer.initialize"));
    EXPECT_FALSE(find_export(other, "other"));
    auto& reactor = start(preinit(text, {.init_function = "_initialize"}));
    EXPECT_EQ(call(reactor, "get"), 10);
    EXPECT_FALSE(find_export(reactor, "_initialize"));
}

TEST_F(wasm_preinit, init_function_stays_if_asked)
{
    auto& instance = start(preinit(R"((module (func (export "wizer-initialize")) (func (export "_initialize"))))",
                                   {.keep_init_function = true}));
    EXPECT_TRUE(find_export(instance, "wizer-initialize"));
    EXPECT_FALSE(find_export(instance, "_initialize"));
}

TEST_F(wasm_preinit, a_reactor_that_is_the_init_function_runs_once_and_is_gone)
{
    auto& instance = start(preinit(R"((module
        (global $n (mut i32) (i32.const 0))
        (func (export "_initialize") (export "wizer-initialize")
          (global.set $n (i32.add (global.get $n) (i32.const 1))))
        (func (export "get") (result i32) (global.get $n))))"));
    EXPECT_EQ(call(instance, "get"), 1);
    EXPECT_FALSE(find_export(instance, "_initialize"));
}

TEST_F(wasm_preinit, names_can_be_exchanged)
{
    auto& instance = start(preinit(R"((module
        (func (export "wizer-initialize"))
        (func (export "a") (result i32) (i32.const 1))
        (func (export "b") (result i32) (i32.const 2))))",
                                   {.renames = {{"a", "b"}, {"b", "a"}}}));
    EXPECT_EQ(call(instance, "a"), 2);
    EXPECT_EQ(call(instance, "b"), 1);
}

TEST_F(wasm_preinit, exports_are_renamed)
{
    const auto binary = preinit(R"((module
        (func (export "wizer-initialize"))
        (func (export "_start") (unreachable))
        (func (export "a") (result i32) (i32.const 1))
        (func (export "wizer.resume"))
        (func (export "b") (result i32) (i32.const 2))))",
                                {.renames = {{"_start", "wizer.resume"}, {"c", "a"}}});
    std::string names;
    auto& instance = start(binary);
    for (const auto& one : instance.module->exports)
        names += std::string(one.name) + " ";
    EXPECT_EQ(names, "c _start b ");
    EXPECT_EQ(trap(instance, "_start"), "");
}

TEST_F(wasm_preinit, custom_sections_and_code_are_copied)
{
    const auto before = binary_of(R"((module
        (@custom "first" (before first) "1")
        (memory 1)
        (@custom "middle" (before code) "2")
        (func $init (export "wizer-initialize") (local $x i32) (i32.store (i32.const 0) (i32.const 9)))
        (func $other (export "other"))
        (@custom "end" (after last) "3")))");
    const auto after = try_preinit(before);
    ASSERT_TRUE(after) << after.error().describe();
    const auto old = *decode_module(before);
    const auto fresh = *decode_module(*after);
    ASSERT_EQ(fresh.custom_sections.size(), old.custom_sections.size());
    for (std::size_t i = 0; i < old.custom_sections.size(); ++i) {
        EXPECT_EQ(fresh.custom_sections[i].name, old.custom_sections[i].name);
        EXPECT_TRUE(std::ranges::equal(fresh.bytes(fresh.custom_sections[i].contents),
                                       old.bytes(old.custom_sections[i].contents)));
    }
    for (std::size_t i = 0; i < old.functions.size(); ++i)
        EXPECT_TRUE(std::ranges::equal(fresh.bytes(fresh.functions[i].body), old.bytes(old.functions[i].body)));
}

constexpr std::string_view tables = R"((module
    (type $t (func (result i32)))
    (table $a 4 10 funcref)
    (table $b 3 (ref null $t))
    (table $c i64 2 funcref)
    (elem (table $a) (i32.const 0) func $one $two)
    (elem $passive funcref (ref.func $one) (ref.null func))
    (elem declare func $three)
    (func $one (type $t) (i32.const 1))
    (func $two (type $t) (i32.const 2))
    (func $three (type $t) (i32.const 3))
    (func (export "wizer-initialize")
      (table.set $a (i32.const 0) (ref.func $three))
      (table.set $a (i32.const 1) (ref.null func))
      (table.set $a (i32.const 3) (ref.func $two))
      (drop (table.grow $a (ref.func $one) (i32.const 2)))
      (table.set $b (i32.const 1) (ref.func $two))
      (table.copy $c $a (i64.const 1) (i32.const 3) (i32.const 1))
      (elem.drop $passive))
    (func (export "a0") (result i32) (call_indirect $a (type $t) (i32.const 0)))
    (func (export "a1") (result i32) (call_indirect $a (type $t) (i32.const 1)))
    (func (export "a3") (result i32) (call_indirect $a (type $t) (i32.const 3)))
    (func (export "a5") (result i32) (call_indirect $a (type $t) (i32.const 5)))
    (func (export "size") (result i32) (table.size $a))
    (func (export "b1") (result i32) (call_ref $t (table.get $b (i32.const 1))))
    (func (export "c1") (result i32) (call_indirect $c (type $t) (i64.const 1)))
    (func (export "init") (table.init $a $passive (i32.const 0) (i32.const 0) (i32.const 1)))))";

TEST_F(wasm_preinit, tables_keep_functions_nulls_and_size)
{
    auto& instance = start(preinit(tables));
    EXPECT_EQ(call(instance, "a0"), 3);
    EXPECT_EQ(trap(instance, "a1"), "uninitialized element");
    EXPECT_EQ(call(instance, "a3"), 2);
    EXPECT_EQ(call(instance, "a5"), 1);
    EXPECT_EQ(call(instance, "size"), 6);
    EXPECT_EQ(call(instance, "b1"), 2);
    EXPECT_EQ(call(instance, "c1"), 2);
    EXPECT_EQ(trap(instance, "init"), "out of bounds table access");
}

TEST_F(wasm_preinit, tables_that_did_not_change_are_not_written)
{
    const auto before = binary_of(R"((module
        (table $a 4 funcref) (elem (i32.const 1) func $f) (elem $p funcref (ref.func $f))
        (func $f)
        (func (export "wizer-initialize")
          (table.set (i32.const 1) (table.get (i32.const 1))) (table.fill (i32.const 2) (ref.null func) (i32.const 2)))
        (func (export "use") (table.init $a $p (i32.const 0) (i32.const 0) (i32.const 1)))))");
    const auto after = try_preinit(before);
    ASSERT_TRUE(after);
    const auto old = *decode_module(before);
    const auto fresh = *decode_module(*after);
    const auto elements_of = [](const Module& module) {
        const auto found = std::ranges::find(module.sections, 9, &SectionInfo::id);
        return module.bytes(found->contents);
    };
    EXPECT_TRUE(std::ranges::equal(elements_of(old), elements_of(fresh)));
    EXPECT_EQ(trap(start(*after), "use"), "");
}

TEST_F(wasm_preinit, functions_stay_declared_for_ref_func)
{
    // Only the export, and only the global's old value, declare them.
    const auto binary = preinit(R"((module
        (type $v (func)) (type $t (func (result i32)))
        (global $g (mut (ref null $t)) (ref.func $seven))
        (func $seven (type $t) (i32.const 7))
        (func $init (export "wizer-initialize") (global.set $g (ref.null $t)))
        (func (export "seven") (result i32) (call_ref $t (ref.func $seven)))
        (func (export "again") (result i32) (call_ref $v (ref.func $init)) (i32.const 8))))");
    auto& instance = start(binary);
    EXPECT_EQ(call(instance, "seven"), 7);
    EXPECT_EQ(call(instance, "again"), 8);
}

TEST_F(wasm_preinit, globals_keep_functions_nulls_and_small_integers)
{
    const auto binary = preinit(R"((module
        (type $t (func (result i32)))
        (global $f (mut funcref) (ref.null func)) (global $i (mut anyref) (ref.null any))
        (global $n (mut (ref null $t)) (ref.func $one))
        (global $e (mut externref) (ref.null extern))
        (elem declare func $one)
        (func $one (type $t) (i32.const 1))
        (func (export "wizer-initialize")
          (global.set $f (ref.func $one)) (global.set $n (ref.null $t))
          (global.set $i (ref.i31 (i32.const -5)))
          (global.set $e (extern.convert_any (ref.i31 (i32.const 6)))))
        (func (export "f") (result i32) (call_ref $t (ref.cast (ref $t) (global.get $f))))
        (func (export "n") (result i32) (ref.is_null (global.get $n)))
        (func (export "i") (result i32) (i31.get_s (ref.cast i31ref (global.get $i))))
        (func (export "e") (result i32) (i31.get_u (ref.cast i31ref (any.convert_extern (global.get $e)))))))");
    auto& instance = start(binary);
    EXPECT_EQ(call(instance, "f"), 1);
    EXPECT_EQ(call(instance, "n"), 1);
    EXPECT_EQ(call(instance, "i"), -5);
    EXPECT_EQ(call(instance, "e"), 6);
}

TEST_F(wasm_preinit, imported_functions_are_kept_as_references)
{
    constexpr std::string_view text = R"((module
        (type $t (func (result i32)))
        (import "host" "unused" (func (param f32)))
        (import "host" "forty" (func $forty (type $t)))
        (tag (import "host" "tag"))
        (table $a 2 funcref) (elem declare func $forty)
        (func (export "wizer-initialize") (table.set $a (i32.const 1) (ref.func $forty)))
        (func (export "get") (result i32) (call_indirect $a (type $t) (i32.const 1)))))";
    const auto binary = preinit(text);
    Linker linker;
    linker.add_provider([](Store& to, std::string_view, std::string_view name) -> std::optional<Extern> {
        if (name == "tag")
            return to.make_tag({});
        if (name == "unused")
            return to.make_host_function({{f32}, {}}, nullptr, nullptr);
        return to.make_host_function(
            {{}, {i32}},
            [](void*, Caller, Slot* frame) {
                frame[0].u32 = 40;
                return Trap::none;
            },
            nullptr);
    });
    EXPECT_EQ(call(start(binary, linker), "get"), 40);
}

TEST_F(wasm_preinit, heap_objects_that_stay_as_their_expressions_make_them_are_kept)
{
    const auto binary = preinit(R"((module
        (type $p (struct (field (mut i32)) (field (ref null $p)) (field funcref)))
        (type $a (array (mut i16)))
        (global $one (ref $p) (struct.new $p (i32.const 1) (ref.null $p) (ref.func $f)))
        (global $two (ref $p) (struct.new $p (i32.const 2) (global.get $one) (ref.null func)))
        (global $array (ref $a) (array.new_fixed $a 2 (i32.const 7) (i32.const 8)))
        (table $t 2 (ref null $p)
          (struct.new $p (i32.const 5) (struct.new $p (i32.const 6) (ref.null $p) (ref.null func)) (ref.func $f)))
        (global $n (mut i32) (i32.const 0))
        (func $f)
        (func (export "wizer-initialize")
          ;; changed and changed back
          (struct.set $p 0 (global.get $one) (i32.const 100))
          (struct.set $p 0 (global.get $one) (i32.const 1))
          (drop (table.grow $t (table.get $t (i32.const 0)) (i32.const 1)))
          (global.set $n (struct.get $p 0 (global.get $two))))
        (func (export "get") (result i32)
          (i32.add (global.get $n) (struct.get $p 0 (struct.get $p 1 (table.get $t (i32.const 2))))))))");
    EXPECT_EQ(call(start(binary), "get"), 8);
}

TEST_F(wasm_preinit, modules_can_be_pre_initialised_again)
{
    constexpr std::string_view text = R"((module (memory 1)
        (data $p "x")
        (func (export "wizer-initialize")
          (memory.init $p (i32.const 50) (i32.const 0) (i32.const 1)) (data.drop $p)
          (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 5))))
        (func (export "again") (i32.store (i32.const 0) (i32.mul (i32.load (i32.const 0)) (i32.const 3))))
        (func (export "get") (result i32) (i32.add (i32.load (i32.const 0)) (i32.load8_u (i32.const 50))))))";
    const auto twice = try_preinit(preinit(text), {.init_function = "again"});
    ASSERT_TRUE(twice) << twice.error().describe();
    EXPECT_EQ(call(start(*twice), "get"), 15 + 'x');
}

TEST_F(wasm_preinit, segments_are_bounded)
{
    const auto binary = preinit(R"((module
        (memory 400) (table $t 50000 funcref) (elem declare func $f) (func $f)
        (func (export "wizer-initialize") (local i32)
          (loop $again
            (i32.store8 (i32.mul (local.get 0) (i32.const 1000)) (i32.const 1))
            (table.set $t (i32.mul (local.get 0) (i32.const 2)) (ref.func $f))
            (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get 0) (i32.const 25000)))))
        (func (export "count") (result i32) (local i32 i32)
          (loop $again
            (if (i32.and (i32.load8_u (i32.mul (local.get 0) (i32.const 1000)))
                         (i32.and
                           (i32.eqz (ref.is_null (table.get $t (i32.mul (local.get 0) (i32.const 2)))))
                           (ref.is_null (table.get $t (i32.add (i32.mul (local.get 0) (i32.const 2)) (i32.const 1))))))
              (then (local.set 1 (i32.add (local.get 1) (i32.const 1)))))
            (local.set 0 (i32.add (local.get 0) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get 0) (i32.const 25000))))
          (local.get 1))))");
    auto& instance = start(binary);
    EXPECT_EQ(instance.module->data.size(), 10000u);
    EXPECT_LE(instance.module->elements.size(), 10001u);
    EXPECT_EQ(call(instance, "count"), 25000);
}

} // namespace
} // namespace trellis::wasm
