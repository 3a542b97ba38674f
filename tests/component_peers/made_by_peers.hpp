// What tests of other programs' components begin with: those are there, or it is said that they are not.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>

namespace trellis::testing {

class MadeByPeers : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (std::filesystem::exists(made("components.made")))
            return;
        const char* const ci = std::getenv("CI");
        if (ci && std::string(ci) == "true")
            FAIL() << "the other programs are not installed, and CI=true asks for them; tools/setup fetches them";
        GTEST_SKIP() << "the other programs are not installed; tools/setup fetches them";
    }
    static std::string made(const std::string& file) { return TRELLIS_PEER_MADE "/" + file; }
    /// What the other program runs in place of a component.
    static std::string script(const std::string& name) { return made("scripts/" + name + "/" + name + ".js"); }
};

} // namespace trellis::testing
