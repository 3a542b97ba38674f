#include "helper/suite.hpp"

#include <algorithm>
#include <array>
#include <boost/json/src.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace trellis::test {

namespace {

namespace fs = std::filesystem;

std::string decode_base64(std::string_view text)
{
    static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text.substr(0, text.find('='))) {
        bits = bits << 6 | static_cast<std::uint32_t>(alphabet.find(c));
        count += 6;
        if (count >= 8)
            bytes.push_back(static_cast<char>(bits >> (count -= 8)));
    }
    return bytes;
}

std::string string_of(const boost::json::object& object, std::string_view key)
{
    const auto* const value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

void load_file(const fs::path& path, const std::string& label, std::vector<SuiteModule>& modules)
{
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::uint32_t number = 0;
    for (const auto& value : boost::json::parse(text).as_object().at("commands").as_array()) {
        const auto& command = value.as_object();
        const auto this_number = number++;
        if (!command.contains("module_type"))
            continue;
        SuiteModule module;
        module.file = label;
        module.number = this_number;
        module.line = static_cast<std::uint32_t>(command.at("line").to_number<std::uint64_t>());
        module.command = string_of(command, "type");
        module.expected = string_of(command, "text");
        module.is_text = string_of(command, "module_type") == "text";
        module.bytes = decode_base64(string_of(command, module.is_text ? "wat" : "binary"));
        modules.push_back(std::move(module));
    }
}

} // namespace

bool SuiteModule::is_valid() const
{
    static constexpr std::array<std::string_view, 4> valid = {"module", "module_definition", "assert_unlinkable",
                                                              "assert_uninstantiable"};
    return std::ranges::find(valid, command) != valid.end();
}

std::vector<SuiteModule> load_suite(const std::string& folder)
{
    const fs::path root = fs::path(TRELLIS_SHARED_DIR) / "conformance";
    std::vector<fs::path> files;
    std::error_code absent;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder, absent))
        if (entry.path().extension() == ".json")
            files.push_back(entry.path());
    std::ranges::sort(files);
    std::vector<SuiteModule> modules;
    for (const auto& file : files)
        load_file(file, file.lexically_relative(root).string(), modules);
    return modules;
}

} // namespace trellis::test
