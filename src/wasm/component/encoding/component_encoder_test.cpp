// From a core module and its world to a component.
#include "wasm/component/encoding/test_encoding.hpp"

namespace trellis::wasm::component::encoding {
namespace {

const std::string memory_and_realloc =
    R"((memory (export "memory") 1) (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 8))";

std::string with_memory(const std::string& imports, const std::string& rest)
{
    return "(module " + imports + memory_and_realloc + rest + ")";
}

TEST(wasm_component_new, lifts_and_lowers_functions)
{
    EXPECT_EQ(
        world_of("package a:b; world w { import f: func(x: u32) -> u64; export g: func(y: f32); }",
                 R"((module (import "$root" "f" (func (param i32) (result i64)))
                                  (func (export "g") (param f32))))"),
        "package root:component;\n\nworld root {\n  import f: func(x: u32) -> u64;\n\n  export g: func(y: f32);\n}\n");
}

TEST(wasm_component_new, imports_only_what_the_module_uses)
{
    const auto text = world_of("package a:b; interface t { record r { x: u8 } record unused { y: u8 } } "
                               "interface i { use t.{r, unused}; f: func(r: r); g: func(u: unused); } "
                               "interface other { h: func(); } world w { import i; import other; }",
                               R"((module (import "a:b/i" "f" (func (param i32)))))");
    EXPECT_EQ(text, "package root:component;\n\nworld root {\n  import a:b/t;\n  import a:b/i;\n}\n\n"
                    "package a:b {\n  interface t {\n    record r {\n      x: u8,\n    }\n  }\n\n"
                    "  interface i {\n    use t.{r};\n\n    f: func(r: r);\n  }\n}\n");
}

TEST(wasm_component_new, functions_that_need_memory_go_through_a_second_module)
{
    const auto component = component_of("package a:b; world w { import f: func(s: string) -> string; }",
                                        with_memory(R"((import "$root" "f" (func (param i32 i32 i32))))", ""));
    ASSERT_NE(component, nullptr);
    const auto modules = std::ranges::count_if(component->definitions, [](const Definition& one) {
        return std::holds_alternative<CoreModuleDefinition>(one.what);
    });
    EXPECT_EQ(modules, 3);
}

TEST(wasm_component_new, functions_without_memory_need_no_other_module)
{
    const auto component = component_of("package a:b; world w { import f: func(x: u8); }",
                                        R"((module (import "$root" "f" (func (param i32)))))");
    ASSERT_NE(component, nullptr);
    const auto modules = std::ranges::count_if(component->definitions, [](const Definition& one) {
        return std::holds_alternative<CoreModuleDefinition>(one.what);
    });
    EXPECT_EQ(modules, 1);
}

const std::string exported_resource =
    "package a:b; interface i { resource r { constructor(x: u32); get: func() -> u32; } "
    "swap: func(r: r, b: borrow<r>) -> r; } world w { export i; }";

TEST(wasm_component_new, exported_resources_have_destructors)
{
    const auto component = component_of(exported_resource, R"((module
        (import "[export]a:b/i" "[resource-new]r" (func (param i32) (result i32)))
        (import "[export]a:b/i" "[resource-rep]r" (func (param i32) (result i32)))
        (import "[export]a:b/i" "[resource-drop]r" (func (param i32)))
        (func (export "a:b/i#[constructor]r") (param i32) (result i32) i32.const 0)
        (func (export "a:b/i#[method]r.get") (param i32) (result i32) i32.const 0)
        (func (export "a:b/i#swap") (param i32 i32) (result i32) i32.const 0)
        (func (export "a:b/i#[dtor]r") (param i32))))");
    ASSERT_NE(component, nullptr);
    const auto defined = std::ranges::find_if(
        component->resources, [](const Resource& one) { return std::holds_alternative<DefinedResource>(one.origin); });
    ASSERT_NE(defined, component->resources.end());
    EXPECT_TRUE(std::get<DefinedResource>(defined->origin).destructor.has_value());
}

TEST(wasm_component_new, names_of_build_targets_are_understood)
{
    EXPECT_NE(component_of("package a:b@0.2.1; interface i { resource r; f: func(s: string); } "
                           "world w { import i; export i; import now: func() -> u64; export run: func() -> string; }",
                           R"((module
        (import "cm32p2|a:b/i@0.2" "f" (func (param i32 i32)))
        (import "cm32p2|a:b/i@0.2" "r_drop" (func (param i32)))
        (import "cm32p2|_ex_a:b/i@0.2" "r_new" (func (param i32) (result i32)))
        (import "cm32p2" "now" (func (result i64)))
        (memory (export "cm32p2_memory") 1)
        (func (export "cm32p2_realloc") (param i32 i32 i32 i32) (result i32) i32.const 8)
        (func (export "cm32p2_initialize"))
        (func (export "cm32p2||run") (result i32) i32.const 0)
        (func (export "cm32p2||run_post") (param i32))
        (func (export "cm32p2|a:b/i@0.2|f") (param i32 i32))
        (func (export "cm32p2|a:b/i@0.2|r_dtor") (param i32))))"),
              nullptr);
}

