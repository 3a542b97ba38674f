// Heads of HTTP messages: plain values, in the order of the wire, with repeated fields kept.
// https://www.rfc-editor.org/rfc/rfc9110 (fields), rfc9112 (HTTP/1.1)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trellis::net::http {

struct Field {
    std::string name; ///< as on the wire
    std::string value;
};

/// Names are compared without case.
class Fields {
public:
    void add(std::string name, std::string value) { all_.push_back({std::move(name), std::move(value)}); }
    void remove(std::string_view name);
    /// The first of that name.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    [[nodiscard]] const std::vector<Field>& all() const { return all_; }
    void clear() { all_.clear(); }

private:
    std::vector<Field> all_;
};

/// Same name, whatever the case.
bool same_name(std::string_view one, std::string_view other);
/// A legal field name (RFC 9110 token).
bool is_field_name(std::string_view text);
/// A legal field value: visible characters, spaces, tabs and obs-text; no CR, LF or NUL.
bool is_field_value(std::string_view text);
/// Whether a field may stand behind a body: those that frame a message, route it, or say what has to be known before it
/// are of no use there. https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1
bool may_be_trailer(std::string_view name);
/// Those that may stand behind a body.
Fields allowed_trailers(const Fields& fields);
/// "Not Found" for 404; empty for codes that have no phrase.
std::string_view reason_phrase(unsigned status);

struct RequestHead {
    std::string method;
    std::string target; ///< as on the wire: origin form, or "*", or authority with CONNECT; absolute form is split
    unsigned minor_version = 1;                      ///< of HTTP/1
    Fields fields;                                   ///< validated: no obs-fold, no NUL, legal names
    std::optional<std::uint64_t> content_length = 0; ///< absent: chunked, length not known
};

struct ResponseHead {
    unsigned status = 200;
    std::string reason = {};                          ///< empty: the usual phrase
    Fields fields = {};                               ///< without framing fields, which the connection adds
    std::optional<std::uint64_t> content_length = {}; ///< absent: found out, or chunked
};

} // namespace trellis::net::http
