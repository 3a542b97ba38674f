// Writing to people and pipes: whole texts, unbuffered, colour only where a terminal shows it.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace trellis::cli {

/// Everything, also to slow pipes. Errors: io.
Result<> write_all(int descriptor, Bytes bytes);
Result<> write_all(int descriptor, std::string_view text);

/// Names come from guests: control characters, which a terminal would obey, become \1b; line ends stay if asked for.
std::string printable(std::string_view text, bool keep_lines = false);

/// "error: ..." and a newline on stderr, printable.
void print_error(std::string_view message);

/// "note: ..." likewise: what goes on otherwise than asked for, and why.
void print_note(std::string_view message);

/// print_error and the exit code for it.
int report(const Error& error);

/// Writes to stdout; the exit code: 0, or that of the failure.
int print(std::string_view text);

} // namespace trellis::cli
