// trellis run, where the file is a component: a program of wasi:cli.
#pragma once

#include "embed/compiled_module.hpp"
#include "sandbox/http/allow_list.hpp"
#include "sandbox/network/network_grant.hpp"
#include "sandbox/wasi/wasi.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trellis::cli {

/// What the options of run say.
struct RunSettings {
    sandbox::WasiConfig wasi = {};
    sandbox::NetworkGrant network = {}; ///< of components; where they may listen is in `wasi`
    sandbox::AllowList http = {};
    std::vector<std::string> linked = {}; ///< files of components that the program imports from
    const wasm::Tier* tier = nullptr;
    bool may_change_tier = false; ///< to compiled code, where the cache has all of it
    wasm::StoreLimits limits = {};
    std::optional<std::chrono::microseconds> timeout = {};
    embed::CodeWishes wishes = {};
    std::optional<embed::CodeCache> cache = {};
    wasm::jit::Settings jit = {};

    [[nodiscard]] const embed::CodeCache* used_cache() const { return cache ? &*cache : nullptr; }
};

/// The exit code; prints why it failed.
int run_component(std::string_view file, RunSettings settings);

} // namespace trellis::cli
