// From the bytes of a request's head to a RequestHead, strictly: whatever two readers of the same bytes could take
// differently is refused. Boost.Beast reads the grammar; what it tolerates is checked here first. Pure functions.
// https://www.rfc-editor.org/rfc/rfc9112 sections 2 to 6 and 11
#pragma once

#include "net/http/message.hpp"

#include <expected>
#include <string_view>

namespace trellis::net::http {

/// Why a request is not taken.
struct Refused {
    unsigned status;
    std::string reason;
};

/// Where the head ends: behind the first empty line; npos: not there yet.
std::size_t end_of_head(std::string_view bytes, std::size_t searched_already);

/// `bytes`: a whole head with its empty line. `most_fields`: more are refused (431).
std::expected<RequestHead, Refused> parse_request_head(std::string_view bytes, std::size_t most_fields);

/// Whether the connection stays open behind this message, as its Connection fields and version say.
bool keeps_alive(const RequestHead& head);

/// Whether a comma-separated list (Connection, Expect) has that element, whatever the case.
bool list_has(std::string_view list, std::string_view element);

} // namespace trellis::net::http
