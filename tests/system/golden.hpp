// Files that say what the program's output was when somebody last looked at it, in tests/system/golden.
#pragma once

#include <string>

namespace trellis::testing {

/// Compares with a file in golden/; TRELLIS_REFRESH_GOLDEN=1 writes it instead.
void expect_golden(const std::string& name, const std::string& actual);

} // namespace trellis::testing
