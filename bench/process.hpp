// Runs a program to its end and says what it printed and used. One at a time; Linux.
#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace trellis::bench {

struct Outcome {
    int exit_code = 0;
    std::string output;      ///< what it wrote to its standard output; standard error is dropped
    double wall_ms = 0;      ///< from fork to the end
    double processor_ms = 0; ///< user and system time
    long peak_resident_kib = 0;
};

/// Errors: not_found when the program can't be started; limit when it runs for two minutes.
Result<Outcome> run(const std::vector<std::string>& command);

/// The program's path, looked up in PATH; empty if it isn't there.
std::string find_program(const std::string& name);

} // namespace trellis::bench
