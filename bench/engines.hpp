// The engines that are compared: the native programs first, then the tiers of Trellis, then the peers found on PATH.
#pragma once

#include <string>
#include <vector>

namespace trellis::bench {

struct Engine {
    std::string name;
    std::string version;
    std::vector<std::string> before; ///< program and options, in front of the module; none: the program runs itself
    std::vector<std::string> after;  ///< between the module and its arguments
    std::string suffix = ".wasm";    ///< of the file that is run
    bool is_peer = false;

    /// The command that runs `stem`.wasm, or a native program.
    [[nodiscard]] std::vector<std::string> command(const std::string& stem,
                                                   const std::vector<std::string>& arguments) const;
};

/// `trellis`: path of the program; `scripts`: the folder with node_wasi.mjs.
std::vector<Engine> find_engines(const std::string& trellis, const std::string& scripts);

} // namespace trellis::bench
