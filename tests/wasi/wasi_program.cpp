#include "wasi/wasi_program.hpp"

#include "wasi/component_description.hpp"

#include <algorithm>
#include <boost/json/src.hpp>
#include <filesystem>
#include <fstream>

namespace trellis::test {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

json::object description_of(const fs::path& module)
{
    std::ifstream file(fs::path(module).replace_extension(".json"));
    if (!file)
        return {};
    return json::parse(std::string(std::istreambuf_iterator<char>(file), {})).as_object();
}

std::string text_of(const json::value& value)
{
    return std::string(value.as_string());
}

std::optional<std::string> optional_text(const json::object& object, const char* key)
{
    const auto* value = object.if_contains(key);
    return value == nullptr ? std::nullopt : std::optional(text_of(*value));
}

std::string test_name(const fs::path& module)
{
    auto name = module.parent_path().filename().string() + "_" + module.stem().string();
    std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return name;
}

WasiProgram read_program(const fs::path& module)
{
    const auto object = description_of(module);
    WasiProgram program = {.path = module.string(), .name = test_name(module)};
    program.arguments.push_back(module.filename().string());
    if (const auto* arguments = object.if_contains("args"))
        for (const auto& argument : arguments->as_array())
            program.arguments.push_back(text_of(argument));
    if (const auto* environment = object.if_contains("env"))
        for (const auto& [key, value] : environment->as_object())
            program.environment.emplace_back(std::string(key), text_of(value));
    if (const auto root = optional_text(object, "root"))
        program.root = (module.parent_path() / *root).string();
    if (const auto* code = object.if_contains("exit_code"))
        program.exit_code = json::value_to<int>(*code);
    program.output = optional_text(object, "stdout");
    program.errors = optional_text(object, "stderr");
    return program;
}

std::string text_or(const json::object& object, const char* key, std::string otherwise)
{
    return optional_text(object, key).value_or(std::move(otherwise));
}

unsigned status_or(const json::object& object, unsigned otherwise)
{
    const auto* status = object.if_contains("status");
    return status == nullptr ? otherwise : json::value_to<unsigned>(*status);
}

std::vector<std::string> texts(const json::object& object, const char* key)
{
    std::vector<std::string> all;
    if (const auto* list = object.if_contains(key))
        for (const auto& one : list->as_array())
            all.push_back(text_of(one));
    return all;
}

TextPairs text_pairs(const json::object& object, const char* key)
{
    TextPairs all;
    if (const auto* pairs = object.if_contains(key))
        for (const auto& [name, value] : pairs->as_object())
            all.emplace_back(std::string(name), text_of(value));
    return all;
}

Operation read_operation(const json::object& object)
{
    Operation operation = {.type = text_or(object, "type", "")};
    const bool is_connection = operation.type == "connect" || operation.type == "send" || operation.type == "recv";
    operation.arguments = texts(object, "args");
    operation.environment = text_pairs(object, "env");
    if (const auto* code = object.if_contains("exit_code"))
        operation.exit_code = json::value_to<int>(*code);
    operation.id = text_or(object, "id", is_connection ? "server" : "stdout");
    operation.payload = text_or(object, "payload", "");
    operation.method = text_or(object, "method", "GET");
    operation.path = text_or(object, "path", "/");
    operation.body = text_or(object, "body", "");
    operation.headers = text_pairs(object, "headers");
    if (const auto* response = object.if_contains("response")) {
        operation.status = status_or(response->as_object(), 200);
        operation.response_headers = text_pairs(response->as_object(), "headers");
        operation.response_body = text_or(response->as_object(), "body", "");
    }
    return operation;
}

Endpoint read_endpoint(const json::object& object)
{
    Endpoint endpoint = {.method = text_or(object, "method", "GET"),
                         .path = text_or(object, "path", "/"),
                         .mode = text_or(object, "mode", "")};
    const auto* response = object.if_contains("response");
    if (response != nullptr && response->is_string()) {
        endpoint.body = text_of(*response);
    } else if (response != nullptr) {
        const auto& answer = response->as_object();
        endpoint.status = status_or(answer, 200);
        endpoint.headers = text_pairs(answer, "headers");
        endpoint.body = text_or(answer, "body", "");
        endpoint.chunks = texts(answer, "chunks");
        endpoint.trailers = text_pairs(answer, "trailers");
    }
    return endpoint;
}

ServerDescription read_server(const json::object& object)
{
    ServerDescription server = {.name = text_or(object, "name", ""),
                                .is_listening = text_or(object, "kind", "listening") == "listening"};
    if (const auto* endpoints = object.if_contains("endpoints"))
        for (const auto& one : endpoints->as_array())
            server.endpoints.push_back(read_endpoint(one.as_object()));
    return server;
}

ComponentDescription read_component(const fs::path& component)
{
    const auto object = description_of(component);
    ComponentDescription read = {.path = component.string(), .name = test_name(component)};
    if (const auto root = optional_text(object, "root"))
        read.root = (component.parent_path() / *root).string();
    read.has_network = !texts(object, "proposals").empty();
    read.is_service = text_or(object, "world", "") == "wasi:http/service";
    if (const auto* operations = object.if_contains("operations"))
        for (const auto& one : operations->as_array())
            read.operations.push_back(read_operation(one.as_object()));
    else
        read.operations = {Operation{.type = "run"}, Operation{.type = "wait"}};
    if (const auto* servers = object.if_contains("servers"))
        for (const auto& one : servers->as_array())
            read.servers.push_back(read_server(one.as_object()));
    return read;
}

/// What `read` makes of every file of that kind below a folder of the suite, in order of paths.
template <class T>
std::vector<T> load_all(const std::string& folder, T (*read)(const fs::path&))
{
    const auto top = fs::path(TRELLIS_SHARED_DIR) / "conformance" / folder;
    std::vector<T> all;
    if (!fs::exists(top))
        return all;
    for (const auto& entry : fs::recursive_directory_iterator(top))
        if (entry.path().extension() == ".wasm")
            all.push_back(read(entry.path()));
    std::ranges::sort(all, {}, &T::path);
    return all;
}

} // namespace

std::vector<WasiProgram> load_wasi_programs(const std::string& folder)
{
    return load_all(folder, read_program);
}

std::vector<ComponentDescription> load_component_descriptions(const std::string& folder)
{
    return load_all(folder, read_component);
}

} // namespace trellis::test
