// What the tests here share: the program, its guests, and a folder for what it writes.
#pragma once

#include "system/process.hpp"

#include <gtest/gtest.h>

namespace trellis::testing {

inline const std::string guests = TRELLIS_PREINIT_GUESTS;

inline ProcessResult trellis(std::vector<std::string> words, std::string input = {})
{
    words.insert(words.begin(), TRELLIS_PROGRAM);
    return run_process({.words = std::move(words), .input = std::move(input)});
}

class PreinitGuests : public ::testing::Test {
protected:
    TemporaryDirectory directory_;

    [[nodiscard]] std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

    /// Runs a command that writes a module with -o; the module's path.
    [[nodiscard]] std::string made(std::vector<std::string> words, const std::string& name) const
    {
        words.insert(words.end(), {"-o", path(name)});
        const auto result = trellis(words);
        EXPECT_EQ(result.exit_code, 0) << result.errors;
        return path(name);
    }
};

} // namespace trellis::testing
