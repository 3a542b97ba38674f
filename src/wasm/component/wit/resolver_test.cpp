// Names, packages, gates, worlds: what they mean, and what is refused.
#include "wasm/component/wit/test_wit.hpp"

using namespace trellis;
using namespace trellis::wasm::component::wit;

namespace {

std::string print_root(const Input& input, const ResolveOptions& options = {})
{
    const auto model = resolve(input, options);
    return model ? print(*model, model->root) : model.error().message;
}

/// The names of a world's imports and exports, "a b > c".
std::string externs(const Model& model, std::string_view world)
{
    const auto id = model.find_world(world);
    if (!id)
        return "no such world";
    std::string list;
    for (const auto& item : model[*id].imports)
        list.append(model.name_of(item)).append(" ");
    list.append(">");
    for (const auto& item : model[*id].exports)
        list.append(" ").append(model.name_of(item));
    return list;
}

std::string externs_of(const std::string& text, std::string_view world)
{
    const auto model = model_of(text);
    return model ? externs(*model, world) : model.error().message;
}

} // namespace

TEST(wit_resolver, types_may_stand_in_any_order_but_not_contain_themselves)
{
    EXPECT_EQ(printed("package a:b; interface i { type a = b; record b { x: c } type c = u8; }"),
              "package a:b;\n\ninterface i {\n  type c = u8;\n\n  record b {\n    x: c,\n  }\n\n  type a = b;\n}\n");
    EXPECT_EQ(refusal_in_interface("type a = list<b>; record b { x: a }"),
              "a.wit:2:6: the type `a` contains itself, or one that does");
    EXPECT_EQ(refusal_in_interface("type a = a;"), "a.wit:2:6: the type `a` contains itself, or one that does");
}

TEST(wit_resolver, a_name_is_defined_once_whatever_its_case)
{
    const std::string again = " is defined here already (names that differ only in case are the same)";
    EXPECT_EQ(refusal_in_interface("type a = u8; type a = u8;"), "a.wit:2:19: `a`" + again);
    EXPECT_EQ(refusal_in_interface("type a = u8; A: func();"), "a.wit:2:14: `A`" + again);
    EXPECT_EQ(refusal_in_interface("f: func(a: u8, A: u8);"), "a.wit:2:16: there is a parameter `A` already");
    EXPECT_EQ(refusal_in_interface("enum e { a, a }"), "a.wit:2:13: `e` has a `a` already");
    EXPECT_EQ(refusal_in_interface("resource r { f: func(); f: static func(); }"),
              "a.wit:2:25: the resource `r` has a `f` already");
    EXPECT_EQ(refusal("package a:b; interface a {} world A {}"),
              "a.wit:1:35: package a:b has an interface or world `A` already");
}

TEST(wit_resolver, what_is_not_there_is_named_with_what_might_be_meant)
{
    EXPECT_EQ(refusal_in_interface("f: func() -> x;"),
              "a.wit:2:14: there is no type `x` here; define it or bring it in with `use`");
    EXPECT_EQ(refusal_in_interface("f: func(); g: func(a: f);"), "a.wit:2:23: `f` is a function, not a type");
    EXPECT_EQ(refusal("package a:b; interface stream-types {} world w { import stream-type; }"),
              "a.wit:1:57: package a:b has no interface or world `stream-type`; did you mean `stream-types`?");
    EXPECT_EQ(refusal("package a:b; world w { import c:d/e@1.0.0; }"),
              "a.wit:1:35: package c:d@1.0.0 is not found; put it in the folder deps. There are: a:b");
}

TEST(wit_resolver, a_resource_alone_is_an_owned_handle_and_an_alias_another_name)
{
    const auto model = model_of("package a:b; interface i { resource r; type s = r; type t = own<r>;"
                                "f: func(a: r, b: borrow<s>) -> option<s>; }");
    ASSERT_TRUE(model.has_value());
    const auto& interface = (*model)[InterfaceId{0}];
    EXPECT_TRUE((*model)[interface.types[1]].is_resource);
    EXPECT_FALSE((*model)[interface.types[2]].is_resource);
    const auto& parameter = (*model)[std::get<TypeId>(interface.functions[0].parameters[0].type)];
    EXPECT_EQ(std::get<Own>(parameter.kind).resource, interface.types[0]);
    EXPECT_EQ(refusal_in_interface("type a = u8; f: func(x: borrow<a>);"),
              "a.wit:2:32: `a` is no resource; only resources have handles");
}

TEST(wit_resolver, borrowed_handles_are_not_returned)
{
    const std::string message = "a function cannot return a borrowed handle; return the resource itself";
    EXPECT_EQ(refusal_in_interface("resource r; f: func() -> borrow<r>;"), "a.wit:2:33: " + message);
    EXPECT_EQ(refusal_in_interface("resource r; record a { x: list<borrow<r>> } f: func() -> a;"),
              "a.wit:2:58: " + message);
}

