#include "wasm/component/encoding/world_matching.hpp"

#include "wasm/component/wit/test_wit.hpp"

namespace trellis::wasm::component::encoding {
namespace {

std::vector<std::string> between(const std::string& component, const std::string& target)
{
    const auto one = wit::model_of("package a:b; " + component);
    const auto other = wit::model_of("package a:b; " + target);
    EXPECT_TRUE(one.has_value() && other.has_value());
    return mismatches(*one, wit::WorldId{0}, *other, wit::WorldId{0});
}

using Sentences = std::vector<std::string>;

TEST(wasm_world_matching, less_imported_and_more_exported_fits)
{
    EXPECT_EQ(between("world w { import f: func(); export g: func(); export h: func(); }",
                      "world w { import f: func(); import k: func(); export g: func(); }"),
              Sentences());
}

TEST(wasm_world_matching, what_is_missing_is_named)
{
    EXPECT_EQ(between("interface i { f: func(); } world w { import f: func(); import i; }",
                      "interface i { g: func(); } world w { import i; export i; }"),
              (Sentences{"import a:b/i f is missing", "import f is missing", "export a:b/i is missing"}));
}

TEST(wasm_world_matching, types_count_and_their_names_do_not)
{
    const std::string same = "interface i { record r { x: u8, y: list<string> } f: func(r: r) -> option<r>; } "
                             "world w { export i; }";
    const std::string renamed = "interface i { type s = string; record other { x: u8, y: list<s> } "
                                "f: func(r: other) -> option<other>; } world w { export i; }";
    const std::string field = "interface i { record r { z: u8, y: list<string> } f: func(r: r) -> option<r>; } "
                              "world w { export i; }";
    EXPECT_EQ(between(same, renamed), Sentences());
    EXPECT_EQ(between(same, field), (Sentences{"export a:b/i: asked for is f: func(r: r) -> option<r>, there is f: "
                                               "func(r: r) -> option<r>"}));
}

TEST(wasm_world_matching, compatible_versions_fit)
{
    const auto world_of = [](const std::string& version) {
        return "world w { import c:d/e@" + version + "; } package c:d@" + version +
               " { interface e { resource r; f: func() -> r; } }";
    };
    EXPECT_EQ(between(world_of("1.2.0"), world_of("1.3.0")), Sentences());
    EXPECT_EQ(between(world_of("1.2.0"), world_of("2.0.0")), (Sentences{"import c:d/e@1.2.0 is missing"}));
}

TEST(wasm_world_matching, resources_count_by_name)
{
    EXPECT_EQ(between("interface i { resource r; f: func() -> r; } world w { export i; }",
                      "interface i { resource r; f: func() -> r; } world w { export i; }"),
              Sentences());
    EXPECT_EQ(between("interface i { resource q; f: func() -> q; } world w { export i; }",
                      "interface i { resource r; f: func() -> r; } world w { export i; }")
                  .size(),
              1u);
}

} // namespace
} // namespace trellis::wasm::component::encoding
