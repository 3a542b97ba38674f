// What an instance holds that its module's own definitions would not make again: read once, when the initialisation has
// run. Found by comparing with a twin: an instance of the same module (with the tables' sizes as they are now) that ran
// nothing. Borrows from the instance.
#pragma once

#include "wasm/execution/store.hpp"
#include "wasm/preinit/runs.hpp"

namespace trellis::wasm {

struct TableRun {
    TableIndex table;
    Run elements;
};

struct DataRun {
    MemoryIndex memory;
    std::uint64_t offset;
    Bytes bytes;
};

struct Snapshot {
    std::vector<bool> changed_globals; ///< one per definition
    std::vector<TableRun> tables;
    std::vector<DataRun> data; ///< all that is not zero, not only what changed
};

/// Errors: unsupported, where an element segment holds an object that was changed; limit; trap.
Result<Snapshot> take_snapshot(Instance& instance);

} // namespace trellis::wasm
