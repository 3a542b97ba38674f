// Runs a program as a person would: words, standard input, and what comes back. One thread at a time.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace trellis::testing {

struct ProcessResult {
    int exit_code = -1; ///< -1: ended by a signal, or by the time limit
    int signal = 0;
    std::string output;
    std::string errors;
};

struct ProcessRequest {
    std::vector<std::string> words;            ///< program first
    std::string input = {};                    ///< for its standard input, through a pipe
    std::vector<std::string> environment = {}; ///< added to ours: "NAME=value"
    std::string directory = {};                ///< where it runs; empty: here
    /// Sends this signal after that time, if not 0.
    int signal = 0;
    std::chrono::milliseconds signal_after{300};
    /// Keeps standard input open and empty instead of ending it.
    bool keep_input_open = false;
    std::chrono::seconds time_limit{30}; ///< then it is killed
    bool may_use_cache = false;          ///< or there is no code cache: nothing is found, and nothing left behind
};

ProcessResult run_process(const ProcessRequest& request);

/// A directory that is removed with everything in it at the end of the scope.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    ~TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    /// Writes a file into it; its path.
    [[nodiscard]] std::string file(const std::string& name, std::string_view content) const;

private:
    std::string path_;
};

std::string read_whole_file(const std::string& path);
bool write_whole_file(const std::string& path, std::string_view content);

} // namespace trellis::testing
