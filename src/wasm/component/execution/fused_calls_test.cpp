// Calls between two components, through the host and through adapters, which have to do the same.
#include "wasm/component/encoding/compose.hpp"
#include "wasm/component/encoding/test_encoding.hpp"
#include "wasm/component/execution/concurrency.hpp"
#include "wasm/component/execution/fused_adapter.hpp"
#include "wasm/component/execution/instantiate.hpp"
#include "wasm/component/execution/value.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/validation/validator.hpp"

namespace trellis::wasm::component {
namespace {

const std::string interface = R"(package t:calls;
interface callee {
  enum color { red, green, blue }
  flags rights { read, write }
  record point { x: u32, y: f64 }
  add: func(a: u32, b: u32) -> u32;
  narrow: func(a: u8, b: s8, c: s16, d: bool) -> s8;
  letter: func(c: char) -> u32;
  choose: func(c: color, r: rights) -> color;
  inside: func(p: point) -> f64;
  measure: func(text: string, numbers: list<u16>) -> u32;
  greet: func(name: string) -> string;
  maybe: func(text: option<string>) -> u32;
  throws: func();
  greeted: func() -> u32;
}
)";

/// Each function gives its two numbers to the callee as they are.
constexpr const char* caller = R"((module
  (import "t:calls/callee" "add" (func $add (param i32 i32) (result i32)))
  (import "t:calls/callee" "narrow" (func $narrow (param i32 i32 i32 i32) (result i32)))
  (import "t:calls/callee" "letter" (func $letter (param i32) (result i32)))
  (import "t:calls/callee" "choose" (func $choose (param i32 i32) (result i32)))
  (import "t:calls/callee" "inside" (func $inside (param i32 f64) (result f64)))
  (import "t:calls/callee" "measure" (func $measure (param i32 i32 i32 i32) (result i32)))
  (import "t:calls/callee" "greet" (func $greet (param i32 i32 i32)))
  (import "t:calls/callee" "maybe" (func $maybe (param i32 i32 i32) (result i32)))
  (import "t:calls/callee" "throws" (func $throws))
  (import "t:calls/callee" "greeted" (func $greeted (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "hello\ff")
  (data (i32.const 32) "\01\00\02\00\03\00")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "add") (param i32 i32) (result i32) (call $add (local.get 0) (local.get 1)))
  (func (export "narrow") (param i32 i32) (result i32)
    (call $narrow (local.get 0) (local.get 0) (local.get 0) (local.get 1)))
  (func (export "letter") (param i32 i32) (result i32) (call $letter (local.get 0)))
  (func (export "choose") (param i32 i32) (result i32) (call $choose (local.get 0) (local.get 1)))
  (func (export "inside") (param i32 i32) (result i32)
    (i32.trunc_f64_u (call $inside (local.get 0) (f64.convert_i32_u (local.get 1)))))
  (func (export "measure") (param i32 i32) (result i32)
    (call $measure (i32.const 16) (local.get 0) (i32.const 32) (local.get 1)))
  (func (export "unaligned") (param i32 i32) (result i32)
    (call $measure (i32.const 16) (local.get 0) (i32.const 33) (local.get 1)))
  (func (export "greet") (param i32 i32) (result i32)
    (call $greet (i32.const 16) (local.get 0) (i32.const 64))
    (i32.add (i32.mul (i32.load (i32.const 68)) (i32.const 1000))
             (i32.add (call $greeted) (i32.load8_u (i32.load (i32.const 64))))))
  (func (export "maybe") (param i32 i32) (result i32)
    (call $maybe (local.get 0) (i32.const 16) (local.get 1)))
  (func (export "throws") (param i32 i32) (result i32) (call $throws) (i32.const 0))))";

/// The realloc of lists of two bytes of length 9 gives a place that is not aligned.
constexpr const char* callee = R"((module
  (tag $oops)
  (memory (export "memory") 1)
  (global $greeted (mut i32) (i32.const 0))
  (global $next (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.set $next (i32.add (global.get $next) (i32.const 1024)))
    (i32.add (global.get $next) (i32.eq (local.get 3) (i32.const 18))))
  (func (export "t:calls/callee#add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "t:calls/callee#narrow") (param i32 i32 i32 i32) (result i32)
    (i32.add (i32.add (local.get 0) (local.get 1)) (i32.add (local.get 2) (local.get 3))))
  (func (export "t:calls/callee#letter") (param i32) (result i32) (local.get 0))
  (func (export "t:calls/callee#choose") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "t:calls/callee#inside") (param i32 f64) (result f64)
    (f64.add (f64.convert_i32_u (local.get 0)) (local.get 1)))
  (func (export "t:calls/callee#measure") (param i32 i32 i32 i32) (result i32)
    (i32.add (i32.add (i32.mul (local.get 1) (i32.const 1000)) (i32.load8_u (local.get 0)))
             (i32.load16_u offset=4 (local.get 2))))
  (func (export "t:calls/callee#greet") (param i32 i32) (result i32)
    (i32.store (i32.const 8) (local.get 0))
    (i32.store (i32.const 12) (local.get 1))
    (i32.const 8))
  (func (export "cabi_post_t:calls/callee#greet") (param i32)
    (global.set $greeted (i32.add (global.get $greeted) (i32.load offset=4 (local.get 0)))))
  (func (export "t:calls/callee#maybe") (param i32 i32 i32) (result i32)
    (i32.add (i32.mul (local.get 0) (i32.const 100)) (local.get 2)))
  (func (export "t:calls/callee#throws") (throw $oops))
  (func (export "t:calls/callee#greeted") (result i32) (global.get $greeted))))";

