// From the bytes of a response's head to a ResponseHead, as strictly as requests are read. Pure functions.
// https://www.rfc-editor.org/rfc/rfc9112 sections 4 to 6
#pragma once

#include "base/result.hpp"
#include "net/http/message.hpp"

#include <string_view>

namespace trellis::net::http {

/// How the end of a response's body is known.
enum class BodyEnd : std::uint8_t { none, length, chunks, close };

struct ParsedResponse {
    ResponseHead head; ///< with all fields; content_length as sent
    BodyEnd body_end = BodyEnd::none;
};

/// `bytes`: a whole head with its empty line. `to_head`: it answers a HEAD request, so there is no body. Errors:
/// malformed, limit (more than `most_fields`).
Result<ParsedResponse> parse_response_head(std::string_view bytes, std::size_t most_fields, bool to_head);

/// The fields of a trailer's lines, as ChunkedDecoder keeps them, of a request or a response; those that may not be
/// there are passed over. Errors: malformed, limit.
Result<Fields> parse_trailer(std::string_view lines, std::size_t most_fields);

} // namespace trellis::net::http
