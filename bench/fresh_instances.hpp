// What a fresh instance for every request costs: a WASI program's store, instance, run and end, with its output thrown
// away. Prints rows of a Markdown table.
#pragma once

namespace trellis::bench {

void print_row(const char* what, double value, const char* unit);

/// `path`: a small program that writes to its standard output.
void measure_fresh_instances(const char* path);

} // namespace trellis::bench
