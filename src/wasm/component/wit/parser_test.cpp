// Grammar: what is read, and what the message says where it is not.
#include "wasm/component/wit/test_wit.hpp"

using namespace trellis;
using namespace trellis::wasm::component::wit;

TEST(wit_parser, errors_name_file_line_and_column)
{
    EXPECT_EQ(refusal("package a:b;\n\ninterface i {\n  x: fun();\n}"), "a.wit:4:6: expected `func`, found `fun`");
    EXPECT_EQ(refusal("package a:b;\ninterface i {"),
              "a.wit:2:14: expected `use`, a type, a function or `}`, found the end of the file");
}

TEST(wit_parser, keywords_are_names_only_behind_a_percent_sign)
{
    EXPECT_EQ(refusal_in_interface("type option = u32;"),
              "a.wit:2:6: expected a name (write %option to use the keyword as one), found `option`");
    EXPECT_EQ(printed("package a:%use; interface %world { %type: func(%from: u8); }"),
              "package a:%use;\n\ninterface %world {\n  %type: func(%from: u8);\n}\n");
}

TEST(wit_parser, names_are_in_kebab_case)
{
    for (const auto* name : {"aB", "a_b", "a--b", "a-", "1a", "-a", "Ab", "%", "%1"})
        EXPECT_NE(refusal_in_interface(std::string(name) + ": func();"), "accepted") << name;
    for (const auto* name : {"a", "A", "AB-c", "a1-2b", "a-3", "%a", "XML-parser"})
        EXPECT_TRUE(model_of("package a:b; interface i { " + std::string(name) + ": func(); }").has_value()) << name;
}

TEST(wit_parser, comments_nest_and_those_in_front_of_items_are_documentation)
{
    EXPECT_EQ(printed("package a:b; /* x /* y */ z */ // end\n/// First\n///  second\n/** third\n * fourth\n */\n"
                      "interface i { /** of f */ f: func(); /// of nothing\n }"),
              "package a:b;\n\n/// First\n///  second\n/// third\n/// fourth\ninterface i {\n  /// of f\n  f: func();\n"
              "}\n");
    EXPECT_EQ(refusal("package a:b; /* /* */"), "a.wit:1:14: unclosed block comment: close it with */");
}

TEST(wit_parser, characters_that_deceive_readers_are_refused)
{
    EXPECT_EQ(refusal("package a:b; // \u202e"),
              "a.wit:1:17: bidirectional override U+202E is not allowed in a WIT file");
    EXPECT_EQ(refusal("package a:b; // \x01"), "a.wit:1:17: control character U+0001 is not allowed in a WIT file");
    EXPECT_EQ(refusal("package a:b; // \xff"), "a.wit:1:17: malformed UTF-8 encoding");
    EXPECT_EQ(refusal("package a:b; ä"), "a.wit:1:14: unexpected character `ä`");
}

TEST(wit_parser, every_type_is_read_and_written)
{
    const std::string types[] = {
        "bool",
        "s8",
        "u8",
        "s16",
        "u16",
        "s32",
        "u32",
        "s64",
        "u64",
        "f32",
        "f64",
        "char",
        "string",
        "error-context",
        "list<u8>",
        "list<u8, 4>",
        "option<u8>",
        "result",
        "result<u8>",
        "result<_, u8>",
        "result<u8, u16>",
        "tuple<u8>",
        "tuple<u8, u16, u32>",
        "map<string, list<u8>>",
        "future",
        "future<u8>",
        "stream",
        "stream<option<u8>>",
        "r",
        "borrow<r>",
    };
    for (const auto& type : types) {
        const auto text = "package a:b;\n\ninterface i {\n  resource r;\n\n  f: func(a: " + type + ");\n}\n";
        EXPECT_EQ(printed(text), text);
    }
}

TEST(wit_parser, types_that_make_no_sense_are_refused)
{
    EXPECT_EQ(refusal_in_interface("type a = list<u8, 0>;"),
              "a.wit:2:19: a list's length is from 1 to 4294967295, not 0");
    EXPECT_EQ(refusal_in_interface("type a = list<u8, 4294967296>;"),
              "a.wit:2:19: a list's length is from 1 to 4294967295, not 4294967296");
    EXPECT_EQ(refusal_in_interface("type a = map<f32, u8>;"),
              "a.wit:2:14: the key of a map has to be an integer type, bool, char or string");
    EXPECT_EQ(refusal_in_interface("type a = tuple<>;"), "a.wit:2:16: expected a type, found `>`");
    EXPECT_EQ(refusal_in_interface("type a = result<_>;"), "a.wit:2:18: expected `,`, found `>`");
    EXPECT_EQ(refusal_in_interface("record a {}"), "a.wit:2:8: `a` needs at least one field");
    EXPECT_EQ(refusal_in_interface("flags a {}"), "a.wit:2:7: `a` needs at least one flag");
}

