#include "wasi/wasi_program.hpp"

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

} // namespace

std::vector<WasiProgram> load_wasi_programs(const std::string& folder)
{
    const auto top = fs::path(TRELLIS_SHARED_DIR) / "conformance" / folder;
    std::vector<WasiProgram> programs;
    if (!fs::exists(top))
        return programs;
    for (const auto& entry : fs::recursive_directory_iterator(top))
        if (entry.path().extension() == ".wasm")
            programs.push_back(read_program(entry.path()));
    std::ranges::sort(programs, {}, &WasiProgram::path);
    return programs;
}

} // namespace trellis::test