TEST(wasm_component_new, interfaces_of_compatible_versions_are_found)
{
    const std::string text = "package a:b@1.2.3; interface i { f: func(); } world w { import i; }";
    EXPECT_NE(component_of(text, R"((module (import "a:b/i@1.0.0" "f" (func))))"), nullptr);
    EXPECT_EQ(refusal_of(text, R"((module (import "a:b/i@2.0.0" "f" (func))))"),
              "the module imports a:b/i@2.0.0 f, and world a:b/w@1.2.3 has no interface a:b/i@2.0.0 among its imports");
}

TEST(wasm_component_new, asynchronous_functions_and_their_built_in_ones)
{
    EXPECT_NE(component_of("package a:b; interface i { f: async func(s: string, t: stream<string>) -> string; } "
                           "world w { import i; export i; }",
                           with_memory(R"(
        (import "a:b/i" "[async-lower]f" (func (param i32 i32 i32 i32) (result i32)))
        (import "[export]a:b/i" "[task-return]f" (func (param i32 i32)))
        (import "[export]$root" "[task-cancel]" (func))
        (import "a:b/i" "[stream-new-0]f" (func (result i64)))
        (import "a:b/i" "[stream-read-0]f" (func (param i32 i32 i32) (result i32)))
        (import "a:b/i" "[async-lower][stream-write-0]f" (func (param i32 i32 i32) (result i32)))
        (import "a:b/i" "[stream-drop-readable-0]f" (func (param i32)))
        (import "[export]a:b/i" "[future-new-unit]" (func (result i64)))
        (import "$root" "[waitable-set-new]" (func (result i32)))
        (import "$root" "[waitable-set-wait]" (func (param i32 i32) (result i32)))
        (import "$root" "[cancellable][thread-yield]" (func (result i32)))
        (import "$root" "[context-get-0]" (func (result i32)))
        (import "$root" "[subtask-drop]" (func (param i32)))
        (import "$root" "[backpressure-inc]" (func)))",
                                       R"(
        (func (export "[async-lift]a:b/i#f") (param i32 i32 i32) (result i32) i32.const 0)
        (func (export "[callback][async-lift]a:b/i#f") (param i32 i32 i32) (result i32) i32.const 0))")),
              nullptr);
}

TEST(wasm_component_new, the_module_is_initialised_when_everything_is_there)
{
    const auto component = component_of(
        "package a:b; world w { import log: func(s: string); }",
        with_memory(R"((import "$root" "log" (func (param i32 i32))))", R"((func (export "_initialize")))"));
    ASSERT_NE(component, nullptr);
    const auto& last =
        std::ranges::find_if(component->definitions.rbegin(), component->definitions.rend(), [](const Definition& one) {
            return std::holds_alternative<CoreModuleDefinition>(one.what);
        })->what;
    EXPECT_TRUE(std::get<CoreModuleDefinition>(last).module->start.has_value());
}

TEST(wasm_component_new, a_module_may_want_to_be_given_its_memory)
{
    EXPECT_NE(component_of("package a:b; world w { import f: func(s: string) -> string; export g: func() -> string; }",
                           R"((module (import "env" "memory" (memory 2 10))
                                (import "$root" "f" (func (param i32 i32 i32)))
                                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 8)
                                (func (export "g") (result i32) i32.const 0)))"),
              nullptr);
    EXPECT_NE(component_of("package a:b; world w { }", R"((module (import "env" "memory" (memory 1))))"), nullptr);
}

TEST(wasm_component_new, a_function_may_be_imported_twice)
{
    const auto component = component_of("package a:b; world w { import f: func(s: string); }",
                                        with_memory(R"((import "$root" "f" (func (param i32 i32)))
                                                       (import "$root" "f" (func (param i32 i32))))",
                                                    ""));
    ASSERT_NE(component, nullptr);
    EXPECT_EQ(component->imports.size(), 1u);
}

