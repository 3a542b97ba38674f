#include "conformance/script.hpp"

#include "base/format.hpp"
#include "conformance/component_values.hpp"

#include <array>
#include <boost/json.hpp>
#include <fstream>
#include <sstream>

namespace trellis::conformance {
namespace {

namespace json = boost::json;

std::string string_of(const json::value& value)
{
    return std::string(value.as_string());
}

std::optional<std::string> optional_string(const json::object& object, std::string_view key)
{
    const auto* found = object.if_contains(key);
    return found ? std::optional(string_of(*found)) : std::nullopt;
}

ScriptValue value_of(const json::object& object)
{
    ScriptValue value;
    value.type = string_of(object.at("type"));
    if (const auto* lane_type = object.if_contains("lane_type"))
        value.lane_type = string_of(*lane_type);
    if (const auto* alternatives = object.if_contains("values")) {
        for (const auto& alternative : alternatives->as_array())
            value.alternatives.push_back(value_of(alternative.as_object()));
    }
    const auto* number = object.if_contains("value");
    if (number && number->is_array()) {
        for (const auto& lane : number->as_array())
            value.lanes.push_back(string_of(lane));
    } else if (number) {
        value.value = string_of(*number);
    }
    return value;
}

/// The list under that key, each value read by `read`; empty where there is none.
template <class Value>
std::vector<Value> values_of(const json::object& object, std::string_view key, Value (*read)(const json::object&))
{
    std::vector<Value> values;
    if (const auto* list = object.if_contains(key)) {
        for (const auto& value : list->as_array())
            values.push_back(read(value.as_object()));
    }
    return values;
}

Action action_of(const json::object& object, ScriptKind kind)
{
    Action action{
        string_of(object.at("type")), optional_string(object, "module"), string_of(object.at("field")), {}, {}};
    if (kind == ScriptKind::core)
        action.arguments = values_of(object, "args", value_of);
    else
        action.component_arguments = values_of(object, "args", component_value_of);
    return action;
}

Result<> read_module(const json::object& object, Command& command)
{
    const auto* module_type = object.if_contains("module_type");
    if (!module_type)
        return {};
    const auto* component = object.if_contains("component");
    command.is_component = component && component->as_bool();
    const bool is_text = module_type->as_string() == "text";
    command.form = is_text ? ModuleForm::text : ModuleForm::binary;
    const auto& encoded = object.at(is_text ? "wat" : "binary").as_string();
    command.bytes = TRELLIS_TRY(decode_base64(encoded));
    return {};
}

Result<Command> command_of(const json::object& object, ScriptKind kind)
{
    Command command;
    command.type = string_of(object.at("type"));
    command.line = object.at("line").to_number<unsigned>();
    command.name = optional_string(object, "name");
    command.module = optional_string(object, "module");
    command.instance = optional_string(object, "instance");
    command.as = optional_string(object, "as").value_or("");
    command.text = optional_string(object, "text").value_or("");
    TRELLIS_TRY(read_module(object, command));
    if (const auto* action = object.if_contains("action"))
        command.action = action_of(action->as_object(), kind);
    if (kind == ScriptKind::core)
        command.expected = values_of(object, "expected", value_of);
    else
        command.component_expected = values_of(object, "expected", component_value_of);
    return command;
}

/// One suite lists what it needs, the other switches each on or off by its name.
std::set<std::string> needed_features(const json::object& root)
{
    std::set<std::string> needed;
    const auto* config = root.if_contains("config");
    if (!config)
        return needed;
    for (const auto& [name, value] : config->as_object()) {
        if (value.is_bool() && value.as_bool())
            needed.insert(std::string(name));
        else if (value.is_array())
            for (const auto& one : value.as_array())
                needed.insert(string_of(one));
    }
    return needed;
}

constexpr std::array<std::int8_t, 256> base64_digits = [] {
    std::array<std::int8_t, 256> digits{};
    digits.fill(-1);
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        digits[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    return digits;
}();

} // namespace

Result<Script> parse_script(std::string_view text, ScriptKind kind)
{
    try {
        const auto root = json::parse({text.data(), text.size()});
        Script script;
        script.source = string_of(root.as_object().at("source_filename"));
        script.needed_features = needed_features(root.as_object());
        for (const auto& command : root.as_object().at("commands").as_array())
            script.commands.push_back(TRELLIS_TRY(command_of(command.as_object(), kind)));
        return script;
    } catch (const std::exception& error) {
        return fail(ErrorCode::malformed, format("not a script: {}", error.what()));
    }
}

Result<SharedBytes> decode_base64(std::string_view text)
{
    if (text.size() % 4 != 0)
        return fail(ErrorCode::malformed, "base64: length is not a multiple of four");
    const auto padding = text.ends_with("==") ? 2u : text.ends_with('=') ? 1u : 0u;
    const auto digits = text.substr(0, text.size() - padding);
    std::vector<std::uint8_t> bytes;
    bytes.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    unsigned available = 0;
    for (const char c : digits) {
        const auto digit = base64_digits[static_cast<unsigned char>(c)];
        if (digit < 0)
            return fail(ErrorCode::malformed, format("base64: unexpected character {:#x}", c));
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        available += 6;
        if (available >= 8) {
            available -= 8;
            bytes.push_back(static_cast<std::uint8_t>(bits >> available));
        }
    }
    return SharedBytes::copy_of(bytes);
}

Result<std::string> read_text_file(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return fail(ErrorCode::not_found, format("{}: cannot be opened", path));
    std::ostringstream content;
    content << file.rdbuf();
    return std::move(content).str();
}

} // namespace trellis::conformance
