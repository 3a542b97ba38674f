// Loops at the edges of memory: compiled and interpreted, they give the same results, traps and memory.
#include "base/check.hpp"
#include "base/format.hpp"
#include "wasm/compiler/compiler.hpp"
#include "wasm/execution/linker.hpp"
#include "wasm/execution/memory.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/native/native_tier.hpp"
#include "wasm/text/text.hpp"
#include "wasm/validation/validator.hpp"

#include <gtest/gtest.h>

#include <array>

namespace trellis::wasm {
namespace {

/// Stores, copies backwards and forwards, sums; do-while and while loops. (from, to, count, seed)
std::string text(int step)
{
    return format(R"((module
        (memory (export "memory") 1)
        (func (export "fill") (param $from i32) (param $to i32) (param $n i32) (result i32)
          (loop $again
            (i32.store offset=4 (local.get $to) (local.get $n))
            (local.set $to (i32.add (local.get $to) (i32.const {0})))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (local.get $to))
        (func (export "copy") (param $from i32) (param $to i32) (param $n i32) (result i32)
          (local $i i32)
          (block $done
            (loop $again
              (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
              (i32.store16 (i32.add (local.get $to) (i32.mul (local.get $i) (i32.const {0})))
                (i32.add (i32.const 7)
                  (i32.load16_u (i32.add (local.get $from) (i32.mul (local.get $i) (i32.const {0}))))))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br $again)))
          (local.get $i))
        (func (export "sum") (param $from i32) (param $to i32) (param $n i32) (result i32)
          (local $sum i32)
          (loop $again
            (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 3)) (i32.load8_u offset=1 (local.get $from))))
            (i32.store (local.get $to) (local.get $sum))
            (local.set $from (i32.add (local.get $from) (i32.const {0})))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (local.get $sum))
        (func (export "nested") (param $from i32) (param $to i32) (param $n i32) (result i32)
          (local $i i32) (local $end i32)
          (loop $outer
            (local.set $i (i32.const 8))
            (local.set $end (local.get $to))
            (loop $inner
              (i32.store (local.get $from) (i32.add (i32.load (local.get $from)) (i32.load offset=4 (local.get $end))))
              (i32.store offset=8 (local.get $end) (i32.mul (i32.load offset=12 (local.get $from)) (i32.const 5)))
              (local.set $end (i32.add (local.get $end) (i32.const {0})))
              (br_if $inner (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
            (local.set $from (i32.add (local.get $from) (i32.const 56)))
            (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (local.get $from))
        (func (export "before_a_trap") (param $from i32) (param $to i32) (param $n i32) (result i32)
          (local $i i32)
          (local.set $i (i32.const 100))
          (loop $again
            (i32.store (local.get $to) (local.get $i))
            (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
          (local.set $n (i32.load offset=65536 (local.get $to)))
          (i32.store (local.get $to) (i32.const 7))
          (local.get $n))
        (func (export "behind_a_trap") (param $from i32) (param $to i32) (param $n i32) (result i32)
          (i32.store (local.get $to) (i32.const 7))
          (local.set $from (i32.load offset=65536 (local.get $to)))
          (loop $again
            (i32.store (local.get $to) (local.get $n))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (local.get $from)))
    )",
                  step);
}

struct Outcome {
    std::string result;
    std::vector<std::byte> memory;
    bool operator==(const Outcome&) const = default;
};

class Tier {
public:
    Tier(std::string_view source, bool compiled) : store_(registry_, compiled ? native_tier : interpreter_tier)
    {
        auto module = load_module(parse_text(source).value(), *registry_, Features::all());
        TRELLIS_CHECK(module.has_value());
        if (compiled)
            native::attach(**module, native::CodeImage::map(compiler::compile(**module).value()).value());
        instance_ = *linker_.instantiate(store_, *module);
    }

    Outcome call(std::string_view name, const std::vector<Value>& arguments)
    {
        auto& memory = *std::get<Memory*>(*find_export(*instance_, "memory"));
        for (std::size_t i = 0; i < 65536; ++i)
            memory.base()[i] = static_cast<std::byte>(i * 31 % 251);
        const auto result = invoke(store_, *std::get<Function*>(*find_export(*instance_, name)), arguments);
        return {result ? format("{}", result->front().slots[0].u32) : result.error().message,
                std::vector(memory.base(), memory.base() + 65536)};
    }

private:
    std::shared_ptr<TypeRegistry> registry_ = std::make_shared<TypeRegistry>();
    Store store_;
    Linker linker_;
    Instance* instance_ = nullptr;
};

TEST(wasm_compiler_loops, the_same_as_interpreted_at_all_edges)
{
    constexpr std::uint32_t places[] = {0, 3, 64, 65532, 65535, 65536 - 400, 0xfffffff0, 0x80000000};
    for (const int step : {1, 4, 12, -4, 0, 65536}) {
        Tier interpreted(text(step), false), compiled(text(step), true);
        for (const auto* const name : {"fill", "copy", "sum", "nested", "before_a_trap", "behind_a_trap"})
            for (const auto from : places)
                for (const auto to : places)
                    for (const std::uint32_t count : {1u, 100u, 101u, 20000u}) {
                        const std::vector arguments = {Value::of_i32(static_cast<int>(from)),
                                                       Value::of_i32(static_cast<int>(to)),
                                                       Value::of_i32(static_cast<int>(count))};
                        const auto expected = interpreted.call(name, arguments);
                        const auto found = compiled.call(name, arguments);
                        ASSERT_EQ(expected.result, found.result)
                            << name << " step " << step << " from " << from << " to " << to << " count " << count;
                        ASSERT_TRUE(expected == found)
                            << name << " step " << step << " from " << from << " to " << to << " count " << count;
                    }
    }
}

/// Writes a global in a loop that may trap at any iteration, or is interrupted by what comes before and behind it.
constexpr std::string_view globals_text = R"((module
    (memory (export "memory") 1)
    (global $sum (mut i32) (i32.const 0))
    (global $last (mut i64) (i64.const 0))
    (func (export "globals") (param $from i32) (param $to i32) (param $n i32) (result i32)
      (global.set $sum (local.get $n))
      (i32.store8 (local.get $to) (local.get $n))
      (global.set $sum (i32.const 1))
      (loop $again
        (global.set $sum (i32.add (global.get $sum) (i32.load8_u (local.get $from))))
        (i32.store8 offset=7 (local.get $from) (global.get $sum))
        (global.set $last (i64.extend_i32_u (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (global.set $sum (i32.add (global.get $sum) (i32.const 5)))
      (i32.store8 (local.get $to) (i32.const 9))
      (global.set $sum (i32.const 77))
      (i32.store8 offset=1 (local.get $to) (i32.const 9))
      (global.get $sum))
    (func (export "written") (param i32 i32 i32) (result i32)
      (i32.add (global.get $sum) (i32.wrap_i64 (global.get $last))))))";

TEST(wasm_compiler_loops, globals_are_written_before_what_traps)
{
    Tier interpreted(globals_text, false), compiled(globals_text, true);
    for (const std::uint32_t from : {0u, 40000u, 65000u, 65529u, 65535u, 65536u, 0xffffff00u})
        for (const std::uint32_t to : {0u, 65534u, 65535u, 65536u})
            for (const std::uint32_t count : {1u, 100u, 600u, 30000u}) {
                const std::vector arguments = {Value::of_i32(static_cast<int>(from)),
                                               Value::of_i32(static_cast<int>(to)),
                                               Value::of_i32(static_cast<int>(count))};
                for (const auto* const name : {"globals", "written"})
                    ASSERT_TRUE(interpreted.call(name, arguments) == compiled.call(name, arguments))
                        << name << " from " << from << " to " << to << " count " << count;
            }
}

/// Copies and fills, of a count that is an operand and of one that the instruction names.
std::string bulk_text(std::uint32_t count)
{
    return format(R"((module
        (memory (export "memory") 1)
        (func (export "copy") (param $from i32) (param $to i32) (param $n i32) (result i32)
          (memory.copy (local.get $to) (local.get $from) (local.get $n)) (i32.const 0))
        (func (export "copy_named") (param $from i32) (param $to i32) (param $n i32) (result i32)
          (memory.copy (local.get $to) (local.get $from) (i32.const {0})) (i32.const 0))
        (func (export "fill") (param $from i32) (param $to i32) (param $n i32) (result i32)
          (memory.fill (local.get $to) (local.get $from) (local.get $n)) (i32.const 0))
        (func (export "fill_named") (param $from i32) (param $to i32) (param $n i32) (result i32)
          (memory.fill (local.get $to) (local.get $from) (i32.const {0})) (i32.const 0))))",
                  count);
}

TEST(wasm_compiler_loops, few_bytes_are_copied_and_filled_whole_or_not_at_all)
{
    std::vector<std::uint32_t> counts = {80, 0xffffffffu};
    for (std::uint32_t count = 0; count <= 66; ++count)
        counts.push_back(count);
    for (const auto count : counts) {
        Tier interpreted(bulk_text(count), false), compiled(bulk_text(count), true);
        for (const auto from : {100u, 65536u - count, 65535u - count, 65537u - count, 0xfffffff8u})
            for (const auto to : {99u, 101u, 107u, 300u, 65536u - count, 65536u - count / 2, 65537u - count})
                for (const auto* const name : {"copy", "copy_named", "fill", "fill_named"}) {
                    const std::vector arguments = {Value::of_i32(static_cast<int>(from)),
                                                   Value::of_i32(static_cast<int>(to)),
                                                   Value::of_i32(static_cast<int>(count))};
                    ASSERT_TRUE(interpreted.call(name, arguments) == compiled.call(name, arguments))
                        << name << " from " << from << " to " << to << " count " << count;
                }
    }
}

/// Writes lanes of vectors through memory, as guests' compilers do, and keeps in `from` what it read.
std::string lanes_text(std::string_view store, std::string_view value, int mask, int distance)
{
    return format(R"((module
        (memory (export "memory") 1)
        (func (export "lanes") (param $from i32) (param $to i32) (param $n i32) (result i32)
          (local $a v128) (local $b v128) (local $i i32)
          (local.set $a (v128.load (i32.const 100)))
          (local.set $b (v128.load (i32.const 200)))
          (loop $again
            (v128.store offset=32 (local.get $to) (local.get $a))
            ({0} (i32.or (i32.add (local.get $to) (i32.const 32)) (i32.and (local.get $i) (i32.const {2}))) {1})
            (v128.store offset={3} (local.get $to) (local.get $b))
            ({0} (i32.or (i32.and (local.get $n) (i32.const {2})) (i32.add (local.get $to) (i32.const {3}))) {1})
            (local.set $a (v128.load offset=32 (local.get $to)))
            (local.set $b (v128.load offset={3} (local.get $to)))
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20))))
          (v128.store (local.get $from) (local.get $a))
          (v128.store offset=16 (local.get $from) (local.get $b))
          (local.get $i))))",
                  store, value, mask, distance);
}

TEST(wasm_compiler_loops, lanes_that_are_written_through_memory)
{
    const std::string number = "(i32.add (i32.const 0x5a6978a1) (i32.mul (i32.const 0x01020304) (local.get $i)))";
    const std::string wide = "(i64.mul (i64.const 0x123456789abcdef1) (i64.extend_i32_u " + number + "))";
    const std::array<std::array<std::string, 2>, 6> stores = {{{"i32.store8", number},
                                                               {"i32.store16", number},
                                                               {"i32.store", number},
                                                               {"i64.store", wide},
                                                               {"f32.store", "(f32.reinterpret_i32 " + number + ")"},
                                                               {"f64.store", "(f64.reinterpret_i64 " + wide + ")"}}};
    for (const auto& [store, value] : stores)
        for (const int mask : {5, 9, 12, 14, 15, 16})
            for (const int distance : {0, 16, 31, 40, 48}) {
                const auto source = lanes_text(store, value, mask, distance);
                Tier interpreted(source, false), compiled(source, true);
                for (const std::uint32_t to :
                     {1024u, 1025u, 1031u, 1038u, 65535u - 63, 65535u - 62, 65535u - 47, 65535u - 46, 0xffffffe0u}) {
                    const std::vector arguments = {Value::of_i32(512), Value::of_i32(static_cast<int>(to)),
                                                   Value::of_i32(static_cast<int>(to * 5 + 7))};
                    ASSERT_TRUE(interpreted.call("lanes", arguments) == compiled.call("lanes", arguments))
                        << store << " mask " << mask << " distance " << distance << " to " << to;
                }
            }
}

} // namespace
} // namespace trellis::wasm
