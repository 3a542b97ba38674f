#include "sandbox/wasi/p3/http_types.hpp"

#include <algorithm>

namespace trellis::sandbox::preview3 {

namespace {

using net::http::is_field_name;
using net::http::is_field_value;
using net::http::same_name;

constexpr std::array methods = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

/// What frames a message or belongs to one connection is the host's.
constexpr std::array forbidden_names = {"connection",
                                        "keep-alive",
                                        "proxy-authenticate",
                                        "proxy-authorization",
                                        "proxy-connection",
                                        "transfer-encoding",
                                        "upgrade",
                                        "http2-settings",
                                        "host"};
constexpr std::size_t most_bytes = 128 * 1024;

bool is_forbidden(std::string_view name)
{
    return std::ranges::any_of(forbidden_names, [&](const char* one) { return same_name(one, name); });
}

/// Emplaces the case without a payload that stands at `which`.
template <class Value, std::size_t... I>
Value plain_case(std::size_t which, std::index_sequence<I...>)
{
    Value value;
    ((I == which ? void(value.value.template emplace<I>()) : void()), ...);
    return value;
}

bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/// RFC 3986, unreserved and sub-delims, and the sign of what is encoded.
bool is_host_character(char c)
{
    return is_letter(c) || is_digit(c) || std::string_view("-._~%!$&'()*+,;=").contains(c);
}

bool is_host(std::string_view host)
{
    if (host.starts_with('[') && host.ends_with(']'))
        return host.size() > 2 && net::IpAddress::parse(host.substr(1, host.size() - 2)).has_value();
    return !host.empty() && std::ranges::all_of(host, is_host_character);
}

} // namespace

std::optional<Method> method_of(std::string_view text)
{
    const auto known = std::ranges::find(methods, text);
    if (known != methods.end())
        return plain_case<Method>(static_cast<std::size_t>(known - methods.begin()), std::make_index_sequence<9>());
    if (!is_field_name(text)) // a token, too
        return std::nullopt;
    Method other;
    other.value.emplace<9>(text);
    return other;
}

std::string method_text(const Method& method)
{
    const std::size_t which = method.value.index();
    return which < methods.size() ? methods[which] : std::get<9>(method.value);
}

std::optional<Scheme> scheme_of(std::string_view text)
{
    const auto is_tail = [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; };
    if (text.empty() || !is_letter(text.front()) || !std::ranges::all_of(text, is_tail))
        return std::nullopt;
    Scheme scheme;
    if (same_name(text, "https"))
        scheme.value.emplace<1>();
    else if (!same_name(text, "http"))
        scheme.value.emplace<2>(text);
    return scheme;
}

std::string scheme_text(const Scheme& scheme)
{
    constexpr std::array known = {"http", "https"};
    const std::size_t which = scheme.value.index();
    return which < known.size() ? known[which] : std::get<2>(scheme.value);
}

bool is_path_with_query(std::string_view text)
{
    constexpr std::string_view never = "#<>`\"\\\x7f";
    return std::ranges::all_of(text, [&](char c) { return static_cast<unsigned char>(c) > ' ' && !never.contains(c); });
}

bool is_authority(std::string_view text)
{
    const auto at = text.rfind('@');
    if (at != std::string_view::npos) {
        const auto user = text.substr(0, at);
        if (!std::ranges::all_of(user, [](char c) { return is_host_character(c) || c == ':'; }))
            return false;
        text.remove_prefix(at + 1);
    }
    const auto colon = text.rfind(':');
    if (colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos) {
        if (!std::ranges::all_of(text.substr(colon + 1), is_digit))
            return false;
        text = text.substr(0, colon);
    }
    return is_host(text);
}

// Fields

std::vector<HttpFields::Value> HttpFields::get(std::string_view name) const
{
    std::vector<Value> values;
    for (const auto& field : all_)
        if (same_name(field.name, name))
            values.emplace_back(field.value.begin(), field.value.end());
    return values;
}

std::optional<std::string_view> HttpFields::find(std::string_view name) const
{
    const auto found = std::ranges::find_if(all_, [&](const auto& field) { return same_name(field.name, name); });
    return found == all_.end() ? std::nullopt : std::optional<std::string_view>(found->value);
}

HttpFields::Done HttpFields::may_change(std::string_view name) const
{
    if (is_immutable)
        return std::unexpected(HeaderErrorCode::immutable);
    if (!is_field_name(name))
        return std::unexpected(HeaderErrorCode::invalid_syntax);
    return {};
}

/// A name that is there already keeps its spelling.
HttpFields::Done HttpFields::add(const std::string& name, const Value& value)
{
    std::string text(value.begin(), value.end());
    if (!is_field_value(text))
        return std::unexpected(HeaderErrorCode::invalid_syntax);
    if (bytes_ + name.size() + text.size() > most_bytes)
        return std::unexpected(HeaderErrorCode::size_exceeded);
    const auto known = std::ranges::find_if(all_, [&](const auto& field) { return same_name(field.name, name); });
    bytes_ += name.size() + text.size();
    all_.push_back({known == all_.end() ? name : known->name, std::move(text)});
    return {};
}

HttpFields::Done HttpFields::append(const std::string& name, const Value& value)
{
    TRELLIS_TRY(may_change(name));
    if (is_forbidden(name))
        return std::unexpected(HeaderErrorCode::forbidden);
    return add(name, value);
}

HttpFields::Done HttpFields::set(const std::string& name, const std::vector<Value>& values)
{
    TRELLIS_TRY(may_change(name));
    if (is_forbidden(name))
        return std::unexpected(HeaderErrorCode::forbidden);
    HttpFields changed = *this;
    TRELLIS_TRY(changed.take(name));
    for (const Value& value : values)
        TRELLIS_TRY(changed.add(name, value));
    *this = std::move(changed);
    return {};
}

std::expected<std::vector<HttpFields::Value>, HeaderError> HttpFields::take(std::string_view name)
{
    TRELLIS_TRY(may_change(name));
    auto values = get(name);
    for (const Value& value : values)
        bytes_ -= name.size() + value.size();
    std::erase_if(all_, [&](const auto& field) { return same_name(field.name, name); });
    return values;
}

std::shared_ptr<HttpFields> HttpFields::received(const net::http::Fields& fields)
{
    auto made = std::make_shared<HttpFields>();
    for (const auto& field : fields.all())
        if (!is_forbidden(field.name))
            made->all_.push_back(field);
    made->is_immutable = true;
    return made;
}

// Messages

HttpMessage::~HttpMessage()
{
    // Nobody will send it any more.
    (void)settle(std::unexpected(http_error<http_case("internal-error")>()));
}

FutureOf<Sent> HttpMessage::promise_outcome(ComponentStore& store)
{
    sent_.emplace(FutureWriter<Sent>::make(store));
    return sent_->readable();
}

Trap HttpMessage::settle(Sent outcome)
{
    if (!sent_)
        return Trap::none;
    auto writer = std::move(*sent_);
    sent_.reset();
    return writer.set(std::move(outcome));
}

} // namespace trellis::sandbox::preview3
