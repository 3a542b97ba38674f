// Threads whose work others can do without for a while.
#pragma once

namespace trellis {

/// The calling thread gets less of a processor than others of the process where they want the same one. Where the
/// system refuses, nothing changes.
void lower_thread_priority();

} // namespace trellis
