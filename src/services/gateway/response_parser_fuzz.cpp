// Whatever a module prints, in whatever pieces: the same head comes of it, and nothing in it breaks out of its line.
#include "base/check.hpp"
#include "services/gateway/cgi.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace {

using trellis::gateway::ResponseParser;
using trellis::net::http::is_field_value;

struct Parsed {
    bool failed = false;
    unsigned status = 0;
    std::size_t used = 0;
    std::string fields = {};
    bool operator==(const Parsed&) const = default;
};

void check(const trellis::net::http::ResponseHead& head)
{
    TRELLIS_CHECK(head.status >= 200 && head.status <= 999 && is_field_value(head.reason));
    for (const auto& field : head.fields.all()) {
        TRELLIS_CHECK(trellis::net::http::is_field_name(field.name) && is_field_value(field.value));
        TRELLIS_CHECK(!trellis::net::http::same_name(field.name, "transfer-encoding"));
        TRELLIS_CHECK(!trellis::net::http::same_name(field.name, "content-length"));
    }
}

/// In pieces of `step` bytes.
Parsed parse(std::string_view text, bool strict, std::size_t step)
{
    ResponseParser parser(strict);
    Parsed parsed;
    while (!text.empty() && !parser.complete()) {
        const auto piece = text.substr(0, step);
        const auto used = parser.consume(piece);
        if (!used)
            return {.failed = true, .status = parser.failure_status()};
        TRELLIS_CHECK(*used == piece.size() || parser.complete());
        parsed.used += *used;
        text.remove_prefix(*used);
    }
    if (!parser.complete())
        return {.failed = true, .status = parser.failure_status()};
    const auto head = parser.take();
    check(head);
    parsed.status = head.status;
    for (const auto& field : head.fields.all())
        parsed.fields.append(field.name).append(":").append(field.value).append("\n");
    return parsed;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    const bool strict = data[0] % 2 != 0;
    const std::size_t step = data[1] + 1u;
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    const auto whole = parse(text, strict, text.size() + 1);
    TRELLIS_CHECK(whole == parse(text, strict, step) && whole == parse(text, strict, 1));
    return 0;
}
