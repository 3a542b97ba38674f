// Just in time: programs start in the interpreter; a thread in the background looks every millisecond where they are,
// compiles the functions and loops they are found in, with what those call, and guests go on in compiled code: at their
// next call of such a function, or, in the middle of a running loop, at its next iteration.
//
// Looking costs a poll each time and nothing in between: no counters. Guests run on their own threads; a Jit may be
// used from any.
#pragma once

#include "wasm/compiler/compiler.hpp"
#include "wasm/execution/store.hpp"
#include "wasm/jit/unit.hpp"

#include <chrono>
#include <functional>

namespace trellis::wasm {

/// The tier of stores that a Jit watches. Without one it is the interpreter.
extern const Tier jit_tier;
/// Compiled code for instances of modules that have it as a whole. Where there is too little address space for what it
/// needs (its memory guarded, a stack), the instance is interpreted, and has no Instance::native.
extern const Tier compiled_if_possible_tier;

namespace jit {

struct Settings {
    std::chrono::microseconds interval{1000};       ///< between two looks
    unsigned hot = 2;                               ///< looks that have to find a guest in a function
    std::uint64_t most_function_bytes = 256 * 1024; ///< in the module; a larger function stays interpreted
    UnitLimits unit = {};                           ///< what is compiled together
    /// What earlier runs have kept of the module, or null; and keeping what this one has so far. For example a code
    /// cache.
    std::function<std::shared_ptr<const native::CodeImage>(const Module&, native::CodeMode)> find = {};
    std::function<void(const Module&, const native::CompiledModule&)> keep = {};
    std::function<void(const std::string&)> log = {}; ///< one line each: what is compiled and what is not, and why
};

/// compiler::compile, or the way to it.
using Compile = std::function<Result<native::CompiledModule>(const Module&, const compiler::Options&)>;

class Jit {
public:
    explicit Jit(Compile compile, Settings settings = {});
    /// Waits for what is being compiled.
    ~Jit();

    /// From now on until forget(): the store is of the jit tier. Takes the store's sample handler.
    void watch(Store& store);
    void forget(Store& store);

    /// Compiles what is named, whoever asked for it before, and returns when it is in use. Errors: the compiler's,
    /// limit.
    Result<> compile_now(Instance& instance, compiler::Selection what);

    /// Nothing is compiled after this; returns at once. For processes that end.
    void stop();

    struct Impl;

private:
    std::unique_ptr<Impl> impl_;
};

} // namespace jit
} // namespace trellis::wasm
