// Components that trellis makes and those that another program makes of the same modules must say the same, to trellis
// as to the other program, which also checks that they are valid. Made by make_components.mjs.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace trellis::test {
namespace {

namespace fs = std::filesystem;

std::string whole(const fs::path& path)
{
    std::ifstream file(path);
    EXPECT_TRUE(file.good()) << path;
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(component_peers, both_components_say_the_same)
{
    const fs::path made = TRELLIS_PEER_MADE "/components";
    if (!fs::exists(made))
        GTEST_SKIP() << "the other programs are not installed; tools/setup fetches them";
    std::size_t compared = 0;
    for (const auto& entry : fs::directory_iterator(TRELLIS_PEER_SOURCES "/cases")) {
        if (entry.path().extension() != ".wit")
            continue;
        const auto name = entry.path().stem().string();
        for (const std::string reader : {"trellis", "peer"})
            EXPECT_EQ(whole(made / (name + ".trellis." + reader + ".wit")),
                      whole(made / (name + ".peer." + reader + ".wit")))
                << name;
        ++compared;
    }
    EXPECT_GT(compared, 0u);
}

} // namespace
} // namespace trellis::test
