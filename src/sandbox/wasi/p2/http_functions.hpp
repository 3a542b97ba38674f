// The parts of wasi:http/types, which are too many for one file. Constant.
#pragma once

#include "sandbox/wasi/p2/guest.hpp"

namespace trellis::sandbox::preview2 {

extern const std::span<const HostFunction> http_field_functions, http_body_functions, http_message_functions;

} // namespace trellis::sandbox::preview2
