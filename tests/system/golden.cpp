#include "system/golden.hpp"

#include "system/process.hpp"

#include <cstdlib>
#include <gtest/gtest.h>

namespace trellis::testing {

void expect_golden(const std::string& name, const std::string& actual)
{
    const auto path = std::string(TRELLIS_SOURCE_DIR "/tests/system/golden/") + name;
    if (std::getenv("TRELLIS_REFRESH_GOLDEN")) {
        ASSERT_TRUE(write_whole_file(path, actual));
        return;
    }
    EXPECT_EQ(actual, read_whole_file(path)) << "if this is right: TRELLIS_REFRESH_GOLDEN=1 ctest -R system_test";
}

} // namespace trellis::testing
