// Fields as guests of wasi_experimental_http write and read them: lines "name:value\n". Pure functions; any thread.
#pragma once

#include "base/result.hpp"
#include "net/http/message.hpp"

#include <string>
#include <string_view>

namespace trellis::sandbox {

/// Of a request: names are tokens, values printable ASCII; repeated names are kept in order. Errors: malformed.
Result<net::http::Fields> read_header_text(std::string_view text);

/// Of a response: names in lower case. Errors: malformed, for a value that is not UTF-8 or has control characters,
/// which no guest could read.
Result<std::string> write_header_text(const net::http::Fields& fields);

} // namespace trellis::sandbox
