// Runs another program and waits for it: with no shell, no files but those named, and signals as a program expects
// them.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "sandbox/system.hpp"

#include <string>
#include <vector>

namespace trellis::cli {

struct ChildRequest {
    std::vector<std::string> words; ///< the program (looked for on PATH, unless it has a slash), then its arguments
    std::vector<int> descriptors;   ///< it finds them under first_child_descriptor and the numbers behind
};
inline constexpr int first_child_descriptor = 3;

struct ChildResult {
    int exit_code = 0;  ///< 128 + n where signal n ended it
    std::string output; ///< of its standard output, at most 1 MiB; standard error is ours
};

/// Errors: not_found, denied, io, in the program's name.
Result<ChildResult> run_child(const ChildRequest& request);

/// An open file without a name, of these bytes. Errors: io.
Result<sandbox::HostFd> make_unnamed_file(Bytes content);

} // namespace trellis::cli