TEST(wit_resolver, functions_of_resources_are_named_as_components_name_them)
{
    const auto model = model_of("package a:b; interface i { resource r { g: static func(); constructor(a: u8);"
                                "f: async func(x: u8); } }");
    ASSERT_TRUE(model.has_value());
    const auto& functions = (*model)[InterfaceId{0}].functions;
    EXPECT_EQ(functions[0].name, "[static]r.g");
    EXPECT_EQ(functions[1].name, "[constructor]r");
    EXPECT_EQ(functions[2].name, "[method]r.f");
    EXPECT_EQ(functions[2].parameters[0].name, "self");
    EXPECT_TRUE(functions[2].is_async);
    EXPECT_EQ(refusal_in_interface("resource r { constructor() -> result<u8>; }"),
              "a.wit:2:31: a constructor returns nothing written, or `result` with its own resource as the first type");
    EXPECT_TRUE(model_of("package a:b; interface i { resource r { constructor() -> result<r, u8>; } }").has_value());
}

TEST(wit_resolver, files_of_a_folder_are_one_package_with_names_of_their_own)
{
    const Input input = {.root = {{"1.wit", "use t as renamed; interface i { use renamed.{x}; }"},
                                  {"2.wit", "package a:b; interface t { type x = u8; }"}},
                         .dependencies = {}};
    EXPECT_EQ(print_root(input),
              "package a:b;\n\ninterface i {\n  use t.{x};\n}\n\ninterface t {\n  type x = u8;\n}\n");
    EXPECT_EQ(print_root({.root = {{"1.wit", "use t as r; interface t {}"}, {"2.wit", "package a:b; use r as s;"}},
                          .dependencies = {}}),
              "2.wit:1:18: package a:b has no interface or world `r`; did you mean `t`?");
    EXPECT_EQ(print_root({.root = {{"1.wit", "package a:b;"}, {"2.wit", "package a:c;"}}, .dependencies = {}}),
              "2.wit:1:9: this file is of package a:c and another one here of a:b; the files of a folder are one "
              "package");
    EXPECT_EQ(print_root({.root = {{"1.wit", "interface a {}"}}, .dependencies = {}}),
              "1.wit: no `package namespace:name;` in any file of the package: write one at the top of a file");
}

TEST(wit_resolver, other_packages_come_from_folders_and_from_the_file)
{
    const Input input = {
        .root = {{"a.wit", "package a:b; interface i { use c:d/t@1.0.0.{x as y}; use e:f/t.{x}; }"
                           "package e:f { interface t { type x = u8; } }"}},
        .dependencies = {{{"c.wit", "package c:d@1.0.0; interface t { type x = u8; }"}}},
    };
    EXPECT_EQ(print_root(input), "package a:b;\n\ninterface i {\n  use c:d/t@1.0.0.{x as y};\n  use e:f/t.{x};\n}\n");
    EXPECT_EQ(refusal("package a:b; package a:b {}"),
              "a.wit:1:22: package a:b is defined twice; the other definition is in a.wit");
}

TEST(wit_resolver, interfaces_that_need_one_another_are_refused)
{
    EXPECT_EQ(refusal("package a:b; interface i { use j.{x}; type y = u8; } interface j { use i.{y}; type x = u8; }"),
              "a.wit:1:24: the interface `i` depends on itself, or on one that does");
    EXPECT_EQ(refusal("package a:b; world w { include w; }"),
              "a.wit:1:20: the world `w` depends on itself, or on one that does");
}

TEST(wit_resolver, features_decide_what_is_there)
{
    const std::string text = "package a:b; interface i { @unstable(feature = x) type t = u8;"
                             "@unstable(feature = x) f: func(a: t); g: func(); }";
    EXPECT_EQ(printed(text), "package a:b;\n\ninterface i {\n  g: func();\n}\n");
    EXPECT_NE(printed(text, {.features = {"x"}}).find("f: func(a: t);"), std::string::npos);
    EXPECT_NE(printed(text, {.features = {}, .all_features = true}).find("f: func(a: t);"), std::string::npos);
    EXPECT_EQ(refusal_in_interface("@unstable(feature = x) type t = u8; f: func(a: t);"),
              "a.wit:2:48: the type `t` is only there with a feature that is off");
    EXPECT_EQ(refusal("package a:b; @unstable(feature = x) interface i { f: func(); }"),
              "a.wit:1:51: `f` is there without the feature `x` that its interface needs; give it the same @unstable");
}

TEST(wit_resolver, versions_of_gates_are_those_of_the_package)
{
    EXPECT_TRUE(model_of("package a:b@1.1.0; interface i { @since(version = 1.1.0) f: func(); }").has_value());
    EXPECT_EQ(refusal("package a:b@1.1.0; interface i { @since(version = 1.1.1) f: func(); }"),
              "a.wit:1:34: @since names version 1.1.1, which comes after this package's own, 1.1.0");
    EXPECT_EQ(refusal("package a:b; interface i { @since(version = 1.1.1) f: func(); }"),
              "a.wit:1:28: @since needs a package with a version: package a:b@1.1.1;");
}

