// Components put together, and why some can't be.
#include "wasm/component/encoding/component_writer.hpp"
#include "wasm/component/encoding/compose.hpp"
#include "wasm/component/encoding/test_encoding.hpp"

namespace trellis::wasm::component::encoding {
namespace {

ComposedFile file_of(std::string name, std::string wit_text, std::string_view module_text)
{
    const auto binary = made_of(std::move(wit_text), module_text);
    EXPECT_TRUE(binary.has_value()) << name << ": " << binary.error().message;
    return {std::move(name), SharedBytes::copy_of(binary.value_or(std::vector<std::uint8_t>()))};
}

using Files = std::vector<ComposedFile>;

/// What the composition says of itself, or why there is none.
std::string composed(const ComposedFile& root, const Files& dependencies)
{
    const auto binary = compose(root, dependencies);
    if (!binary)
        return binary.error().message;
    const auto component = loaded(*binary);
    if (!component)
        return "not valid: " + component.error().message;
    const auto model = decode_wit(**component);
    return model ? wit::print(*model) : model.error().message;
}

const std::string one_export = R"((module (func (export "f") (param i32) (result i32) local.get 0)))";

ComposedFile adder(const std::string& name = "adder.wasm", const std::string& version = "1.2.0")
{
    return file_of(name, "package m:add@" + version + "; interface i { f: func(x: u32) -> u32; } world w { export i; }",
                   "(module (func (export \"m:add/i@" + version + "#f\") (param i32) (result i32) local.get 0))");
}

ComposedFile user(const std::string& version = "1.2.0", const std::string& function = "f: func(x: u32) -> u32;",
                  const std::string& type = "(param i32) (result i32)")
{
    return file_of("user.wasm",
                   "package m:add@" + version + "; interface i { " + function +
                       " } world w { import i; export go: func(); }",
                   "(module (import \"m:add/i@" + version + "\" \"f\" (func " + type + ")) (func (export \"go\")))");
}

const std::string only_go = "package root:component;\n\nworld root {\n  export go: func();\n}\n";

TEST(wasm_component_compose, a_dependency_gives_what_the_root_imports)
{
    EXPECT_EQ(composed(user(), {adder()}), only_go);
}

TEST(wasm_component_compose, compatible_versions_stand_for_one_another)
{
    EXPECT_EQ(composed(user("1.0.4"), {adder("adder.wasm", "1.2.0")}), only_go);
    EXPECT_EQ(composed(user("2.0.0"), {adder()}),
              "nothing that user.wasm needs comes from adder.wasm, which exports m:add/i@1.2.0");
}

TEST(wasm_component_compose, plain_names_are_matched_too)
{
    const auto root = file_of("root.wasm", "package a:b; world w { import f: func(x: u32) -> u32; export g: func(); }",
                              R"((module (import "$root" "f" (func (param i32) (result i32))) (func (export "g"))))");
    const auto dependency = file_of("f.wasm", "package a:b; world w { export f: func(x: u32) -> u32; }", one_export);
    EXPECT_EQ(composed(root, {dependency}), "package root:component;\n\nworld root {\n  export g: func();\n}\n");
}

TEST(wasm_component_compose, two_providers_are_refused)
{
    EXPECT_EQ(composed(user(), {adder("a.wasm"), adder("b.wasm", "1.3.0")}),
              "m:add/i@1.2.0 is imported by user.wasm and exported by both a.wasm and b.wasm; leave out one");
}

TEST(wasm_component_compose, types_that_differ_are_refused)
{
    const auto message = composed(user("1.2.0", "f: func(x: u64) -> u32;", "(param i64) (result i32)"), {adder()});
    EXPECT_TRUE(message.starts_with("the components don't fit together: type mismatch for import `m:add/i@1.2.0`"))
        << message;
    EXPECT_TRUE(message.ends_with("; user.wasm imports it, adder.wasm exports it")) << message;
}

ComposedFile relay(const std::string& name, const std::string& from, const std::string& to)
{
    return file_of(name,
                   "package m:relay; interface " + from + " { f: func(); } interface " + to +
                       " { f: func(); } world w { import " + from + "; export " + to + "; }",
                   "(module (import \"m:relay/" + from + "\" \"f\" (func)) (func (export \"m:relay/" + to + "#f\")))");
}

TEST(wasm_component_compose, cycles_are_refused)
{
    EXPECT_EQ(composed(relay("a.wasm", "x", "y"), {relay("b.wasm", "z", "x"), relay("c.wasm", "x", "z")}),
              "components can't need each other: b.wasm imports m:relay/z of c.wasm, c.wasm imports m:relay/x of "
              "b.wasm");
    EXPECT_EQ(composed(relay("a.wasm", "x", "y"), {relay("b.wasm", "y", "x")}),
              "components can't need each other: a.wasm imports m:relay/x of b.wasm, b.wasm imports m:relay/y of "
              "a.wasm");
}

TEST(wasm_component_compose, dependencies_of_dependencies_come_first)
{
    EXPECT_EQ(composed(relay("a.wasm", "b", "a"), {relay("b.wasm", "c", "b"), relay("c.wasm", "d", "c")}),
              "package root:component;\n\nworld root {\n  import m:relay/d;\n\n  export m:relay/a;\n}\n\n"
              "package m:relay {\n  interface d {\n    f: func();\n  }\n\n  interface a {\n    f: func();\n  }\n}\n");
}

const std::string streams = "interface streams { resource out { write: func(x: u32); flush: func(); } "
                            "variant error { closed, failed(out) } } ";

/// Writes to a stream, which it hands on to the interface it imports.
ComposedFile stream_root()
{
    return file_of("root.wasm",
                   "package w:io@0.2.0; " + streams +
                       "interface log { use streams.{out}; log: func(to: borrow<out>) -> own<out>; } "
                       "world w { import streams; import log; export go: func(); }",
                   R"((module (import "w:io/streams@0.2.0" "[method]out.write" (func (param i32 i32)))
                              (import "w:io/log@0.2.0" "log" (func (param i32) (result i32)))
                              (import "w:io/streams@0.2.0" "[resource-drop]out" (func (param i32)))
                              (func (export "go"))))");
}

ComposedFile stream_logger(const std::string& version)
{
    return file_of("logger.wasm",
                   "package w:io@" + version + "; " + streams +
                       "interface log { use streams.{out}; log: func(to: borrow<out>) -> own<out>; } "
                       "world w { import streams; export log; }",
                   "(module (import \"w:io/streams@" + version +
                       "\" \"[method]out.flush\" (func (param i32))) (func (export \"w:io/log@" + version +
                       "#log\") (param i32) (result i32) local.get 0))");
}

TEST(wasm_component_compose, a_resource_of_a_shared_import_is_one)
{
    const auto world = composed(stream_root(), {stream_logger("0.2.5")});
    EXPECT_EQ(world, "package root:component;\n\nworld root {\n  import w:io/streams@0.2.5;\n\n"
                     "  export go: func();\n}\n\n"
                     "package w:io@0.2.5 {\n  interface streams {\n    resource out {\n"
                     "      write: func(x: u32);\n      flush: func();\n    }\n  }\n}\n");
}

/// The other way round: the dependency knows more types of the interface that both import.
TEST(wasm_component_compose, a_shared_import_has_what_each_needs_of_it)
{
    const std::string types = "package t:t; interface base { record r { x: u8 } } "
                              "interface a { use base.{r}; type both = r; f: func(); g: func(x: both); } ";
    const auto root = file_of("root.wasm", types + "interface d { h: func(); } world w { import a; import d; }",
                              R"((module (import "t:t/a" "f" (func)) (import "t:t/d" "h" (func))))");
    const auto dependency = file_of("d.wasm", types + "interface d { h: func(); } world w { import a; export d; }",
                                    R"((module (import "t:t/a" "g" (func (param i32))) (func (export "t:t/d#h"))))");
    const auto world = composed(root, {dependency});
    EXPECT_TRUE(world.starts_with("package root:component;\n\nworld root {\n  import t:t/base;\n  import t:t/a;\n}\n"))
        << world;
    EXPECT_TRUE(world.contains("f: func();")) << world;
    EXPECT_TRUE(world.contains("g: func(x: both);")) << world;
}

TEST(wasm_component_compose, types_of_the_world_itself_come_from_the_provider)
{
    const auto root = file_of("root.wasm",
                              "package t:t; interface i { resource r; make: func() -> r; } "
                              "world w { use i.{r}; import take: func(x: r); export go: func(); }",
                              R"((module (import "t:t/i" "make" (func (result i32)))
                                         (import "$root" "take" (func (param i32))) (func (export "go"))))");
    const auto maker =
        file_of("maker.wasm", "package t:t; interface i { resource r; make: func() -> r; } world w { export i; }",
                R"((module (func (export "t:t/i#make") (result i32) i32.const 0)))");
    const auto taker = file_of("taker.wasm",
                               "package t:t; interface i { resource r; make: func() -> r; } "
                               "world w { use i.{r}; export take: func(x: r); }",
                               R"((module (func (export "take") (param i32))))");
    EXPECT_EQ(composed(root, {taker, maker}), only_go);
}

TEST(wasm_component_compose, a_component_may_stand_before_what_it_exports)
{
    const auto wrapper = file_of("wrapper.wasm",
                                 "package m:add@1.2.0; interface i { f: func(x: u32) -> u32; } "
                                 "world w { import i; export i; }",
                                 R"((module (import "m:add/i@1.2.0" "f" (func (param i32) (result i32)))
                                    (func (export "m:add/i@1.2.0#f") (param i32) (result i32) local.get 0)))");
    const auto world = composed(user(), {wrapper});
    EXPECT_TRUE(world.contains("import m:add/i@1.2.0;\n\n  export go: func();")) << world;
}

TEST(wasm_component_compose, exported_interfaces_may_use_types_of_dependencies)
{
    const std::string types = "package t:t; interface types { record r { x: u8 } resource q; make: func() -> q; } "
                              "interface api { use types.{r, q}; f: func(x: r) -> q; } ";
    const auto root = file_of("root.wasm", types + "world w { import types; export api; }",
                              R"((module (import "t:t/types" "make" (func (result i32)))
                                  (func (export "t:t/api#f") (param i32) (result i32) call 0)))");
    const auto dependency = file_of("types.wasm", types + "world w { export types; }",
                                    R"((module (func (export "t:t/types#make") (result i32) i32.const 0)))");
    const auto world = composed(root, {dependency});
    EXPECT_TRUE(world.contains("export t:t/api;")) << world;
}

std::string composed_with_import(const ExternName& name)
{
    ComponentWriter writer;
    const auto type = writer.add(written::InstanceType{});
    writer.add(Import{name, written::InstanceOfType{type}});
    const auto given = writer.add(written::InstanceType{});
    writer.add(Import{{.name = "m:add/i@1.2.0"}, written::InstanceOfType{given}});
    return composed({"odd.wasm", SharedBytes::copy_of(std::move(writer).finish())}, {adder()});
}

TEST(wasm_component_compose, odd_names_are_kept_or_refused)
{
    EXPECT_EQ(composed_with_import({.name = "x:y/z@0.2", .version_suffix = ".3"}),
              "package root:component;\n\nworld root {\n  import x:y/z@0.2.3;\n}\n\n"
              "package x:y@0.2.3 {\n  interface z {\n  }\n}\n");
    EXPECT_EQ(composed_with_import({.name = "x:y/z@0.2"}), "x:y@0.2 has no full version, which WIT asks for");
    EXPECT_TRUE(composed_with_import({.name = "url=<https://a.b/c@d>"}).ends_with("which WIT asks for"));
    EXPECT_EQ(composed_with_import({.name = "unlocked-dep=<a:b@{>=1.0.0}>"}),
              "package root:component;\n\nworld root {\n  import unlocked-dep=<a:b@{>=1.0.0}>: interface {\n  }\n}\n");
}

TEST(wasm_component_compose, files_that_are_no_components_are_named)
{
    const ComposedFile nothing{"nothing.wasm", SharedBytes::copy_of(std::vector<std::uint8_t>{1, 2, 3})};
    EXPECT_TRUE(composed(user(), {nothing}).starts_with("nothing.wasm: "));
}

} // namespace
} // namespace trellis::wasm::component::encoding
