#include "wasm/jit/jit.hpp"

#include "base/check.hpp"
#include "wasm/execution/linker.hpp"
#include "wasm/execution/signal_handler.hpp"
#include "wasm/jit/unit.hpp"
#include "wasm/text/text.hpp"
#include "wasm/validation/validator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

namespace trellis::wasm {
namespace {

class wasm_jit : public testing::Test {
protected:
    wasm_jit()
    {
        jit.watch(store);
        linker.define("test", "is_compiled",
                      store.make_host_function(
                          {.params = {}, .results = {i32}},
                          [](void*, Caller, Slot* frame) {
                              frame->u64 = current_activation->stack != nullptr;
                              return Trap::none;
                          },
                          nullptr));
        linker.define("test", "compile_loops",
                      store.make_host_function(
                          {.params = {}, .results = {}},
                          [](void* self, Caller caller, Slot*) {
                              static_cast<wasm_jit*>(self)->compile_loops(*caller.instance);
                              return Trap::none;
                          },
                          this));
    }
    ~wasm_jit() override { jit.forget(store); }

    Instance& add(std::string_view text)
    {
        auto module = load_module(parse_text(text).value(), *registry, Features::all());
        TRELLIS_CHECK(module.has_value());
        auto made = linker.instantiate(store, *module);
        TRELLIS_CHECK(made.has_value());
        return **made;
    }
    Function& function(Instance& instance, std::string_view name)
    {
        return *std::get<Function*>(*find_export(instance, name));
    }
    std::uint64_t call(Instance& instance, std::string_view name, std::vector<Value> arguments = {})
    {
        auto result = invoke(store, function(instance, name), arguments);
        if (!result) {
            ADD_FAILURE() << result.error().describe();
            return ~0u;
        }
        const auto& value = result->front();
        return value.type == i32 ? value.slots[0].u32 : value.slots[0].u64;
    }
    /// Exported functions of that name.
    void compile(Instance& instance, std::initializer_list<std::string_view> names)
    {
        compiler::Selection what;
        for (const auto name : names)
            what.functions.push_back(number(function(instance, name).index) - instance.module->imported_functions);
        std::ranges::sort(what.functions);
        const auto done = jit.compile_now(instance, what);
        EXPECT_TRUE(done.has_value()) << done.error().describe();
    }
    /// So that whatever runs enters compiled code at its next iteration.
    void compile_loops(Instance& instance)
    {
        compiler::Selection what;
        for (std::uint32_t i = 0; i < instance.module->functions.size(); ++i)
            std::ranges::copy(jit::loops_of(*instance.module, i), std::back_inserter(what.loops));
        const auto done = jit.compile_now(instance, what);
        EXPECT_TRUE(done.has_value()) << done.error().describe();
        store.interrupt_handle().sample();
    }