TEST(wasm_component_new, an_interface_can_be_imported_under_several_names)
{
    const auto text = world_of("package a:b; interface i { resource r; f: func() -> r; } "
                               "world w { import one: i; import two: i; }",
                               R"((module (import "one" "f" (func (result i32))) (import "two" "f" (func (result i32)))
                                          (import "two" "[resource-drop]r" (func (param i32)))))");
    EXPECT_NE(text.find("import one: a:b/i;\n  import two: a:b/i;"), std::string::npos) << text;
}

TEST(wasm_component_new, functions_that_nobody_provides_are_there_if_asked_for)
{
    const auto model = wit::model_of("package a:b; world w { export f: func(); }");
    ASSERT_TRUE(model.has_value());
    const auto module = module_of(R"((module
        (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
        (import "wasi_unstable" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
        (func (export "f"))))");
    const auto refused = encode_component(std::array{CorePart{&module}}, *model, wit::WorldId{0});
    ASSERT_FALSE(refused.has_value());
    EXPECT_TRUE(refused.error().message.starts_with("the module imports WASI 0.1 (wasi_snapshot_preview1 fd_write)"));
    const auto made = encode_component(std::array{CorePart{&module}}, *model, wit::WorldId{0}, {.stub_wasi = true});
    ASSERT_TRUE(made.has_value());
    const auto component = loaded(*made);
    ASSERT_TRUE(component.has_value()) << component.error().message;
    EXPECT_TRUE((*component)->imports.empty());
}

/// A module with the only world of a text inside.
Module with_world(std::string_view module_text, const std::string& wit_text)
{
    const auto model = wit::model_of(wit_text);
    EXPECT_TRUE(model.has_value());
    const auto module = module_of(module_text);
    const auto binary = embed_world(module.binary.view(), *model, wit::WorldId{0});
    return std::move(*decode_module(SharedBytes::copy_of(binary)));
}

constexpr std::string_view adapter = R"((module
    (import "env" "memory" (memory 0))
    (import "__main_module__" "cabi_realloc" (func (param i32 i32 i32 i32) (result i32)))
    (import "a:b/logging" "log" (func $log (param i32 i32)))
    (import "a:b/logging" "other" (func $other (param i32)))
    (global $__stack_pointer (mut i32) (i32.const 0))
    (func (export "write") (param i32 i32) (call $log (local.get 0) (local.get 1)))
    (func (export "never") (param i32) (call $other (local.get 0)))))";
const std::string logging = "package a:b; interface logging { log: func(text: string); other: func(x: u8); } "
                            "world w { import logging; }";

Result<std::vector<std::uint8_t>> adapted(std::string_view main_text, std::string_view adapter_text = adapter)
{
    const auto main = module_of(main_text);
    const auto adapter_module = with_world(adapter_text, logging);
    const std::array<const Module*, 2> modules = {&main, &adapter_module};
    const auto described = TRELLIS_TRY(decode_module_world(modules));
    EXPECT_TRUE(described.has_value());
    const std::array parts = {CorePart{&main}, CorePart{&adapter_module, "old"}};
    return encode_component(parts, described->model, described->world);
}

TEST(wasm_component_new, adapters_answer_imports_with_interfaces_of_their_own)
{
    const auto binary =
        adapted(with_memory(R"((import "old" "write" (func (param i32 i32))))", "(func (export \"unknown\"))"));
    ASSERT_TRUE(binary.has_value()) << binary.error().message;
    const auto component = loaded(*binary);
    ASSERT_TRUE(component.has_value()) << component.error().message;
    const auto model = decode_wit(**component);
    ASSERT_TRUE(model.has_value());
    EXPECT_EQ(wit::print(*model), "package root:component;\n\nworld root {\n  import a:b/logging;\n}\n\n"
                                  "package a:b {\n  interface logging {\n    log: func(text: string);\n  }\n}\n");
}

TEST(wasm_component_new, adapters_get_memory_of_the_modules)
{
    const std::string import = R"((import "old" "write" (func (param i32 i32))))";
    const auto with_malloc = adapted("(module " + import + R"((memory (export "memory") 1)
        (func (export "malloc") (param i32) (result i32) i32.const 8)))");
    ASSERT_TRUE(with_malloc.has_value()) << with_malloc.error().message;
    const auto component = loaded(*with_malloc);
    EXPECT_TRUE(component.has_value()) << component.error().message;
    const auto without = adapted("(module " + import + R"((memory (export "memory") 1)))");
    ASSERT_FALSE(without.has_value());
    EXPECT_EQ(without.error().message,
              "the adapter needs memory of the module's: let it export cabi_realloc, or malloc "
              "(-Wl,--export=malloc)");
    const auto unknown = adapted(with_memory(R"((import "old" "read" (func (param i32))))", ""));
    ASSERT_FALSE(unknown.has_value());
    EXPECT_EQ(unknown.error().message,
              "the module imports old read [i32] -> [], which the adapter of this name does not export");
}

