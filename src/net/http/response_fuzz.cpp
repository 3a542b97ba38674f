// Bytes of the fuzzer's choice as a server's answer, head and body. Nothing may crash; what is taken obeys the rules
// that make its framing unambiguous.
//
// Input: a byte that says whether it answers HEAD, then the answer.
#include "base/check.hpp"
#include "net/http/chunked.hpp"
#include "net/http/request_parser.hpp"
#include "net/http/response_parser.hpp"

#include <algorithm>
#include <array>

using namespace trellis;
using namespace trellis::net::http;

namespace {

void check(const ParsedResponse& response)
{
    TRELLIS_CHECK(response.head.status >= 100 && response.head.status <= 999);
    for (const auto& [name, value] : response.head.fields.all())
        TRELLIS_CHECK(is_field_name(name) && is_field_value(value));
    const bool chunked = response.head.fields.find("transfer-encoding").has_value();
    TRELLIS_CHECK(!chunked || !response.head.content_length);
    TRELLIS_CHECK(response.body_end != BodyEnd::length || response.head.content_length);
}

void decode(std::string_view wire)
{
    ChunkedDecoder chunks;
    std::array<std::byte, 7> to;
    while (!chunks.finished()) {
        const auto step = chunks.decode(wire, to);
        if (!step || step->consumed == 0)
            return;
        TRELLIS_CHECK(step->consumed <= wire.size() && step->produced <= to.size());
        wire.remove_prefix(step->consumed);
    }
    if (const auto trailers = parse_trailer(chunks.trailer_lines(), 50))
        for (const auto& [name, value] : trailers->all())
            TRELLIS_CHECK(is_field_name(name) && is_field_value(value) && may_be_trailer(name));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto end = end_of_head(bytes, 0);
    if (end == std::string_view::npos)
        return 0;
    const auto response = parse_response_head(bytes.substr(0, end), 50, (data[0] & 1) == 1);
    if (!response)
        return 0;
    check(*response);
    if (response->body_end == BodyEnd::chunks)
        decode(bytes.substr(end));
    return 0;
}
