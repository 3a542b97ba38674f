// wasi:http/types: fields.
#include "sandbox/wasi/p2/http_types.hpp"

#include "base/format.hpp"
#include "sandbox/wasi/p2/http_functions.hpp"

#include <algorithm>

namespace trellis::sandbox::preview2 {
namespace {

using net::http::same_name;
using Value = std::vector<std::uint8_t>;
using HeaderResult = std::expected<void, HeaderError>;

/// Of one set of fields; no server would take more.
constexpr std::size_t most_bytes = std::size_t(128) << 10;
/// What a field costs beside its text.
constexpr std::size_t bytes_of_entry = 32;

/// Fields that speak of the connection, which is the host's.
constexpr std::array<std::string_view, 9> forbidden = {
    "connection", "host",    "http2-settings",    "keep-alive", "proxy-connection",
    "te",         "trailer", "transfer-encoding", "upgrade",
};

template <std::size_t which>
std::unexpected<HeaderError> refusal()
{
    HeaderError error;
    error.value.emplace<which>();
    return std::unexpected(error);
}
constexpr std::size_t invalid_syntax = 0, is_forbidden = 1, is_immutable = 2;

HeaderResult check_name(const HttpFields& fields, std::string_view name)
{
    if (fields.immutable)
        return refusal<is_immutable>();
    if (!net::http::is_field_name(name))
        return refusal<invalid_syntax>();
    if (std::ranges::any_of(forbidden, [&](std::string_view one) { return same_name(one, name); }))
        return refusal<is_forbidden>();
    return {};
}

std::string_view text_of(GuestBytes bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// All of them, or none.
HeaderResult add_all(HttpFields& fields, std::string_view name, std::span<const GuestBytes> values)
{
    for (const GuestBytes value : values)
        if (!net::http::is_field_value(text_of(value)))
            return refusal<invalid_syntax>();
    for (const GuestBytes value : values) {
        fields.all.add(std::string(name), std::string(text_of(value)));
        fields.bytes += name.size() + value.size() + bytes_of_entry;
    }
    return {};
}

/// How many bytes the fields would be too many. The interface has no error for it.
Trap check_size(ComponentStore& store, const HttpFields& fields, std::size_t name, std::span<const GuestBytes> values)
{
    std::size_t bytes = fields.bytes;
    for (const GuestBytes value : values)
        bytes += name + value.size() + bytes_of_entry;
    return bytes <= most_bytes ? Trap::none : store.trap(format("wasi:http: fields of more than {} bytes", most_bytes));
}

void remove(HttpFields& fields, std::string_view name)
{
    for (const auto& field : fields.all.all())
        if (same_name(field.name, name))
            fields.bytes -= std::min(fields.bytes, field.name.size() + field.value.size() + bytes_of_entry);
    fields.all.remove(name);
}

Value value_of(const std::string& text)
{
    return {text.begin(), text.end()};
}

Trap make_fields(Guest&, ComponentStore& store, Own<HttpFields>& result)
{
    result = give(store, std::make_shared<HttpFields>());
    return Trap::none;
}

Trap from_list(Guest&, ComponentStore& store, std::vector<std::tuple<std::string, GuestBytes>> entries,
               std::expected<Own<HttpFields>, HeaderError>& result)
{
    auto fields = std::make_shared<HttpFields>();
    for (const auto& [name, value] : entries) {
        if (const Trap trap = check_size(store, *fields, name.size(), {&value, 1}); failed(trap))
            return trap;
        auto added = check_name(*fields, name);
        if (added)
            added = add_all(*fields, name, {&value, 1});
        if (!added) {
            result = std::unexpected(added.error());
            return Trap::none;
        }
    }
    result = give(store, std::move(fields));
    return Trap::none;
}

Trap get(Guest&, ComponentStore& store, Borrow<HttpFields> self, std::string name, std::vector<Value>& result)
{
    for (const auto& field : object(store, self).all.all())
        if (same_name(field.name, name))
            result.push_back(value_of(field.value));
    return Trap::none;
}

Trap has(Guest&, ComponentStore& store, Borrow<HttpFields> self, std::string name, bool& result)
{
    result = object(store, self).all.find(name).has_value();
    return Trap::none;
}

Trap set(Guest&, ComponentStore& store, Borrow<HttpFields> self, std::string name, std::vector<GuestBytes> values,
         HeaderResult& result)
{
    HttpFields& fields = object(store, self);
    if (const Trap trap = check_size(store, fields, name.size(), values); failed(trap))
        return trap;
    HttpFields changed = fields;
    result = check_name(fields, name);
    if (!result)
        return Trap::none;
    remove(changed, name);
    result = add_all(changed, name, values);
    if (result)
        fields = std::move(changed);
    return Trap::none;
}

Trap delete_(Guest&, ComponentStore& store, Borrow<HttpFields> self, std::string name, HeaderResult& result)
{
    HttpFields& fields = object(store, self);
    result = check_name(fields, name);
    if (result)
        remove(fields, name);
    return Trap::none;
}

Trap append(Guest&, ComponentStore& store, Borrow<HttpFields> self, std::string name, GuestBytes value,
            HeaderResult& result)
{
    HttpFields& fields = object(store, self);
    if (const Trap trap = check_size(store, fields, name.size(), {&value, 1}); failed(trap))
        return trap;
    result = check_name(fields, name);
    if (result)
        result = add_all(fields, name, {&value, 1});
    return Trap::none;
}

Trap entries(Guest&, ComponentStore& store, Borrow<HttpFields> self,
             std::vector<std::tuple<std::string, Value>>& result)
{
    for (const auto& field : object(store, self).all.all())
        result.emplace_back(field.name, value_of(field.value));
    return Trap::none;
}

Trap clone(Guest&, ComponentStore& store, Borrow<HttpFields> self, Own<HttpFields>& result)
{
    auto copy = std::make_shared<HttpFields>(object(store, self));
    copy->immutable = false;
    result = give(store, std::move(copy));
    return Trap::none;
}

constexpr HostFunction functions[] = {
    host_function<make_fields>("[constructor]fields"), host_function<from_list>("[static]fields.from-list"),
    host_function<get>("[method]fields.get"),          host_function<has>("[method]fields.has"),
    host_function<set>("[method]fields.set"),          host_function<delete_>("[method]fields.delete"),
    host_function<append>("[method]fields.append"),    host_function<entries>("[method]fields.entries"),
    host_function<clone>("[method]fields.clone"),
};

} // namespace

const std::span<const HostFunction> http_field_functions = functions;

std::shared_ptr<HttpFields> HttpFields::copy_of(const net::http::Fields& fields)
{
    auto copy = std::make_shared<HttpFields>();
    copy->all = fields;
    for (const auto& field : fields.all())
        copy->bytes += field.name.size() + field.value.size() + bytes_of_entry;
    copy->immutable = true;
    return copy;
}

} // namespace trellis::sandbox::preview2
