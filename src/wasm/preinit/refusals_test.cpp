// What can't be pre-initialised is refused, with one message that names the place.
#include "wasm/preinit/test_preinit.hpp"

namespace trellis::wasm {
namespace {

class wasm_preinit_refusals : public PreinitTest {
protected:
    /// Refused, and the message says all of these.
    void expect_refusal(std::string_view text, std::initializer_list<std::string_view> words,
                        const PreinitOptions& options = {}, const Linker& linker = {})
    {
        const auto message = refusal(text, options, linker);
        for (const auto word : words)
            EXPECT_NE(message.find(word), std::string::npos) << word << " is not in: " << message;
    }
};

TEST_F(wasm_preinit_refusals, imported_state)
{
    expect_refusal(R"((module (import "env" "memory" (memory 1)) (func (export "wizer-initialize"))))",
                   {"the memory env.memory"});
    expect_refusal(R"((module (import "env" "table" (table 1 funcref)) (func (export "wizer-initialize"))))",
                   {"the table env.table"});
    expect_refusal(R"((module (import "env" "base" (global i32)) (func (export "wizer-initialize"))))",
                   {"the global env.base"});
}

TEST_F(wasm_preinit_refusals, nothing_to_run)
{
    expect_refusal(R"((module (func (export "main")) (memory (export "wizer-initialize") 1)))",
                   {"neither wizer-initialize nor wizer.initialize", "--init-func", "it exports main"});
    expect_refusal("(module)", {"it exports no functions"});
    expect_refusal(R"((module (func (export "a")) (func (export "b"))))", {"no exported function c", "a, b"},
                   {.init_function = "c"});
}

TEST_F(wasm_preinit_refusals, functions_of_another_type)
{
    expect_refusal(R"((module (func (export "wizer-initialize") (param i32))))", {"1 parameters and 0 results"});
    expect_refusal(
        R"((module (func (export "wizer-initialize"))
                       (func (export "_initialize") (result i32) unreachable)))",
        {"_initialize", "1 results"});
}

TEST_F(wasm_preinit_refusals, renames_that_contradict)
{
    constexpr std::string_view text =
        R"((module (func (export "wizer-initialize")) (func (export "a")) (func (export "b"))
                    (memory (export "m") 1)))";
    expect_refusal(text, {"c=a", "c=b"}, {.renames = {{"c", "a"}, {"c", "b"}}});
    expect_refusal(text, {"c=a", "d=a"}, {.renames = {{"c", "a"}, {"d", "a"}}});
    expect_refusal(text, {"no exported function x"}, {.renames = {{"c", "x"}}});
    expect_refusal(text, {"no exported function m"}, {.renames = {{"c", "m"}}});
    expect_refusal(text, {"no exported function wizer-initialize"}, {.renames = {{"c", "wizer-initialize"}}});
}

TEST_F(wasm_preinit_refusals, imports_that_nobody_provides_may_not_be_called)
{
    expect_refusal(R"((module
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (func $inner (drop (call $random (i32.const 0) (i32.const 1))))
        (func (export "wizer-initialize") (call $inner))))",
                   {"wizer-initialize failed", "wasi_snapshot_preview1.random_get", "at inner"});
    expect_refusal(R"((module
        (import "a" "b" (func $b)) (start $b) (func (export "wizer-initialize"))))",
                   {"instantiation failed", "a.b"});
}

TEST_F(wasm_preinit_refusals, initialisation_that_traps_or_exits)
{
    expect_refusal(R"((module (func $bad (export "wizer-initialize") (unreachable))))",
                   {"wizer-initialize failed: unreachable", "at bad"});
    expect_refusal(R"((module (func (export "_initialize") (drop (i32.div_s (i32.const 1) (i32.const 0))))
                       (func (export "wizer-initialize"))))",
                   {"_initialize failed: integer divide by zero"});
    Linker linker;
    linker.add_provider([](Store& to, std::string_view, std::string_view) -> std::optional<Extern> {
        return to.make_host_function(
            {},
            [](void*, Caller caller, Slot*) {
                caller.store.exit_code = 3;
                return Trap::exit;
            },
            nullptr);
    });
    expect_refusal(R"((module (import "a" "exit" (func $exit)) (func (export "wizer-initialize") (call $exit))))",
                   {"wizer-initialize ended the program with exit code 3"}, {}, linker);
}

