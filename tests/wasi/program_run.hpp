// One program of the official WASI 0.1 suite: where it is run, how it ended, and whether that was right.
#pragma once

#include "sandbox/scratch_directory.hpp"
#include "sandbox/wasi/wasi.hpp"
#include "wasi/pipes.hpp"
#include "wasi/wasi_program.hpp"

namespace trellis::test {

constexpr std::size_t programs_in_wasip1 = 72;

/// All of the suite; none where it is absent, which is said once.
const std::vector<WasiProgram>& programs_of_wasip1();
SharedBytes read_program_file(const std::string& path);

struct Ending {
    int exit_code = 0;
    std::string failure = {}; ///< of the engine, or a trap
    std::string output = {}, errors = {};
};

/// Standard streams and a copy of the program's directory, for one run.
class ProgramSurroundings {
public:
    explicit ProgramSurroundings(const WasiProgram& program);
    sandbox::WasiConfig config(sandbox::Resolution resolution);
    /// Adds what the program wrote.
    Ending finish(Ending ending);

private:
    const WasiProgram& program_;
    sandbox::ScratchDirectory scratch_;
    Pipe input_;
    Collector output_, errors_;
};

void expect_as_described(const WasiProgram& program, const Ending& ending);

} // namespace trellis::test
