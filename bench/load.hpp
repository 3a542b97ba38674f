// What the programs here that use the engine itself share: a file's bytes, imports that do nothing.
#pragma once

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "wasm/execution/store.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <time.h>

namespace trellis::bench {

inline SharedBytes read_file(const char* path)
{
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    const auto size = std::max<std::streamoff>(file.tellg(), 0);
    file.seekg(0);
    return SharedBytes::filled_by(static_cast<std::size_t>(size), [&](std::span<std::uint8_t> to) {
        file.read(reinterpret_cast<char*>(to.data()), size);
    });
}

/// The value of a Result; prints the error and ends the program if there is none.
template <class T>
T must(Result<T> result)
{
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().describe().c_str());
        std::exit(1);
    }
    return std::move(*result);
}

/// A function for every imported function, which leaves its arguments as its results.
inline std::vector<wasm::Extern> stubs(wasm::Store& store, const wasm::Module& module)
{
    std::vector<wasm::Extern> externs;
    for (const wasm::Import& import : module.imports)
        if (const auto* type = std::get_if<wasm::TypeIndex>(&import.type))
            externs.emplace_back(store.make_host_function(
                module.function_type(*type), [](void*, wasm::Caller, wasm::Slot*) { return wasm::Trap::none; },
                nullptr));
    return externs;
}

inline double wall_ns()
{
    return static_cast<double>(std::chrono::steady_clock::now().time_since_epoch().count());
}

/// Of all threads together.
inline double processor_ns()
{
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

/// Nanoseconds by `clock` that one call of `work` takes: the best of five runs of `times` calls.
template <class Work>
double nanoseconds_each(int times, double (*clock)(), Work work)
{
    double best = 1e300;
    for (int run = 0; run < 5; ++run) {
        const double start = clock();
        for (int i = 0; i < times; ++i)
            work();
        best = std::min(best, (clock() - start) / times);
    }
    return best;
}

} // namespace trellis::bench
