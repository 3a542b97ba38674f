#include "conformance/component_values.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace trellis::conformance {
namespace {

namespace json = boost::json;

void add_payload(ComponentValue& value, const json::value& payload)
{
    if (!payload.is_null())
        value.parts.push_back(component_value_of(payload.as_object()));
}

void add_fields(ComponentValue& record, const json::array& fields)
{
    for (const auto& field : fields) {
        record.names.emplace_back(field.as_array().at(0).as_string());
        record.parts.push_back(component_value_of(field.as_array().at(1).as_object()));
    }
}

/// {"case": name, "payload": value} of a variant, {"Ok": value} of a result.
void add_case(ComponentValue& value, const json::object& object)
{
    if (const auto* name = object.if_contains("case")) {
        value.text = name->as_string();
        if (const auto* payload = object.if_contains("payload"))
            add_payload(value, *payload);
        return;
    }
    for (const std::string_view name : {"Ok", "Err"}) {
        if (const auto* payload = object.if_contains(name)) {
            value.text = name;
            add_payload(value, *payload);
        }
    }
}

void add_array(ComponentValue& value, const json::array& array)
{
    if (value.type == "record")
        return add_fields(value, array);
    for (const auto& one : array) {
        if (value.type == "flags")
            value.names.emplace_back(one.as_string());
        else
            value.parts.push_back(component_value_of(one.as_object()));
    }
}

} // namespace

ComponentValue component_value_of(const json::object& object)
{
    ComponentValue value;
    value.type = object.at("type").as_string();
    const auto& content = object.at("value");
    if (content.is_string())
        value.text = content.as_string();
    else if (content.is_bool())
        value.text = content.as_bool() ? "true" : "false";
    else if (content.is_array())
        add_array(value, content.as_array());
    else if (value.type == "option")
        add_payload(value, content);
    else
        add_case(value, content.as_object());
    return value;
}

std::string show(const ComponentValue& value)
{
    std::string text = value.type;
    if (!value.text.empty())
        text += " " + value.text;
    if (value.parts.empty() && value.names.empty())
        return text;
    std::string inside;
    for (std::size_t i = 0; i < std::max(value.parts.size(), value.names.size()); ++i) {
        inside += inside.empty() ? "" : ", ";
        inside += i < value.names.size() ? value.names[i] + (i < value.parts.size() ? ": " : "") : "";
        inside += i < value.parts.size() ? show(value.parts[i]) : "";
    }
    return text + "(" + inside + ")";
}

} // namespace trellis::conformance
