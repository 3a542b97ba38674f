#include "wasi/program_run.hpp"

#include <gtest/gtest.h>
#include <iostream>

namespace trellis::test {

namespace {

namespace fs = std::filesystem;

/// A copy the program may write to: the suite's own files are read-only.
void copy_root(const std::string& root, const fs::path& target)
{
    fs::copy(root, target, fs::copy_options::recursive);
    for (const auto& entry : fs::recursive_directory_iterator(target))
        fs::permissions(entry, fs::perms::owner_all, fs::perm_options::add);
    fs::permissions(target, fs::perms::owner_all, fs::perm_options::add);
}

} // namespace

const std::vector<WasiProgram>& programs_of_wasip1()
{
    static const auto suite = [] {
        auto found = load_wasi_programs("wasi/wasip1");
        if (found.empty())
            std::cerr << "SKIPPED: no official WASI suite under " TRELLIS_SHARED_DIR "\n";
        return found;
    }();
    return suite;
}

SharedBytes read_program_file(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    return SharedBytes::copy_of({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

ProgramSurroundings::ProgramSurroundings(const WasiProgram& program) : program_(program)
{
    if (!program.root.empty())
        copy_root(program.root, scratch_.path("root"));
}

sandbox::WasiConfig ProgramSurroundings::config(sandbox::Resolution resolution)
{
    sandbox::WasiConfig config = {.arguments = program_.arguments,
                                  .environment = program_.environment,
                                  .stdin_stream = input_.reading(),
                                  .stdout_stream = output_.descriptor(),
                                  .stderr_stream = errors_.descriptor(),
                                  .resolution = resolution};
    if (!program_.root.empty())
        config.directories.push_back({.host = scratch_.path("root"), .guest = "/"});
    return config;
}

Ending ProgramSurroundings::finish(Ending ending)
{
    ending.output = output_.finish();
    ending.errors = errors_.finish();
    return ending;
}

void expect_as_described(const WasiProgram& program, const Ending& ending)
{
    EXPECT_EQ(ending.failure, "") << ending.errors;
    EXPECT_EQ(ending.exit_code, program.exit_code) << ending.errors;
    if (program.output) {
        EXPECT_EQ(ending.output.substr(0, program.output->size()), *program.output);
    }
    if (program.errors) {
        EXPECT_EQ(ending.errors.substr(0, program.errors->size()), *program.errors);
    }
}

} // namespace trellis::test