    std::shared_ptr<TypeRegistry> registry = std::make_shared<TypeRegistry>();
    Store store{registry, jit_tier, {}};
    Linker linker;
    jit::Compile compiler = [](const Module& module, const compiler::Options& options) {
        return compiler::compile(module, options);
    };
    jit::Jit jit{compiler, {.interval = std::chrono::hours(1)}}; // compiles what it is told to, and when
};

TEST_F(wasm_jit, a_loop_that_runs_goes_on_in_compiled_code)
{
    auto& guest = add(R"((module
        (import "test" "is_compiled" (func $is_compiled (result i32)))
        (func (export "run") (result i64) (local $i i64)
          (loop $again
            (local.set $i (i64.add (local.get $i) (i64.const 1)))
            (br_if $again (i64.ne (i64.and (local.get $i) (i64.const 0xffff)) (i64.const 0)))
            (br_if $again (i32.eqz (call $is_compiled))))
          (i64.rem_u (local.get $i) (i64.const 0x10000)))))");
    jit.forget(store);
    jit::Jit on_its_own{compiler};
    on_its_own.watch(store);
    EXPECT_EQ(call(guest, "run"), 0u); // ends, and so has been compiled
    on_its_own.forget(store);
}

TEST_F(wasm_jit, everything_that_a_frame_holds_is_taken_over)
{
    auto& guest = add(R"((module
        (import "test" "is_compiled" (func $is_compiled (result i32)))
        (import "test" "compile_loops" (func $compile_loops))
        (func (export "run") (param $p i32) (param $v v128) (result i64)
          (local $a i32) (local $b i64) (local $c f32) (local $d f64) (local $w v128) (local $r externref)
          (local.set $a (i32.const 3)) (local.set $b (i64.const 50)) (local.set $c (f32.const 700))
          (local.set $d (f64.const 9000)) (local.set $w (i64x2.splat (i64.const 110000)))
          (i64.const 1000000)                       ;; a constant below the loop
          (local.get $b)                            ;; a local below the loop, which changes inside
          (i64.extend_i32_u (i32.mul (local.get $p) (local.get $p)))
          (i64x2.splat (i64.const 40000000))
          (call $compile_loops)
          (i64.const 7)
          (loop $again (param i64) (result i64)
            (local.set $b (i64.add (local.get $b) (i64.const 1)))
            (i64.add (i64.const 100000000000))
            (br_if $again (i64.lt_u (local.get $b) (i64.const 60))))
          (local.set $b)                            ;; 7 and ten times 10^11
          (i64x2.extract_lane 1)
          (i64.add) (i64.add) (i64.add)
          (i64.add (local.get $b))
          (i64.add (i64.extend_i32_u (local.get $a)))
          (i64.add (i64.trunc_f32_u (local.get $c)))
          (i64.add (i64.trunc_f64_u (local.get $d)))
          (i64.add (i64x2.extract_lane 0 (local.get $w)))
          (i64.add (i64x2.extract_lane 1 (local.get $v)))
          (local.set $b)
          (select (local.get $b) (i64.const 0) (call $is_compiled)))))");
    Value vector{v128, {}};
    vector.slots[1].u64 = 200000000;
    const std::uint64_t expected =
        1000000 + 50 + 25 + 40000000 + 7 + 1000000000000 + 3 + 700 + 9000 + 110000 + 200000000;
    EXPECT_EQ(call(guest, "run", {Value::of_i32(5), vector}), expected);
}

TEST_F(wasm_jit, a_poll_outside_of_guests_is_nothing_to_look_at)
{
    store.interrupt_handle().sample();
    EXPECT_EQ(store.poll(), Trap::none);
}

TEST_F(wasm_jit, loops_inside_of_blocks_and_loops_are_entered)
{
    auto& guest = add(R"((module
        (import "test" "compile_loops" (func $compile_loops))
        (func (export "run") (param $n i32) (result i64) (local $i i32) (local $j i32) (local $sum i64)
          (i64.const 5)
          (block $done (param i64) (result i64)
            (loop $outer (param i64) (result i64)
              (if (param i64) (result i64) (i32.and (local.get $i) (i32.const 1))
                (then
                  (local.set $j (i32.const 0))
                  (if (i32.eq (local.get $i) (i32.const 3)) (then (call $compile_loops)))
                  (i64.extend_i32_u (local.get $i))
                  (loop $inner
                    (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $j))))
                    (local.set $j (i32.add (local.get $j) (i32.const 1)))
                    (br_if $inner (i32.lt_u (local.get $j) (i32.const 10))))
                  (i64.add))
                (else (i64.const 1000) (i64.add)))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $done (i32.eq (local.get $i) (local.get $n)))
              (br $outer)))
          (i64.mul (i64.const 1000000))
          (i64.add (local.get $sum)))))");
    // Ten rounds: five with 45 from the inner loop and i = 1 3 5 7 9, five with 1000.
    EXPECT_EQ(call(guest, "run", {Value::of_i32(10)}), (5 + 25 + 5000) * std::uint64_t(1000000) + 5 * 45);
}

TEST_F(wasm_jit, calls_cross_between_tiers)
{
    auto& guest = add(R"((module
        (func $even (export "even") (param i32) (result i32)
          (if (result i32) (i32.eqz (local.get 0))
            (then (i32.const 1)) (else (call $odd (i32.sub (local.get 0) (i32.const 1))))))
        (func $odd (export "odd") (param i32) (result i32)
          (if (result i32) (i32.eqz (local.get 0))
            (then (i32.const 0)) (else (call $even (i32.sub (local.get 0) (i32.const 1))))))
        (func $pair (export "pair") (param i32 i64) (result i64 i32 f64)
          (local.get 1) (local.get 0) (f64.const 2))
        (func (export "swap") (param i32 i64) (result i64)
          (call $pair (local.get 0) (local.get 1)) (drop) (i64.extend_i32_u) (i64.sub))))");
    EXPECT_EQ(call(guest, "even", {Value::of_i32(10)}), 1u);
    compile(guest, {"even"});
    EXPECT_EQ(call(guest, "even", {Value::of_i32(100)}), 1u);
    EXPECT_EQ(call(guest, "odd", {Value::of_i32(100)}), 0u);
    compile(guest, {"odd"});
    EXPECT_EQ(call(guest, "odd", {Value::of_i32(101)}), 1u);
    compile(guest, {"pair"});
    EXPECT_EQ(call(guest, "swap", {Value::of_i32(3), Value::of_i64(10)}), 7u);
    compile(guest, {"swap"});
    EXPECT_EQ(call(guest, "swap", {Value::of_i32(3), Value::of_i64(10)}), 7u);
}

