// The programs of the official WASI suite and what each must do. JSON lives in wasi_program.cpp alone.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace trellis::test {

struct WasiProgram {
    std::string path; ///< of the module
    std::string name; ///< "rust_readlink": a test's name
    std::vector<std::string> arguments = {};
    std::vector<std::pair<std::string, std::string>> environment = {};
    std::string root = {}; ///< directory to copy and preopen as "/"; empty: none
    int exit_code = 0;
    std::optional<std::string> output = {}, errors = {}; ///< what stdout and stderr must begin with
};

/// Every program below a folder of the suite ("wasi/wasip1"), in order of names. Empty where the suite is absent.
std::vector<WasiProgram> load_wasi_programs(const std::string& folder);

} // namespace trellis::test
