// Names, limits and the custom section; whole files are compared and compiled in tests/system.
#include "wasm/component/bindgen/c_generator.hpp"

#include "wasm/component/bindgen/c_names.hpp"
#include "wasm/component/bindgen/component_type_section.hpp"
#include "wasm/component/bindgen/flattening.hpp"
#include "wasm/component/wit/test_wit.hpp"

#include <algorithm>
#include <array>

using namespace trellis;
using namespace trellis::wasm::component;
using namespace trellis::wasm::component::bindgen;

namespace {

Result<CBindings> bindings_of(const std::string& text, const COptions& options = {})
{
    const auto model = wit::model_of(text);
    if (!model)
        return std::unexpected(model.error());
    return generate_c(*model, *model->find_world(""), options);
}

std::string header_of(const std::string& text)
{
    const auto bindings = bindings_of(text);
    return bindings ? bindings->header : bindings.error().message;
}

bool has(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

/// The core types of the last type of an interface, "i32 i64".
std::string flat(const std::string& types)
{
    const auto model = wit::model_of("package a:b; interface i { " + types + " }");
    if (!model)
        return model.error().message;
    const auto flattening = Flattening::of(*model);
    if (!flattening)
        return flattening.error().message;
    std::string list;
    for (const auto type : flattening->of(wit::Type(model->interfaces[0].types.back())))
        list.append(list.empty() ? "" : " ").append(c_name(type));
    return list;
}

} // namespace

TEST(bindgen_names, words_are_joined_and_keywords_marked)
{
    EXPECT_EQ(snake_case("[method]my-file.READ-all"), "method_my_file_read_all");
    EXPECT_EQ(capital_case("my-file2"), "MY_FILE2");
    EXPECT_EQ(c_identifier("int"), "int_");
    EXPECT_EQ(c_identifier("thread-local"), "thread_local_");
    EXPECT_EQ(c_identifier("xor-equal"), "xor_equal");
    LocalNames locals;
    locals.reserve("slot");
    EXPECT_EQ(locals.make("slot"), "slot2");
    EXPECT_EQ(locals.make("slot"), "slot3");
}

TEST(bindgen_names, two_of_wit_are_never_one_of_c)
{
    const auto header = header_of("package a:b; world w { import i: interface { type list-u8 = u8; type t = u8;"
                                  "record list-t { x: u8 } f: func(x: list<t>, y: list-t); list-t-free: func(); } }");
    EXPECT_TRUE(has(header, "} i_list_t_t;")) << header;
    EXPECT_TRUE(has(header, "} i_list_t_t_;")) << header;
    EXPECT_TRUE(has(header, "void i_list_t_free_(void);")) << header;
    const auto enums = header_of("package a:b; world w { import i: interface { enum a-b { c } enum a { b-c } } }");
    EXPECT_TRUE(has(enums, "#define I_A_B_C 0\n")) << enums;
    EXPECT_TRUE(has(enums, "#define I_A_B_C_ 0\n")) << enums;
}

TEST(bindgen_names, versions_are_named_where_there_are_two)
{
    const auto header = header_of("package a:b; package c:d@1.0.0 { interface i { f: func(); } }"
                                  "package c:d@2.0.0-rc.1 { interface i { f: func(); } }"
                                  "world w { import c:d/i@1.0.0; import c:d/i@2.0.0-rc.1; }");
    EXPECT_TRUE(has(header, "void c_d_1_0_0_i_f(void);")) << header;
    EXPECT_TRUE(has(header, "void c_d_2_0_0_rc_1_i_f(void);")) << header;
}

TEST(bindgen_names, an_interface_under_two_names_is_two_sets_of_types)
{
    const auto header = header_of("package a:b; interface store { resource item; get: func() -> item; }"
                                  "world w { import one: store; import two: store; }");
    EXPECT_TRUE(has(header, "one_own_item_t one_get(void);")) << header;
    EXPECT_TRUE(has(header, "two_own_item_t two_get(void);")) << header;
    EXPECT_TRUE(has(header, "void two_item_drop_own(two_own_item_t handle);")) << header;
}

TEST(bindgen_flattening, cases_share_their_slots)
{
    EXPECT_EQ(flat("variant v { a(f32), b(u32) }"), "int32_t int32_t");
    EXPECT_EQ(flat("variant v { a(f32), b(f64) }"), "int32_t int64_t");
    EXPECT_EQ(flat("variant v { a(f64), b(f64) }"), "int32_t double");
    EXPECT_EQ(flat("type t = result<tuple<f32, u64>, string>;"), "int32_t int32_t int64_t");
    EXPECT_EQ(flat("type t = list<tuple<u8, f32>, 2>;"), "int32_t float int32_t float");
    EXPECT_EQ(flat("type t = option<map<u8, u8>>;"), "int32_t int32_t int32_t");
}

TEST(bindgen_flattening, counts_no_further_than_needed)
{
    std::string types = "record r0 { a: u64, b: u64 } ";
    for (int i = 1; i < 100; ++i) {
        const auto below = std::to_string(i - 1);
        types += "record r" + std::to_string(i) + " { a: r" + below + ", b: r" + below + " } ";
    }
    EXPECT_EQ(std::ranges::count(flat(types), ' '), 16);
}

TEST(bindgen_limits, depth_and_size)
{
    std::string deep = "package a:b; world w { type t0 = u8; ";
    for (int i = 1; i < 300; ++i)
        deep += "record t" + std::to_string(i) + " { x: t" + std::to_string(i - 1) + " } ";
    const auto too_deep = bindings_of(deep + "}");
    ASSERT_FALSE(too_deep.has_value());
    EXPECT_EQ(too_deep.error().code, ErrorCode::limit);

    std::string cases = "package a:b; world w { variant v0 { a, b } ";
    for (int i = 1; i < 15; ++i) {
        cases += "variant v" + std::to_string(i) + " { ";
        for (int j = 0; j < 9; ++j)
            cases += "c" + std::to_string(j) + "(v" + std::to_string(i - 1) + "), ";
        cases += "} ";
    }
    const auto too_much = bindings_of(cases + "import f: func(x: v14); }");
    ASSERT_FALSE(too_much.has_value());
    EXPECT_EQ(too_much.error().code, ErrorCode::limit);
}

TEST(bindgen_comments, swallow_no_line)
{
    const auto header = header_of("package a:b; world w {\n/// one \\\n/// /* two\nimport f: func(); }");
    EXPECT_TRUE(has(header, "// one \\ //\n// /* two\nextern void w_f(void);")) << header;
}

TEST(bindgen_section, every_byte_is_written_as_assembly)
{
    constexpr std::array<std::uint8_t, 5> bytes = {0, 'a', '"', '7', 0xff};
    EXPECT_TRUE(has(component_type_section("w", bytes), R"(".ascii \"\\000a\\0427\\377\"\n")"))
        << component_type_section("w", bytes);
    EXPECT_EQ(component_type_section("w", {}), "");
    const auto with = bindings_of("package a:b; world w { }", {.component_type = bytes});
    ASSERT_TRUE(with.has_value());
    EXPECT_TRUE(has(with->source, R"(__asm__(".section \".custom_section.component-type:w\",\"\",@\n")"))
        << with->source;
}

TEST(bindgen_output, is_the_same_every_time)
{
    const std::string text = "package a:b; world w { import f: func(a: list<string>) -> option<u8>; }";
    const auto one = bindings_of(text), other = bindings_of(text);
    ASSERT_TRUE(one.has_value() && other.has_value());
    EXPECT_EQ(one->header, other->header);
    EXPECT_EQ(one->source, other->source);
}
