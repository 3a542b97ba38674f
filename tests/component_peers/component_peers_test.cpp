// Components that trellis makes and those that another program makes of the same modules must say the same, to trellis
// as to the other program, which also checks that they are valid. Made by make_components.mjs.
#include "component_peers/made_by_peers.hpp"

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

class component_peers : public testing::MadeByPeers {};

} // namespace

TEST_F(component_peers, both_components_say_the_same)
{
    const fs::path folder = made("components");
    std::size_t compared = 0;
    for (const auto& entry : fs::directory_iterator(TRELLIS_PEER_SOURCES "/cases")) {
        if (entry.path().extension() != ".wit")
            continue;
        const auto name = entry.path().stem().string();
        for (const std::string reader : {"trellis", "peer"})
            EXPECT_EQ(whole(folder / (name + ".trellis." + reader + ".wit")),
                      whole(folder / (name + ".peer." + reader + ".wit")))
                << name;
        ++compared;
    }
    EXPECT_GT(compared, 0u);
}

} // namespace trellis::test
