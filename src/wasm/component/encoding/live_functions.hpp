// What of an adapter is used: the functions that can be reached from those that others call. The rest goes, so that a
// component imports only what it uses, and does not carry code that nobody calls.
#pragma once

#include "wasm/syntax/module.hpp"

#include <set>
#include <string_view>

namespace trellis::wasm::component::encoding {

/// Which functions, imported ones first, can be reached from exports of these names, from the start function and from
/// tables; all, where a body can't be read.
std::vector<bool> live_functions(const Module& module, const std::set<std::string_view>& roots);

/// The module's binary, in which functions that are not live trap: their numbers stay.
std::vector<std::uint8_t> without_dead_bodies(const Module& module, const std::vector<bool>& live);

} // namespace trellis::wasm::component::encoding
