#include "services/gateway/cgi.hpp"

#include "base/format.hpp"
#include "services/gateway/words.hpp"
#include "wasm/text/characters.hpp"

#include <algorithm>
#include <array>

namespace trellis::gateway {

using net::http::Peer;
using net::http::RequestHead;
using net::http::same_name;

namespace {

constexpr std::string_view corrupt_value = "CORRUPT VALUE";

/// What a guest is not told: credentials, the hop's own, and what CGI programs take for the address of a proxy.
constexpr std::array<std::string_view, 2> hidden_fields = {"authorization", "connection"};
constexpr std::string_view proxy_field = "proxy"; // HTTP_PROXY: https://httpoxy.org

/// "x-forwarded-for" is HTTP_X_FORWARDED_FOR.
std::string variable_name(std::string_view field)
{
    std::string name = "HTTP_";
    name.reserve(name.size() + field.size());
    for (const char c : field)
        name += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    return name;
}

/// X_Real_IP would pass for X-Real-IP, which a proxy sets.
bool is_impostor(std::string_view field, const net::http::Fields& fields)
{
    return field.contains('_') && std::ranges::any_of(fields.all(), [&](const auto& other) {
               return !other.name.contains('_') && variable_name(other.name) == variable_name(field);
           });
}

bool is_hidden(std::string_view field, const net::http::Fields& fields, bool strict)
{
    return std::ranges::any_of(hidden_fields, [&](auto one) { return same_name(one, field); }) ||
           (!strict && (same_name(field, proxy_field) || is_impostor(field, fields)));
}

bool is_visible_ascii(std::string_view text)
{
    return std::ranges::all_of(text, [](char c) { return (c >= ' ' && c <= '~') || c == '\t'; });
}

/// WAGI takes nothing but ASCII for text.
bool is_text(std::string_view value, bool strict)
{
    return strict ? is_visible_ascii(value) : wasm::is_utf8(value);
}

/// The field's value; empty where there is none that is text.
std::string_view text_of(const RequestHead& request, std::string_view field, bool strict)
{
    const auto value = request.fields.find(field).value_or("");
    return is_text(value, strict) ? value : std::string_view();
}

/// Variables in order; a later one of the same name takes the earlier one's place.
class VariableList {
public:
    explicit VariableList(const Variables& first) : all_(first), operators_(first.size()) { all_.reserve(64); }

    void set(std::string_view name, std::string value)
    {
        if (auto* const known = find(name, operators_))
            *known = std::move(value);
        else
            all_.emplace_back(name, std::move(value));
    }
    /// Of a field of the request, which may come more than once.
    void set_field(const net::http::Field& field, bool strict)
    {
        auto name = variable_name(field.name);
        auto value = is_text(field.value, strict) ? field.value : std::string(corrupt_value);
        auto* const known = find(name, all_.size());
        if (known != nullptr && !strict && !is_operators(known)) {
            known->append(same_name(field.name, "cookie") ? "; " : ", ").append(value);
            return;
        }
        if (known != nullptr)
            remove(known);
        all_.emplace_back(std::move(name), std::move(value));
    }
    void fields_begin() { fields_from_ = all_.size(); }
    Variables take() { return std::move(all_); }

private:
    std::string* find(std::string_view name, std::size_t count)
    {
        for (std::size_t i = 0; i < count; ++i)
            if (all_[i].first == name)
                return &all_[i].second;
        return nullptr;
    }
    std::size_t index_of(const std::string* value) const
    {
        const auto found = std::ranges::find_if(all_, [&](const auto& one) { return &one.second == value; });
        return static_cast<std::size_t>(found - all_.begin());
    }
    /// It stood there before the first field did.
    [[nodiscard]] bool is_operators(const std::string* value) const { return index_of(value) < fields_from_; }
    void remove(const std::string* value)
    {
        const auto index = index_of(value);
        fields_from_ -= index < fields_from_;
        all_.erase(all_.begin() + static_cast<std::ptrdiff_t>(index));
    }