const std::string copies = R"((module
    (import "__main_memory__" "pages" (func $pages (result i32)))
    (import "__main_memory__" "read" (func $read (param i32 i32 i32)))
    (import "__main_memory__" "write" (func (param i32 i32 i32)))
    (import "a:b/logging" "log" (func $log (param i32 i32)))
    (func (export "write") (param i32 i32)
      (call $read (call $pages) (local.get 0) (local.get 1))
      (call $log (call $pages) (local.get 1))))";

TEST(wasm_component_new, adapters_may_have_a_memory_of_their_own)
{
    const std::string main = R"((import "old" "write" (func (param i32 i32))) (memory (export "memory") 1))";
    const auto binary = adapted("(module " + main + ")", copies + R"((memory (export "memory") 1)))");
    ASSERT_TRUE(binary.has_value()) << binary.error().message;
    const auto component = loaded(*binary);
    EXPECT_TRUE(component.has_value()) << component.error().message;
    const auto without_main = adapted(R"((module (import "old" "write" (func (param i32 i32)))))",
                                      copies + R"((memory (export "memory") 1)))");
    ASSERT_FALSE(without_main.has_value());
    EXPECT_EQ(without_main.error().message, "the adapter needs the module's memory; it has to export it as memory");
    const auto without_own = adapted("(module " + main + ")", copies + ")");
    ASSERT_FALSE(without_own.has_value());
    EXPECT_EQ(without_own.error().message, "the adapter reaches for the module's memory, and has none of its own");
}

TEST(wasm_component_new, functions_of_adapters_that_nobody_calls_are_traps)
{
    const std::string_view text = R"((module
        (func $helper (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
        (func (export "used") (param i32) (result i32) (call $helper (local.get 0)))
        (func $unused (export "unused") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 5)))))";
    const auto binary = adapted(R"((module (import "old" "used" (func (param i32) (result i32)))))", text);
    ASSERT_TRUE(binary.has_value()) << binary.error().message;
    const auto component = loaded(*binary);
    ASSERT_TRUE(component.has_value()) << component.error().message;
    std::vector<std::vector<std::size_t>> sizes; // of bodies, by module
    for (const auto& one : (*component)->definitions)
        if (const auto* core = std::get_if<CoreModuleDefinition>(&one.what))
            for (sizes.emplace_back(); const auto& function : core->module->functions)
                sizes.back().push_back(function.body.size);
    EXPECT_NE(std::ranges::find(sizes, std::vector<std::size_t>{7, 6, 3}), sizes.end());
}

TEST(wasm_component_new, refusals_say_what_does_not_fit)
{
    const std::string one = "package a:b; world w { import f: func(x: u8); export g: func() -> list<u8>; }";
    EXPECT_EQ(refusal_of(one, "(module)"),
              "the module does not export g, which world a:b/w asks for; a linker drops what is not used: export it "
              "(--export or the attribute export_name)");
    EXPECT_EQ(refusal_of(one, R"((module (import "$root" "f" (func (param i64)))))"),
              "the core function $root f has the type [i64] -> [], and world a:b/w makes it [i32] -> []; generate the "
              "bindings anew");
    EXPECT_EQ(refusal_of(one, R"((module (import "$root" "h" (func))))"),
              "the module imports $root h, which is no function in world a:b/w");
    EXPECT_EQ(refusal_of(one, R"((module (import "$root" "f" (global i32))))"),
              "the module imports $root f, which is no function; a component gives its module functions only");
    EXPECT_EQ(refusal_of(one, R"((module (func (export "g") (result i32) i32.const 0)))"),
              "g passes values in memory, and the module exports none; it has to be called memory");
    EXPECT_EQ(refusal_of("package a:b; world w { export g: func(x: string); }",
                         R"((module (memory (export "memory") 1) (func (export "g") (param i32 i32))))"),
              "g hands strings or lists to the module, which has to export cabi_realloc for that");
    EXPECT_EQ(refusal_of("package a:b; world w { export g: async func(); }",
                         R"((module (func (export "[async-lift]g") (result i32) i32.const 0)))"),
              "the module exports [async-lift]g without [callback][async-lift]g");
    EXPECT_EQ(
        refusal_of(one, R"((module (import "$root" "[stream-read-0]f" (func (param i32 i32 i32) (result i32)))))"),
        "the module imports $root [stream-read-0]f, which is no built-in function that makes sense in world a:b/w");
}

} // namespace
} // namespace trellis::wasm::component::encoding