const std::string exports = R"(world w { import callee;
  export add: func(a: u32, b: u32) -> u32; export narrow: func(a: u32, b: u32) -> u32;
  export letter: func(a: u32, b: u32) -> u32; export choose: func(a: u32, b: u32) -> u32;
  export inside: func(a: u32, b: u32) -> u32; export measure: func(a: u32, b: u32) -> u32;
  export unaligned: func(a: u32, b: u32) -> u32; export greet: func(a: u32, b: u32) -> u32;
  export maybe: func(a: u32, b: u32) -> u32; export throws: func(a: u32, b: u32) -> u32; })";

SharedBytes composition()
{
    const auto root = encoding::made_of(interface + exports, caller);
    const auto dependency = encoding::made_of(interface + "world c { export callee; }", callee);
    EXPECT_TRUE(root.has_value() && dependency.has_value());
    auto whole = encoding::compose({"caller", SharedBytes::copy_of(*root)},
                                   std::vector<encoding::ComposedFile>{{"callee", SharedBytes::copy_of(*dependency)}});
    EXPECT_TRUE(whole.has_value()) << whole.error().message;
    return SharedBytes::copy_of(*whole);
}

/// Both components in a store of their own.
class Pair {
public:
    explicit Pair(bool with_adapters)
    {
        if (with_adapters)
            store_.adapter_modules = [this](SharedBytes binary) {
                ++adapters;
                auto module = load_module(std::move(binary), *registry_);
                EXPECT_TRUE(module.has_value()) << module.error().message;
                return module.value_or(nullptr);
            };
        auto made = instantiate(store_, *load_component(composition(), *registry_), imports_);
        EXPECT_TRUE(made.has_value()) << made.error().message;
        instance_ = made.value_or(nullptr);
    }

    /// The number that the function gives, or why it trapped.
    std::string call(std::string_view function, std::uint32_t a, std::uint32_t b)
    {
        const auto& found = *std::get<ComponentFunction*>(*instance_->exports.find(function));
        const auto result = invoke(store_, found, std::vector<Value>{{.bits = a}, {.bits = b}});
        return result ? std::to_string((*result)->bits) : core_.host_error;
    }

    unsigned adapters = 0;

private:
    std::shared_ptr<TypeRegistry> registry_ = std::make_shared<TypeRegistry>();
    Store core_{registry_, interpreter_tier};
    ComponentStore store_{core_};
    HostImports imports_;
    ComponentInstance* instance_ = nullptr;
};

struct Call {
    std::string_view function;
    std::uint32_t a, b;
    std::string_view result; ///< or the beginning of the trap's words
};

class CallsOfComponents : public testing::TestWithParam<Call> {};

TEST_P(CallsOfComponents, are_the_same_through_adapters)
{
    for (const bool with_adapters : {false, true}) {
        Pair pair(with_adapters);
        EXPECT_EQ(pair.adapters, with_adapters ? 10u : 0u);
        const auto result = pair.call(GetParam().function, GetParam().a, GetParam().b);
        EXPECT_TRUE(result.starts_with(GetParam().result)) << GetParam().function << ": " << result;
    }
}

INSTANTIATE_TEST_SUITE_P(
    all, CallsOfComponents,
    testing::Values(Call{"add", 40, 2, "42"}, Call{"narrow", 0x1ff, 2, "4294967294"},
                    Call{"letter", 0x10ffff, 0, "1114111"}, Call{"letter", 0xd800, 0, "invalid `char` bit pattern"},
                    Call{"letter", 0x110000, 0, "invalid `char` bit pattern"}, Call{"letter", 0xe000, 0, "57344"},
                    Call{"choose", 1, 0xfd, "2"}, Call{"choose", 3, 0, "invalid variant discriminant"},
                    Call{"choose", 2, 3, "invalid variant discriminant"}, Call{"inside", 3, 4, "7"},
                    Call{"measure", 5, 3, "5107"}, Call{"measure", 6, 3, "invalid utf-8"},
                    Call{"measure", 70000, 3, "string content out-of-bounds"},
                    Call{"measure", 5, 40000, "list content out-of-bounds"},
                    Call{"measure", 5, 0x8000'0000, "list content out-of-bounds"},
                    Call{"measure", 5, 9, "realloc return: result not aligned"},
                    Call{"unaligned", 5, 3, "unaligned pointer"}, Call{"greet", 4, 0, "4108"}, Call{"maybe", 0, 5, "0"},
                    Call{"maybe", 1, 5, "105"}, Call{"maybe", 2, 5, "invalid variant discriminant"},
                    Call{"throws", 0, 0, "thrown Wasm exception: uncaught exception"}));

TEST(wasm_component_fused_calls, a_trap_leaves_the_callee_entered)
{
    Pair pair(true);
    EXPECT_EQ(pair.call("letter", 0xd800, 0), "invalid `char` bit pattern");
    EXPECT_EQ(pair.call("add", 1, 2), "cannot enter component instance");
}

TEST(wasm_component_fused_calls, equal_shapes_are_equal_bytes)
{
    const wasm::FuncType type{{i32, i32}, {i32}};
    FusedShape shape{.lowered = &type, .core = &type, .entered = 1, .params = FlatSteps(2), .results = FlatSteps(1)};
    const auto bytes = make_fused_adapter(shape);
    EXPECT_EQ(make_fused_adapter(shape), bytes);
    shape.entered = 2;
    EXPECT_NE(make_fused_adapter(shape), bytes);
}

} // namespace
} // namespace trellis::wasm::component
