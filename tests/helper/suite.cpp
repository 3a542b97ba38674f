#include "helper/suite.hpp"

#include "base/check.hpp"
#include "conformance/script.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace trellis::test {

namespace {

namespace fs = std::filesystem;
using conformance::ModuleForm;

void load_file(const fs::path& path, const std::string& label, std::vector<SuiteModule>& modules)
{
    const auto text = conformance::read_text_file(path);
    TRELLIS_CHECK(text.has_value());
    const auto script = conformance::parse_script(*text);
    TRELLIS_CHECK(script.has_value());
    for (std::uint32_t number = 0; number < script->commands.size(); ++number) {
        const auto& command = script->commands[number];
        if (command.form == ModuleForm::none)
            continue;
        modules.push_back({.file = label,
                           .line = command.line,
                           .number = number,
                           .command = command.type,
                           .expected = command.text,
                           .is_text = command.form == ModuleForm::text,
                           .bytes = command.bytes});
    }
}

} // namespace

std::string_view SuiteModule::text() const
{
    return {reinterpret_cast<const char*>(bytes.view().data()), bytes.size()};
}

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