TEST_F(wasm_jit, exceptions_and_backtraces_cross_between_tiers)
{
    auto& guest = add(R"((module
        (tag $oops (param i32))
        (func $throw (export "throw") (param i32) (result i32) (throw $oops (local.get 0)))
        (func $catch (export "catch") (param i32) (result i32)
          (block $caught (result i32)
            (try_table (catch $oops $caught) (drop (call $middle (local.get 0))))
            (i32.const 0)))
        (func $middle (export "middle") (param i32) (result i32) (call $throw (local.get 0)))
        (func $trap (export "trap") unreachable)
        (func $calls (export "calls") (result i32) (call $trap) (i32.const 1))
        (func $top (export "top") (result i32) (call $calls))))");
    const auto names = [&] {
        EXPECT_FALSE(invoke(store, function(guest, "top"), {}).has_value());
        std::vector<std::uint32_t> functions;
        for (const auto& frame : store.last_trap.backtrace)
            functions.push_back(number(frame.function));
        store.last_trap = {};
        return functions;
    };
    for (const std::string_view now : {"throw", "catch", "middle"}) {
        compile(guest, {now});
        EXPECT_EQ(call(guest, "catch", {Value::of_i32(42)}), 42u) << now;
    }
    const std::vector<std::uint32_t> expected = {3, 4, 5};
    EXPECT_EQ(names(), expected);
    for (const std::string_view now : {"calls", "trap", "top"}) {
        compile(guest, {now});
        EXPECT_EQ(names(), expected) << now;
    }
}

TEST_F(wasm_jit, a_loop_that_is_taken_over_ends_in_a_tail_call_or_an_exception)
{
    auto& guest = add(R"((module
        (import "test" "compile_loops" (func $compile_loops))
        (tag $oops (param i32))
        (func $double (param i32) (result i32) (i32.add (local.get 0) (local.get 0)))
        (func $tail (export "tail") (param $n i32) (result i32) (local $i i32)
          (call $compile_loops)
          (loop $again
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (local.get $n))))
          (return_call $double (local.get $i)))
        (func $throw (param $n i32) (local $i i32)
          (call $compile_loops)
          (loop $again
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (local.get $n))))
          (throw $oops (local.get $i)))
        (func (export "catch") (param $n i32) (result i32)
          (block $caught (result i32)
            (try_table (catch $oops $caught) (call $throw (local.get $n)))
            (i32.const 0)))))");
    EXPECT_EQ(call(guest, "tail", {Value::of_i32(21)}), 42u);
    EXPECT_EQ(call(guest, "catch", {Value::of_i32(7)}), 7u);
}

TEST_F(wasm_jit, a_loop_that_nobody_reaches_can_be_compiled)
{
    auto& guest = add(R"((module (func (export "seven") (result i32)
        (return (i32.const 7))
        (loop $never (br $never)))))");
    compile_loops(guest);
    EXPECT_EQ(call(guest, "seven"), 7u);
}

/// Frames are those of the functions that are there, and what is thrown last is what is told of.
TEST_F(wasm_jit, backtraces_across_tiers)
{
    constexpr std::string_view text = R"((module
        (tag $first) (tag $second)
        (global $n (mut i32) (i32.const 0))
        (func $inner throw $first)
        (func $looping (param i32)
          (loop $again
            (global.set $n (i32.add (global.get $n) (i32.const 1)))
            (br_if $again (i32.lt_u (global.get $n) (i32.const 3)))
            (return_call $fail)))
        (func $fail unreachable)
        (func (export "tail") (call $looping (i32.const 0)))
        (func (export "again")
          (block $caught (try_table (catch $first $caught) (call $inner)))
          (throw $second))
        (func (export "pass") (try_table (call $inner)))))";
    using Frames = std::vector<std::uint32_t>;
    const auto frames_of = [&](Instance& guest, std::string_view name) {
        EXPECT_FALSE(invoke(store, function(guest, name), {}).has_value());
        Frames frames;
        for (const auto& frame : store.last_trap.backtrace)
            frames.push_back(number(frame.function));
        return frames;
    };
    auto& loops = add(text);
    compile_loops(loops);
    EXPECT_EQ(frames_of(loops, "tail"), (Frames{2, 3}));
    auto& functions = add(text);
    compile(functions, {"again"});
    EXPECT_EQ(frames_of(functions, "again"), (Frames{4}));
    compile(functions, {"pass"});
    EXPECT_EQ(frames_of(functions, "pass"), (Frames{0, 5}));
}