TEST_F(wasm_preinit_refusals, heap_objects_that_were_made)
{
    expect_refusal(R"((module
        (type $s (struct (field i32)))
        (global (mut i32) (i32.const 1))
        (global $g (export "object") (mut (ref null $s)) (ref.null $s))
        (func (export "wizer-initialize") (global.set $g (struct.new $s (i32.const 1))))))",
                   {"global 1 (object)", "garbage-collected heap"});
    expect_refusal(R"((module
        (type $a (array i8))
        (table $t 3 anyref)
        (func (export "wizer-initialize") (table.set $t (i32.const 2) (array.new_default $a (i32.const 1))))))",
                   {"table 0, element 2", "garbage-collected heap"});
}

TEST_F(wasm_preinit_refusals, heap_objects_that_were_changed)
{
    expect_refusal(R"((module
        (type $s (struct (field (mut i8)) (field i64)))
        (global $g (ref $s) (struct.new $s (i32.const 1) (i64.const 2)))
        (func (export "wizer-initialize") (struct.set $s 0 (global.get $g) (i32.const 2)))))",
                   {"global 0", "made or changed"});
    expect_refusal(R"((module
        (type $a (array (mut i32)))
        (type $s (struct (field (ref $a))))
        (elem $p (ref $s) (item (struct.new $s (array.new $a (i32.const 1) (i32.const 5)))))
        (table $t 1 (ref null $s))
        (func (export "wizer-initialize")
          (table.init $t $p (i32.const 0) (i32.const 0) (i32.const 1))
          (array.set $a (struct.get $s 0 (table.get $t (i32.const 0))) (i32.const 4) (i32.const 9))
          (table.set $t (i32.const 0) (ref.null $s)))))",
                   {"element segment 0, element 0", "changed"});
}

TEST_F(wasm_preinit_refusals, objects_that_became_one)
{
    // Every field has an equal value, but what was two objects is one now.
    expect_refusal(R"((module
        (type $s (struct (field (mut (ref null $s)))))
        (global $a (ref $s) (struct.new $s (struct.new $s (ref.null $s))))
        (global $b (ref $s) (struct.new $s (struct.new $s (ref.null $s))))
        (func (export "wizer-initialize")
          (struct.set $s 0 (global.get $b) (struct.get $s 0 (global.get $a))))))",
                   {"global 1", "made or changed"});
}

TEST_F(wasm_preinit_refusals, references_of_others)
{
    Linker linker;
    linker.add_provider([](Store& to, std::string_view, std::string_view name) -> std::optional<Extern> {
        if (name == "ref")
            return to.make_host_function(
                {{}, {externref}},
                [](void*, Caller caller, Slot* frame) {
                    frame[0].ref = *caller.store.make_host_ref(1);
                    return Trap::none;
                },
                nullptr);
        return to.make_host_function(
            {{}, {funcref}},
            [](void*, Caller caller, Slot* frame) {
                frame[0].ref = reinterpret_cast<Ref>(caller.store.make_host_function({}, nullptr, nullptr));
                return Trap::none;
            },
            nullptr);
    });
    expect_refusal(R"((module
        (import "a" "ref" (func $ref (result externref)))
        (global $g (mut externref) (ref.null extern))
        (func (export "wizer-initialize") (global.set $g (call $ref)))))",
                   {"global 0", "a reference of the host's"}, {}, linker);
    expect_refusal(R"((module
        (import "a" "function" (func $function (result funcref)))
        (table $t 9 funcref)
        (func (export "wizer-initialize") (table.set $t (i32.const 7) (call $function)))))",
                   {"table 0, element 7", "a function of the host's"}, {}, linker);
}

TEST_F(wasm_preinit_refusals, exceptions)
{
    expect_refusal(R"((module
        (tag $e) (global $g (mut exnref) (ref.null exn))
        (func (export "wizer-initialize")
          (block $caught (result exnref) (try_table (catch_all_ref $caught) (throw $e)) (ref.null exn))
          (global.set $g))))",
                   {"global 0", "an exception"});
}

} // namespace
} // namespace trellis::wasm
