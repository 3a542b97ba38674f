#include "services/gateway/cgi.hpp"

#include "base/format.hpp"
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

bool is_hidden(std::string_view field, bool strict)
{
    return std::ranges::any_of(hidden_fields, [&](auto one) { return same_name(one, field); }) ||
           (!strict && same_name(field, proxy_field));
}

/// Variables in order; a later one of the same name takes the earlier one's place.
class VariableList {
public:
    explicit VariableList(const Variables& first) : all_(first), unchecked_from_(first.size()) { all_.reserve(64); }

    void set(std::string_view name, std::string value)
    {
        if (auto* const known = find(name, unchecked_from_))
            *known = std::move(value);
        else
            all_.emplace_back(name, std::move(value));
    }
    /// Of a field of the request, which may come more than once.
    void set_field(const net::http::Field& field, bool strict)
    {
        auto name = variable_name(field.name);
        auto value = wasm::is_utf8(field.value) ? field.value : std::string(corrupt_value);
        auto* const known = find(name, all_.size());
        if (known == nullptr)
            all_.emplace_back(std::move(name), std::move(value));
        else if (strict || is_operators(known))
            *known = std::move(value);
        else
            known->append(same_name(field.name, "cookie") ? "; " : ", ").append(value);
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
    /// It stood there before the first field did.
    [[nodiscard]] bool is_operators(const std::string* value) const
    {
        for (std::size_t i = 0; i < fields_from_; ++i)
            if (&all_[i].second == value)
                return true;
        return false;
    }

    Variables all_;
    std::size_t unchecked_from_;
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
    const auto named = request.fields.find("host").value_or("");
    const std::string_view default_port = peer.secure && !identity.strict ? "443" : "80";
    return split_host(named.empty() ? std::string_view(identity.default_host) : named, default_port);
}

void replace_all(std::string& text, std::string_view what, std::string_view with)
{
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

std::vector<std::string> split_at(std::string_view text, std::string_view separators, bool keep_empty)
{
    std::vector<std::string> pieces;
    while (true) {
        const auto end = std::min(text.find_first_of(separators), text.size());
        if (keep_empty || end != 0)
            pieces.emplace_back(text.substr(0, end));
        if (end == text.size())
            return pieces;
        text.remove_prefix(end + 1);
    }
}

} // namespace

Target split_target(std::string_view target)
{
    target = target.substr(0, target.find('#'));
    const auto mark = target.find('?');
    if (mark == std::string_view::npos)
        return {target, {}};
    return {target.substr(0, mark), target.substr(mark + 1)};
}

std::vector<std::string> arguments_of(const std::optional<std::string>& argv_template, const Match& match,
                                      const Target& target)
{
    auto pieces = target.query.empty() ? std::vector<std::string>() : split_at(target.query, "&", true);
    if (!argv_template) {
        pieces.insert(pieces.begin(), std::string(target.path));
        return pieces;
    }
    std::string arguments;
    for (const auto& piece : pieces)
        arguments.append(arguments.empty() ? "" : " ").append(piece);
    // The path first: a query that holds ${SCRIPT_NAME} stays as it is.
    auto text = *argv_template;
    replace_all(text, "${SCRIPT_NAME}", match.script_name);
    replace_all(text, "${ARGS}", arguments);
    return split_at(text, " \t\r\n", false);
}

Variables variables_of(const RequestHead& request, const Peer& peer, const Match& match, const Target& target,
                       const ServerIdentity& identity, const Variables& operator_variables)
{
    VariableList list(operator_variables);
    const auto server = server_of(request, peer, identity);
    const std::string path(target.path), query(target.query);
    const auto url = format("{}://{}:{}{}{}{}", peer.secure ? "https" : "http", server.host, server.port, path,
                            query.empty() ? "" : "?", query);
    list.set("AUTH_TYPE", "");
    list.set("REMOTE_USER", "");
    list.set("CONTENT_LENGTH", request.content_length ? format("{}", *request.content_length) : "");
    list.set("CONTENT_TYPE", std::string(request.fields.find("content-type").value_or("")));
    list.set("GATEWAY_INTERFACE", "CGI/1.1");
    list.set("X_FULL_URL", url);
    list.set("X_MATCHED_ROUTE", match.route->pattern);
    list.set("SCRIPT_NAME", match.script_name);
    list.set("PATH_INFO", match.path_info);
    list.set("X_RAW_PATH_INFO", match.raw_path_info);
    list.set("PATH_TRANSLATED", match.path_info);
    list.set("QUERY_STRING", query);
    list.set("REQUEST_METHOD", request.method);
    list.set("SERVER_PROTOCOL", request.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1");
    list.set("REMOTE_ADDR", peer.address);
    list.set("REMOTE_HOST", peer.address);
    list.set("SERVER_NAME", server.host);
    list.set("SERVER_PORT", server.port);
    list.set("SERVER_SOFTWARE", "WAGI/1");
    list.fields_begin();
    for (const auto& field : request.fields.all())
        if (!is_hidden(field.name, identity.strict))
            list.set_field(field, identity.strict);
    return list.take();
}

} // namespace trellis::gateway
