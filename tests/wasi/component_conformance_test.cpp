// The components of the official WASI suite, 0.3, through the whole engine. No failures are expected.
#include "wasi/component_run.hpp"

#include <csignal>
#include <gtest/gtest.h>
#include <iostream>

namespace trellis::test {

namespace {

constexpr std::size_t components_of_wasip3 = 55;

const std::vector<ComponentDescription>& components()
{
    static const auto suite = [] {
        auto found = load_component_descriptions("wasi/wasip3");
        if (found.empty())
            std::cerr << "SKIPPED: no official WASI suite under " TRELLIS_SHARED_DIR "\n";
        return found;
    }();
    return suite;
}

} // namespace

class ComponentSuite : public testing::TestWithParam<ComponentDescription> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ComponentSuite);

TEST_P(ComponentSuite, behaves_as_described)
{
    std::signal(SIGPIPE, SIG_IGN);
    ComponentRun run(GetParam());
    EXPECT_EQ(run.follow(), "");
}

INSTANTIATE_TEST_SUITE_P(wasip3, ComponentSuite, testing::ValuesIn(components()),
                         [](const auto& info) { return info.param.name; });

TEST(component_suite, has_all_its_components)
{
    if (components().empty())
        GTEST_SKIP() << "no official WASI suite";
    EXPECT_EQ(components().size(), components_of_wasip3);
}

} // namespace trellis::test