TEST(wit_parser, types_nest_to_a_limit)
{
    const auto nested = [](unsigned depth) {
        std::string type = "u8";
        for (unsigned i = 1; i < depth; ++i)
            type = "list<" + type + ">";
        return "type a = " + type + ";";
    };
    EXPECT_TRUE(model_of("package a:b; interface i { " + nested(100) + " }").has_value());
    EXPECT_NE(refusal_in_interface(nested(101)).find("nested more than 100 deep"), std::string::npos);
}

TEST(wit_parser, whether_a_colon_touches_tells_a_path_from_a_name)
{
    const std::string start = "package a:b; interface c {} ";
    EXPECT_EQ(refusal(start + "world w { import a:c; }"),
              "a.wit:1:49: expected `/` and the name of an interface or world of the package a:c, found `;`");
    EXPECT_EQ(printed(start + "world w { import d: c; export a:b/c; import e:func(); }"),
              "package a:b;\n\ninterface c {\n}\n\nworld w {\n  import d: c;\n  import e: func();\n\n  export c;\n}\n");
}

TEST(wit_parser, versions_end_before_a_dot_that_is_not_theirs)
{
    EXPECT_EQ(printed("package a:b@1.0.0-rc.1+x; interface i { type t = u8; }"
                      "interface j { use a:b/i@1.0.0-rc.1+x.{t}; }"),
              "package a:b@1.0.0-rc.1+x;\n\ninterface i {\n  type t = u8;\n}\n\ninterface j {\n  use i.{t};\n}\n");
    EXPECT_EQ(refusal("package a:b@01.0.0;"),
              "a.wit:1:13: `01.0.0` is not a semantic version like 1.0.0 or 1.0.0-rc.1");
    EXPECT_EQ(refusal("package a:b@1;"), "a.wit:1:13: expected a version like 1.0.0, found `1`");
}

TEST(wit_parser, gates_are_checked)
{
    EXPECT_EQ(refusal_in_interface("@since(version = 1.0.0) @unstable(feature = a) f: func();"),
              "a.wit:2:1: @since and @unstable exclude one another");
    EXPECT_EQ(refusal_in_interface("@deprecated(version = 1.0.0) f: func();"),
              "a.wit:2:1: @deprecated needs a @since or an @unstable beside it");
    EXPECT_EQ(refusal_in_interface("@unstable(feature = a) @unstable(feature = b) f: func();"),
              "a.wit:2:25: @unstable stands here twice");
    EXPECT_EQ(refusal_in_interface("@soon f: func();"), "a.wit:2:7: expected `(`, found `f`");
    EXPECT_EQ(refusal_in_interface("@soon() f: func();"),
              "a.wit:2:2: there is no @soon: it is since, unstable, deprecated or external-id");
    EXPECT_EQ(refusal_in_interface("@external-id(\"x\") use a.{b};"),
              "a.wit:2:1: @external-id is for imports, exports, types and functions");
}

TEST(wit_parser, external_ids_are_any_text)
{
    const std::string text = "package a:b;\n\nworld w {\n  @external-id(\"a \\\"b\\\" \\\\ \\u{a} ☃\")\n"
                             "  import f: func();\n}\n";
    EXPECT_EQ(printed(text), text);
    EXPECT_EQ(refusal("package a:b; world w { @external-id(\"\\q\") import f: func(); }"),
              "a.wit:1:37: this string has an escape that text in WebAssembly does not know");
    EXPECT_EQ(refusal("package a:b; world w { @external-id(\"x\n\") import f: func(); }"),
              "a.wit:1:37: unclosed string: close it with \" on the same line");
}

TEST(wit_parser, packages_inside_a_file_stand_at_its_top)
{
    EXPECT_EQ(refusal("package a:b; package a:c { package a:d {} }"),
              "a.wit:1:28: a package inside a package stands at the top of the file");
    EXPECT_EQ(refusal("package a:b; package a:c;"), "a.wit:1:25: expected `{`, found `;`");
    EXPECT_EQ(refusal("package a:b:c;"),
              "a.wit:1:12: nested namespaces and packages are not supported: a package's name is namespace:name");
}
