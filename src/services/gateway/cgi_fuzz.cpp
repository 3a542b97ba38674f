// Whatever a client sends: each variable stands there once, without a NUL, and what is decoded is UTF-8.
#include "base/check.hpp"
#include "services/gateway/cgi.hpp"
#include "services/gateway/url.hpp"
#include "wasm/text/characters.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>

namespace {

using namespace trellis::gateway;

std::string_view take_line(std::string_view& text)
{
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

void check_decoding(std::string_view text)
{
    const auto decoded = url_decoded(text);
    TRELLIS_CHECK(trellis::wasm::is_utf8(decoded) && decoded.size() <= 3 * text.size());
    TRELLIS_CHECK(text.contains('\0') || !decoded.contains('\0'));
    if (!text.contains('%') && trellis::wasm::is_utf8(text))
        TRELLIS_CHECK(decoded == text);
}

/// As the server lets them through.
trellis::net::http::RequestHead request_of(std::string_view text)
{
    trellis::net::http::RequestHead head;
    head.method = "GET";
    head.target = "/" + std::string(take_line(text));
    std::erase(head.target, '\0');
    while (!text.empty()) {
        const auto line = take_line(text);
        const auto colon = std::min(line.find(':'), line.size());
        const auto value = line.substr(std::min(colon + 1, line.size()));
        if (trellis::net::http::is_field_name(line.substr(0, colon)) && trellis::net::http::is_field_value(value))
            head.fields.add(std::string(line.substr(0, colon)), std::string(value));
    }
    return head;
}

} // namespace

/// The first line is a template for arguments, the second the target, the others are fields.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view text(reinterpret_cast<const char*>(data), size);
    check_decoding(text);
    const std::string argv(take_line(text));
    const auto request = request_of(text);
    const auto target = split_target(request.target);
    const RouteTable table({{.pattern = "/...", .module = 0, .entrypoint = "_start"}});
    const auto match = table.find(target.path, "GET", "");
    TRELLIS_CHECK(match.has_value() && arguments_of(std::nullopt, target).front() == target.path);
    for (const auto& word : arguments_of(argv, target))
        TRELLIS_CHECK(!word.empty() && !word.contains(' '));
    for (const bool strict : {false, true}) {
        const auto variables = variables_of(request, size, {.address = "::1"}, *match, target, {"a:1", strict},
                                            {{"HTTP_A", "b"}, {"C", "d"}});
        std::set<std::string_view> names;
        for (const auto& [name, value] : variables)
            TRELLIS_CHECK(names.insert(name).second && !name.contains('=') && !value.contains('\0'));
        TRELLIS_CHECK(names.contains("REQUEST_METHOD") && !names.contains("HTTP_AUTHORIZATION"));
    }
    return 0;
}
