// Runs one script of the official suite: a fresh store, the commands in order, every verdict kept. The engine's types
// are shared by all scripts of a run. One thread at a time.
#pragma once

#include "conformance/script.hpp"
#include "conformance/suite.hpp"
#include "wasm/execution/slot_pool.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/syntax/type_registry.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace trellis::conformance {

struct Failure {
    unsigned line;
    std::string command; ///< its type
    std::string reason;
};

/// How many rejections carry a message that begins with the suite's own words.
struct MessageShare {
    unsigned matching = 0;
    unsigned total = 0;
    void add(bool matches)
    {
        total += 1;
        matching += matches ? 1 : 0;
    }
};

struct Difference {
    unsigned line;
    std::string wanted;
    std::string got;
};

struct ScriptResult {
    Counts executed;
    Counts skipped; ///< knowingly: notes, or not asked for
    std::vector<Failure> failures;
    MessageShare binary_messages;
    MessageShare text_messages;
    std::vector<Difference> other_words; ///< rejections whose message begins differently
};

struct RunOptions {
    wasm::Features features = wasm::Features::standard();
    bool check_annotations = false;
    ScriptKind kind = ScriptKind::core;
    bool instantiates = true;
    bool rejections_only = false;   ///< only assert_malformed, assert_invalid and their like: nothing is executed
    wasm::SlotPool* pool = nullptr; ///< where stores get their memories
    wasm::StoreLimits limits = {};
    const wasm::Tier* tier = &wasm::interpreter_tier;
    bool adapters = false;                                ///< between components, as core modules
    std::function<Result<>(const wasm::Module&)> prepare; ///< what the tier needs of a module before its instances
};

ScriptResult run_script(const Script& script, const RunOptions& options, const Notes& notes,
                        const std::shared_ptr<wasm::TypeRegistry>& registry);

/// The line now being run, for a report when the engine crashes.
extern volatile unsigned current_line;

} // namespace trellis::conformance
