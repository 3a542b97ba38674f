#include "wasm/component/validation/extern_names.hpp"

#include <gtest/gtest.h>

using namespace trellis;
using namespace trellis::wasm::component;

TEST(component_extern_names, forms_are_told_apart)
{
    EXPECT_EQ(parse_extern_name("a-b", 0)->form, NameForm::label);
    EXPECT_EQ(parse_extern_name("a:b/c@0.2.0", 0)->form, NameForm::interface);
    EXPECT_EQ(parse_extern_name("[constructor]r", 0)->form, NameForm::constructor);
    EXPECT_EQ(parse_extern_name("[static]r.f", 0)->form, NameForm::static_);
    EXPECT_EQ(parse_extern_name("url=<https://a.example/b:c>", 0)->form, NameForm::dependency);
    const auto method = parse_extern_name("[method]r-s.f", 0);
    ASSERT_TRUE(method.has_value());
    EXPECT_EQ(method->form, NameForm::method);
    EXPECT_EQ(method->resource, "r-s");
}

TEST(component_extern_names, versions_may_be_canonical)
{
    for (const auto* name : {"a:b/c@1", "a:b/c@0.2", "a:b/c@0.0.3", "a:b/c@1.2.3-rc.1"})
        EXPECT_TRUE(parse_extern_name(name, 0).has_value()) << name;
    for (const auto* name : {"a:b/c@", "a:b/c@1.2", "a:b/c@0", "a:b/c@01", "a:b/c@1.2.3.4"})
        EXPECT_FALSE(parse_extern_name(name, 0).has_value()) << name;
}

TEST(component_extern_names, what_is_no_name_is_refused)
{
    for (const auto* name : {"", "a--b", "-a", "a-", "1a", "aB", "a_b", "[method]r", "[method].f", "[unknown]r", "a:/b",
                             "a:b/", "A:b/c", "url=<a", "locked-dep=<a>", "integrity=<sha256->"})
        EXPECT_FALSE(parse_extern_name(name, 0).has_value()) << name;
}

TEST(component_extern_names, names_that_bindings_would_confuse_are_refused)
{
    NameSet names;
    EXPECT_TRUE(names.add("a", "import", 0).has_value());
    EXPECT_TRUE(names.add("[constructor]a", "import", 0).has_value());
    EXPECT_TRUE(names.add("[method]a.b", "import", 0).has_value());
    EXPECT_FALSE(names.add("A", "import", 0).has_value());
    EXPECT_FALSE(names.add("[method]a.a", "import", 0).has_value());
    EXPECT_FALSE(names.add("[static]a.b", "import", 0).has_value());
}

TEST(component_extern_names, hashes_keep_their_capitals)
{
    NameSet names;
    EXPECT_TRUE(names.add("integrity=<sha256-abcd>", "import", 0).has_value());
    EXPECT_TRUE(names.add("integrity=<sha256-ABCD>", "import", 0).has_value());
    EXPECT_FALSE(names.add("integrity=<sha256-abcd>", "import", 0).has_value());
}