TEST(wit_resolver, worlds_import_what_their_interfaces_use)
{
    const std::string text = "package a:b; interface t { resource r; } interface u { use t.{r}; f: func() -> r; }"
                             "world w { import u; export f: func(); } world x { export u; }"
                             "world y { export u; export t; } world z { import v: u; export v: u; }";
    EXPECT_EQ(externs_of(text, "w"), "a:b/t a:b/u > f");
    EXPECT_EQ(externs_of(text, "x"), "a:b/t > a:b/u");
    EXPECT_EQ(externs_of(text, "y"), "> a:b/t a:b/u");
    EXPECT_EQ(externs_of(text, "a:b/z"), "a:b/t v > v");
    EXPECT_EQ(externs_of(text, ""), "no such world");
}

TEST(wit_resolver, what_would_be_import_and_export_at_once_is_refused)
{
    EXPECT_EQ(refusal("package a:b; interface a { type t = u8; } interface b { use a.{t}; }"
                      "interface c { use b.{t}; use a.{t as u}; } world w { export a; export c; }"),
              "a.wit:1:118: the world exports `a:b/a` and has to import it as well, because an interface it exports "
              "uses types of it through one that is not exported; export that one, too");
}

TEST(wit_resolver, including_a_world_takes_its_items)
{
    const std::string text = "package a:b; interface i {} world v { import i; export i; import f: func();"
                             "resource r { m: func(); } export g: func() -> r; }"
                             "world w { include v; include v with { f as h, r as s, g as k } }";
    EXPECT_EQ(externs_of(text, "w"), "a:b/i r s f h [method]r.m [method]s.m > g k a:b/i");
    EXPECT_EQ(refusal("package a:b; world v { import f: func(); } world w { include v; include v; }"),
              "a.wit:1:73: the world has an import `f` already; rename one: include v with { f as ...}");
    EXPECT_EQ(refusal("package a:b; interface i {} world v { import i; } world w { include v with { i as j } }"),
              "a.wit:1:78: `v` has no import or export with the plain name `i`; an interface that goes by its own name "
              "cannot be renamed");
}

TEST(wit_resolver, types_of_an_included_world_become_its_own)
{
    const auto model = model_of("package a:b; world v { resource r; record p { x: r } export f: func(a: list<p>); }"
                                "world w { include v with { r as s } }");
    ASSERT_TRUE(model.has_value());
    EXPECT_EQ(print(*model), "package a:b;\n\nworld v {\n  resource r;\n\n  record p {\n    x: r,\n  }\n\n"
                             "  export f: func(a: list<p>);\n}\n\nworld w {\n  resource s;\n\n  record p {\n    x: s,\n"
                             "  }\n\n  export f: func(a: list<p>);\n}\n");
    for (const auto& item : (*model)[WorldId{1}].imports)
        EXPECT_EQ((*model)[std::get<TypeId>(item.item)].owner, Owner(WorldId{1}));
}

TEST(wit_resolver, worlds_that_double_with_every_line_meet_a_limit)
{
    std::string text = "package a:b; world w0 { import a0: func(); import b0: func(); }";
    for (int i = 1; i < 40; ++i) {
        const auto before = std::to_string(i - 1);
        text += "world w" + std::to_string(i) + " { include w" + before + "; include w" + before + " with {";
        for (int j = 0; j < i; ++j)
            text += "a" + std::to_string(j) + " as x" + std::to_string(i) + "-" + std::to_string(j) + ",";
        text += "} }";
    }
    EXPECT_FALSE(model_of(text).has_value());
    std::string chain = "package a:b; interface i0 { type t = u8; }";
    for (int i = 1; i < 1000; ++i)
        chain += "interface i" + std::to_string(i) + " { use i" + std::to_string(i - 1) + ".{t}; } world w" +
                 std::to_string(i) + " { import i" + std::to_string(i) + "; }";
    const auto model = model_of(chain);
    ASSERT_FALSE(model.has_value());
    EXPECT_EQ(model.error().code, ErrorCode::limit);
}

TEST(wit_resolver, names_chosen_for_interfaces_tell_which_they_are)
{
    const auto model = model_of("package a:b@1.2.3; interface store { f: func(); }"
                                "world w { import cache: store; import store; import mine: interface {} }");
    ASSERT_TRUE(model.has_value());
    const auto& imports = (*model)[WorldId{0}].imports;
    EXPECT_EQ((*model).full_name(model->implemented_by(imports[0]).value()), "a:b/store@1.2.3");
    EXPECT_FALSE(model->implemented_by(imports[1]).has_value());
    EXPECT_FALSE(model->implemented_by(imports[2]).has_value());
}
