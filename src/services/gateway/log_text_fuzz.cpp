// Whatever is logged, a log line stays a line, a field a field, and a terminal unharmed.
#include "base/check.hpp"
#include "services/gateway/log_text.hpp"

#include <algorithm>
#include <cstddef>

namespace {

bool is_printable(char c)
{
    return c >= ' ' && c <= '~';
}

/// Every quote stands behind an odd number of backslashes, and the text does not end in the middle of an escape.
bool is_inside_quotes(std::string_view text)
{
    bool escaped = false;
    for (const char c : text) {
        if (c == '"' && !escaped)
            return false;
        escaped = c == '\\' && !escaped;
    }
    return !escaped;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto append : {trellis::gateway::append_quotable, trellis::gateway::append_json}) {
        std::string to;
        append(to, text);
        TRELLIS_CHECK(std::ranges::all_of(to, is_printable) && is_inside_quotes(to));
    }
    std::string to, again;
    trellis::gateway::append_readable(to, text);
    trellis::gateway::append_readable(again, to);
    TRELLIS_CHECK(to == again && to.find_first_of("\n\r\x1b\x7f") == std::string::npos);
    return 0;
}