TEST(wasm_jit_unit, loops_in_handlers_of_legacy_exceptions_have_no_way_in)
{
    TypeRegistry registry;
    const auto module = load_module(parse_text(R"((module (tag $e)
        (func
          (loop $before)
          (try (do (loop $inside)) (catch $e (loop $handler (rethrow 1))) (catch_all (block (loop $in_a_block))))
          (loop $behind))))",
                                               {.features = Features::all()})
                                        .value(),
                                    registry, Features::all())
                            .value();
    EXPECT_EQ(jit::loops_of(*module, 0).size(), 3u);
}

TEST_F(wasm_jit, a_unit_that_cannot_be_compiled_takes_nothing_from_the_next)
{
    auto& guest = add(R"((module
        (func $seven (export "seven") (result i32) (i32.const 7))
        (func (export "same") (result i32) (call $seven))))");
    bool works = false;
    jit::Jit other([&](const Module& module, const compiler::Options& options) {
        return works ? compiler(module, options) : fail(ErrorCode::unsupported, "not today");
    });
    const compiler::Selection same = {.functions = {1}, .loops = {}, .with_types = false};
    EXPECT_FALSE(other.compile_now(guest, same).has_value());
    EXPECT_EQ(call(guest, "same"), 7u);
    works = true;
    EXPECT_TRUE(other.compile_now(guest, same).has_value());
    EXPECT_EQ(call(guest, "same"), 7u);
}

TEST_F(wasm_jit, what_one_run_has_compiled_the_next_begins_with)
{
    constexpr std::string_view text = R"((module
        (func $double (export "double") (param i32) (result i32) (i32.add (local.get 0) (local.get 0)))
        (func (export "four") (param i32) (result i32) (call $double (call $double (local.get 0))))
        (func $trap (export "trap") (param i32) (result i32) unreachable)
        (func (export "traps") (param i32) (result i32) (call $trap (local.get 0)))))";
    jit.forget(store);
    std::optional<native::CompiledModule> kept;
    unsigned found = 0;
    jit::Settings settings = {.interval = std::chrono::hours(1)};
    settings.keep = [&](const Module&, const native::CompiledModule& compiled) { kept = compiled; };
    settings.find = [&](const Module&, native::CodeMode) -> std::shared_ptr<const native::CodeImage> {
        found += kept.has_value();
        return kept ? native::CodeImage::map(*kept).value() : nullptr;
    };
    {
        auto& guest = add(text);
        jit::Jit first(compiler, settings);
        for (const std::uint32_t one : {0u, 1u, 2u})
            EXPECT_TRUE(first.compile_now(guest, {.functions = {one}, .loops = {}, .with_types = false}).has_value());
        EXPECT_EQ(call(guest, "four", {Value::of_i32(10)}), 40u);
        EXPECT_EQ(found, 0u);
    }
    auto& guest = add(text);
    jit::Jit second(compiler, settings);
    EXPECT_TRUE(second.compile_now(guest, {.functions = {3}, .loops = {}, .with_types = false}).has_value());
    EXPECT_EQ(found, 1u);
    ASSERT_TRUE(kept);
    EXPECT_EQ(std::ranges::count(kept->functions, native::CompiledModule::absent), 0);
    EXPECT_EQ(call(guest, "four", {Value::of_i32(11)}), 44u);
    EXPECT_FALSE(invoke(store, function(guest, "traps"), std::array{Value::of_i32(1)}).has_value());
    ASSERT_EQ(store.last_trap.backtrace.size(), 2u);
    EXPECT_EQ(number(store.last_trap.backtrace[0].function), 2u);
    EXPECT_EQ(number(store.last_trap.backtrace[1].function), 3u);
}

} // namespace
} // namespace trellis::wasm
