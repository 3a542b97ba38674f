// WIT to its binary form and back.
#include "wasm/component/encoding/test_encoding.hpp"

#include "wasm/binary/writer.hpp"
#include "wasm/component/binary/decoder.hpp"
#include "wasm/component/encoding/component_writer.hpp"
#include "wasm/component/encoding/json_tree.hpp"

namespace trellis::wasm::component::encoding {
namespace {

std::vector<std::uint8_t> package_of(const std::string& text)
{
    const auto model = wit::model_of(text);
    EXPECT_TRUE(model.has_value()) << model.error().message;
    return model ? encode_package(*model, model->root) : std::vector<std::uint8_t>();
}

/// What is printed of a text after it was binary.
std::string through_binary(const std::string& text)
{
    const auto component = loaded(package_of(text));
    if (!component)
        return component.error().message;
    EXPECT_TRUE(is_wit_package(**component));
    const auto model = decode_wit(**component);
    return model ? wit::print(*model) : model.error().message;
}

const std::vector<std::string> packages = {
    "package a:b; interface i { f: func(); }",
    "package a:b@1.2.3; interface i { f: func(a: u8, b: s64, c: f32, d: char, e: bool) -> string; }",
    "package a:b; interface i { record r { x: u32, y: list<string> } f: func(r: r) -> option<r>; }",
    "package a:b; interface i { variant v { none, one(u8), two(tuple<u8, v2>) } enum v2 { a, b } flags fl { x, y } "
    "f: func(v: v, fl: fl); }",
    "package a:b; interface i { type a = u32; type b = a; type c = list<b>; f: func(c: c) -> b; }",
    "package a:b; interface i { resource r { constructor(x: u8); m: func() -> u32; s: static func(r: borrow<r>) -> r; "
    "} "
    "type alias = r; type owned = own<r>; f: func(r: r, a: alias); }",
    "package a:b; interface i { resource r { constructor(x: u8) -> result<r, string>; } }",
    "package a:b; interface i { f: async func(s: stream<u8>, t: stream) -> future<result<list<u8>, error-context>>; "
    "g: func(f: future); }",
    "package a:b; interface i { f: func(m: map<string, u32>, l: list<u8, 4>) -> result; g: func() -> result<_, u8>; }",
    "package a:b; interface t { record r { x: u8 } resource h; } interface u { use t.{r, h as handle}; "
    "f: func(r: r, h: handle) -> handle; }",
    "package a:b; interface t { record inner { x: u8 } variant outer { a(inner), b } } interface u { use t.{outer}; "
    "f: func() -> outer; }",
    "package a:b; interface i { f: func(); } world w { import i; export i; import g: func(x: u8); export h: func(); }",
    "package a:b; interface t { record r { x: u8 } } world w { use t.{r}; type s = u32; import f: func(r: r, s: s); "
    "export g: func() -> r; }",
    "package a:b; world w { import i: interface { record r { x: u8 } f: func(r: r); } export j: interface { g: func(); "
    "} "
    "}",
    "package a:b; interface t { resource r; } interface u { use t.{r}; f: func(r: borrow<r>); } "
    "world w { import t; export u; }",
    "package a:b; interface t { resource r; } interface u { use t.{r}; f: func() -> r; } world w { export t; export u; "
    "}",
    "package a:b; interface i { @external-id(\"x y\") f: func(); }",
    "package a:b; interface %interface { %type: func(%record: u8); }",
    "package a:b; interface second { use first.{r}; f: func() -> r; } interface first { record r { x: u8 } }",
    "package a:b; interface i { f: func(); } world w { import one: i; import two: i; export three: i; }",
};

TEST(wasm_encoding, packages_come_back_as_they_were)
{
    for (const auto& text : packages)
        EXPECT_EQ(through_binary(text), wit::printed(text));
}

TEST(wasm_encoding, packages_of_others_come_with_what_is_used_of_them)
{
    const std::string text = "package a:b; interface i { use c:d/e@1.0.0.{r}; f: func(r: r); } "
                             "package c:d@1.0.0 { interface e { record r { x: u8 } } }";
    EXPECT_EQ(through_binary(text), wit::printed(text));
}

TEST(wasm_encoding, documentation_and_gates_come_back_too)
{
    const std::string text = R"(
/// The package, with "quotes", a \ and an umlaut: ü.
package a:b@1.2.0;

/// An interface.
/// Two lines.
@since(version = 1.0.0)
interface i {
  /// A record.
  @since(version = 1.1.0)
  @deprecated(version = 1.2.0)
  record r {
    /// A field.
    x: u8,
  }
  /// A resource.
  resource s {
    /// A method.
    m: func();
  }
  /// Cases.
  enum e { /// One.
    one, two }
  @unstable(feature = soon)
  f: func();
}

/// A world.
world w {
  /// Imported.
  @since(version = 1.0.0)
  import i;
  /// Own.
  export g: func();
  /// Written here.
  import inner: interface {
    /// Inside.
    h: func();
  }
}
)";
    const auto model = wit::model_of(text, {.features = {}, .all_features = true});
    ASSERT_TRUE(model.has_value()) << model.error().message;
    const auto component = loaded(encode_package(*model, model->root));
    ASSERT_TRUE(component.has_value());
    const auto decoded = decode_wit(**component);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(wit::print(*decoded), wit::print(*model));
}

TEST(wasm_encoding, json_of_others_is_read)
{
    const auto tree =
        read_json(R"( {"a" : "x\u00e4\ud83d\ude00\n\/", "b": {"c":[1,true,null,{"d":"e"}], "f":"g"}, "h":-1.5e3} )");
    ASSERT_TRUE(tree.has_value());
    EXPECT_EQ(tree->find("a")->text, "xä😀\n/");
    EXPECT_EQ(tree->find("b")->find("f")->text, "g");
    for (const std::string bad : {"", "{", "{\"a\":}", "{\"a\":\"\\x\"}", "\"", "{}x", "{\"a\" \"b\"}"})
        EXPECT_FALSE(read_json(bad).has_value()) << bad;
    EXPECT_FALSE(read_json(std::string(100'000, '[')).has_value());
}

TEST(wasm_encoding, what_is_decoded_is_written_the_same_again)
{
    for (const auto& text : packages) {
        const auto binary = package_of(text);
        const auto component = decode_component(SharedBytes::copy_of(binary));
        ASSERT_TRUE(component.has_value());
        const auto again = write_component(**component); // but for the custom section at the end
        EXPECT_TRUE(std::ranges::equal(again, Bytes(binary).first(again.size()))) << text;
        EXPECT_GT(again.size(), 8u);
    }
}

TEST(wasm_encoding, a_component_is_no_package)
{
    const auto component = component_of("package a:b; world w { export f: func(); }", "(module (func (export \"f\")))");
    ASSERT_NE(component, nullptr);
    EXPECT_FALSE(is_wit_package(*component));
}

TEST(wasm_encoding, worlds_are_found_in_modules)
{
    const auto model = wit::model_of("package a:b; world w { import f: func(); }");
    ASSERT_TRUE(model.has_value());
    const auto module = module_of("(module)");
    EXPECT_FALSE(decode_module_world(module)->has_value());
    const auto binary = embed_world(module.binary.view(), *model, wit::WorldId{0}, StringEncoding::utf16);
    const auto with_world = decode_module(SharedBytes::copy_of(binary));
    ASSERT_TRUE(with_world.has_value());
    const auto found = decode_module_world(*with_world);
    ASSERT_TRUE(found.has_value() && found->has_value());
    EXPECT_EQ((*found)->strings, std::vector{StringEncoding::utf16});
    EXPECT_EQ(wit::print((*found)->model), wit::print(*model));
    EXPECT_TRUE(std::ranges::equal(without_worlds(*with_world), module.binary.view()));
}

TEST(wasm_encoding, a_section_that_is_no_component_is_refused)
{
    for (const std::string contents : {"", "-", "no component at all"}) {
        Writer writer;
        writer.raw(module_of("(module)").binary.view());
        writer.custom_section("component-type:x",
                              Bytes(reinterpret_cast<const std::uint8_t*>(contents.data()), contents.size()));
        const auto module = decode_module(SharedBytes::copy_of(writer.bytes()));
        ASSERT_TRUE(module.has_value());
        EXPECT_FALSE(decode_module_world(*module).has_value());
    }
}

TEST(wasm_encoding, several_worlds_in_a_module_are_one)
{
    auto binary = std::vector<std::uint8_t>(8);
    const auto empty = module_of("(module)");
    std::ranges::copy(empty.binary.view(), binary.begin());
    for (const std::string text : {"package a:b; interface i { record r { x: u8 } f: func() -> r; g: func(); } "
                                   "world one { import i; import k: func(); }",
                                   "package a:b; interface i { record r { x: u8 } f: func() -> r; g: func(); } "
                                   "world two { import i; import k: func(); export h: func(); }"}) {
        const auto model = wit::model_of(text);
        ASSERT_TRUE(model.has_value());
        binary = embed_world(binary, *model, wit::WorldId{0});
    }
    const auto module = decode_module(SharedBytes::copy_of(binary));
    ASSERT_TRUE(module.has_value());
    const auto found = decode_module_world(*module);
    ASSERT_TRUE(found.has_value() && found->has_value());
    EXPECT_EQ(wit::print((*found)->model),
              wit::printed("package a:b; interface i { record r { x: u8 } f: func() -> r; g: func(); } "
                           "world one { import i; import k: func(); export h: func(); }"));
}

TEST(wasm_encoding, of_compatible_versions_the_latest_is_imported)
{
    const auto module = module_of("(module)");
    std::vector<std::uint8_t> binary(module.binary.view().begin(), module.binary.view().end());
    for (const std::string text : {"package a:b; world w { import c:d/e@1.2.0; } package c:d@1.2.0 { interface e { "
                                   "resource r; f: func() -> r; } }",
                                   "package a:b; world w { import c:d/e@1.10.1; } package c:d@1.10.1 { interface e { "
                                   "resource r; f: func() -> r; g: func(r: r); } }"}) {
        const auto model = wit::model_of(text);
        ASSERT_TRUE(model.has_value()) << model.error().message;
        binary = embed_world(binary, *model, wit::WorldId{0});
    }
    const auto with_worlds = decode_module(SharedBytes::copy_of(binary));
    ASSERT_TRUE(with_worlds.has_value());
    const auto found = decode_module_world(*with_worlds);
    ASSERT_TRUE(found.has_value() && found->has_value());
    EXPECT_EQ(wit::print((*found)->model),
              wit::printed("package a:b; world w { import c:d/e@1.10.1; } package c:d@1.10.1 { interface e { "
                           "resource r; f: func() -> r; g: func(r: r); } }"));
}

} // namespace
} // namespace trellis::wasm::component::encoding
