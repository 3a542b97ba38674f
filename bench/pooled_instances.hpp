// What an instance from the pool costs.
#pragma once

namespace trellis::bench {

/// Prints rows of print_row(): of a module with a function, and of one with 10 MB of memory, 1 MB of data, 512
/// functions and a table of them; and what 10,000 live instances of the latter take.
void measure_pooled_instances();

} // namespace trellis::bench
