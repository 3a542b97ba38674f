// What the measurements share: where the programs are, a folder to work in, and how trellis is started.
#pragma once

#include "server_process.hpp"

#include <string>

namespace trellis::bench {

struct Setting {
    std::string trellis; ///< the program
    std::string guests;  ///< folder of hello.wasm and so on
    std::string scripts; ///< this folder of the source
    std::string work;    ///< a folder of our own

    /// modules.toml in `work`, from the text.
    void configure(const std::string& toml) const;
    [[nodiscard]] std::string guest(const std::string& name) const { return guests + "/" + name + ".wasm"; }
    /// `trellis serve modules.toml`.
    [[nodiscard]] Result<ServerProcess> serve(unsigned workers, const std::vector<std::string>& options = {}) const;
};

/// What a measurement gives: Markdown, and whether the figure is met and every answer was right.
struct Report {
    std::string markdown;
    bool good = true;
};

Result<Report> measure_throughput(const Setting& setting);
Result<Report> measure_soak(const Setting& setting, std::uint64_t requests, std::chrono::seconds reload_interval);
Result<Report> measure_neighbours(const Setting& setting);

} // namespace trellis::bench