    Variables all_;
    std::size_t operators_;
    std::size_t fields_from_ = 0;
};

struct HostAndPort {
    std::string host;
    std::string port;
};

/// "host", "host:port", "[v6]:port".
HostAndPort split_host(std::string_view text, std::string_view default_port)
{
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || text.find(']', colon) != std::string_view::npos)
        return {std::string(text), std::string(default_port)};
    const auto port = text.substr(colon + 1);
    return {std::string(text.substr(0, colon)), std::string(port.empty() ? default_port : port)};
}

HostAndPort server_of(const RequestHead& request, const Peer& peer, const ServerIdentity& identity)
{
    const auto named = text_of(request, "host", false);
    return split_host(named.empty() ? identity.default_host : named, peer.secure ? "443" : "80");
}

/// WAGI's way: what the Host field does not say, the configured host does; and the first colon ends a name.
HostAndPort strict_server_of(const RequestHead& request, const ServerIdentity& identity)
{
    HostAndPort server = {"localhost", "80"};
    for (const auto text : {std::string_view(identity.default_host), text_of(request, "host", true)}) {
        const auto colon = std::min(text.find(':'), text.size());
        if (colon != 0)
            server.host = text.substr(0, colon);
        if (colon + 1 < text.size())
            server.port = text.substr(colon + 1);
    }
    return server;
}

/// In one pass, so that what a client sends is never looked at for names.
std::string filled_in(std::string_view text, std::string_view script_name, std::string_view arguments)
{
    constexpr std::string_view script_name_mark = "${SCRIPT_NAME}", arguments_mark = "${ARGS}";
    std::string filled;
    while (!text.empty()) {
        const bool is_name = text.starts_with(script_name_mark), is_arguments = text.starts_with(arguments_mark);
        filled += is_name ? script_name : is_arguments ? arguments : text.substr(0, 1);
        text.remove_prefix(is_name ? script_name_mark.size() : is_arguments ? arguments_mark.size() : 1);
    }
    return filled;
}

std::vector<std::string> pieces_of(std::string_view query)
{
    std::vector<std::string> pieces;
    for (auto end = query.find('&'); end != std::string_view::npos; end = query.find('&')) {
        pieces.emplace_back(query.substr(0, end));
        query.remove_prefix(end + 1);
    }
    pieces.emplace_back(query);
    return pieces;
}

} // namespace

Target split_target(std::string_view target)
{
    target = target.substr(0, target.find('#'));
    const auto mark = target.find('?');
    if (mark == std::string_view::npos)
        return {target, std::nullopt};
    return {target.substr(0, mark), target.substr(mark + 1)};
}

std::vector<std::string> arguments_of(const std::optional<std::string>& argv_template, const Target& target)
{
    if (!argv_template) {
        auto arguments = target.query ? pieces_of(*target.query) : std::vector<std::string>();
        arguments.insert(arguments.begin(), std::string(target.path));
        return arguments;
    }
    std::string pieces(target.query.value_or(""));
    std::ranges::replace(pieces, '&', ' ');
    const auto text = filled_in(*argv_template, target.path, pieces);
    const auto words = words_of(text);
    return {words.begin(), words.end()};
}

Variables variables_of(const RequestHead& request, std::optional<std::uint64_t> body_bytes, const Peer& peer,
                       const Match& match, const Target& target, const ServerIdentity& identity,
                       const Variables& operator_variables)
{
    VariableList list(operator_variables);
    const auto server = identity.strict ? strict_server_of(request, identity) : server_of(request, peer, identity);
    const auto query = target.query.value_or("");
    const auto url = format("{}://{}:{}{}{}{}", peer.secure ? "https" : "http", server.host, server.port, target.path,
                            target.query ? "?" : "", query);
    list.set("AUTH_TYPE", "");
    list.set("REMOTE_USER", "");
    list.set("CONTENT_LENGTH", body_bytes ? format("{}", *body_bytes) : "");
    list.set("CONTENT_TYPE", std::string(text_of(request, "content-type", identity.strict)));
    list.set("GATEWAY_INTERFACE", "CGI/1.1");
    list.set("X_FULL_URL", url);
    list.set("X_MATCHED_ROUTE", match.route->pattern);
    list.set("SCRIPT_NAME", match.script_name);
    list.set("PATH_INFO", match.path_info);
    list.set("X_RAW_PATH_INFO", match.raw_path_info);
    list.set("PATH_TRANSLATED", match.path_info);
    list.set("QUERY_STRING", std::string(query));
    list.set("REQUEST_METHOD", request.method);
    list.set("SERVER_PROTOCOL", request.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1");
    list.set("REMOTE_ADDR", peer.address);
    list.set("REMOTE_HOST", peer.address);
    list.set("SERVER_NAME", server.host);
    list.set("SERVER_PORT", server.port);
    list.set("SERVER_SOFTWARE", "WAGI/1");
    list.fields_begin();
    for (const auto& field : request.fields.all())
        if (!is_hidden(field.name, request.fields, identity.strict))
            list.set_field(field, identity.strict);
    return list.take();
}

} // namespace trellis::gateway
