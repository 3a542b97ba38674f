// Decodes and validates every module of the official core suite: verdict and stage must be as it says, and almost all
// messages must begin with its words. Instantiation and execution are the business of the full runner.
#include "base/format.hpp"
#include "wasm/validation/custom_section_check.hpp"
#include "wasm/validation/validator.hpp"

#include <boost/json/src.hpp>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace trellis::wasm {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

std::string read_file(const fs::path& path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return std::move(text).str();
}

SharedBytes decode_base64(std::string_view text)
{
    static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::vector<std::uint8_t> bytes;
    unsigned bits = 0, count = 0;
    for (char c : text) {
        const std::size_t digit = alphabet.find(c);
        if (digit == std::string_view::npos)
            continue;
        bits = (bits << 6 | static_cast<unsigned>(digit)) & 0xffffff;
        if (count += 6; count >= 8) {
            count -= 8;
            bytes.push_back(static_cast<std::uint8_t>(bits >> count));
        }
    }
    return SharedBytes::copy_of(bytes);
}

struct Totals {
    int modules = 0;
    int rejections = 0;
    int same_words = 0;
    int wrong = 0;
};

class Suite {
public:
    explicit Suite(fs::path root) : root_(std::move(root))
    {
        const json::value notes = json::parse(read_file(root_ / "notes.json"));
        for (const json::value& note : notes.as_array()) {
            const std::string_view file = note.at("file").as_string();
            // Custom descriptors and stack switching are off here, so what they would allow is still invalid.
            const std::string_view why = note.at("why").as_string();
            if (note.at("kind").as_string() == "feature-gated" && !why.starts_with("written against"))
                continue;
            const std::string_view kind = note.at("kind").as_string();
            auto& set = kind == "either-stage" ? either_stage_ : kind == "feature-gated" ? skipped_ : ignored_;
            set.emplace(std::string(file), note.at("line").as_int64());
        }
    }

    void run(const fs::path& path)
    {
        const std::string file = fs::relative(path, root_).string();
        const bool legacy = file.find("legacy-exceptions") != std::string::npos;
        const Features features = legacy ? Features::all() : Features::standard();
        const json::value content = json::parse(read_file(path));
        for (const json::value& command : content.at("commands").as_array())
            run(file, command.as_object(), features);
    }

    Totals totals;

private:
    void run(const std::string& file, const json::object& command, Features features)
    {
        const std::string_view type = command.at("type").as_string();
        const bool is_module = type == "module" || type == "module_definition" || type == "assert_unlinkable" ||
                               type == "assert_uninstantiable";
        const bool is_rejection = type == "assert_invalid" || type == "assert_malformed";
        const bool is_custom = type == "assert_invalid_custom" || type == "assert_malformed_custom";
        if ((!is_module && !is_rejection && !is_custom) || command.at("module_type").as_string() != "binary")
            return;
        const std::pair<std::string, std::int64_t> place(file, command.at("line").as_int64());
        if (skipped_.contains(place))
            return;
        const auto loaded = load_module(decode_base64(command.at("binary").as_string()), registry_, features);
        const std::string where = format("{}:{} {}", place.first, place.second, type);
        ++totals.modules;
        if (is_module || is_custom) {
            if (!loaded.has_value()) {
                complain(where + ": " + loaded.error().describe());
                return;
            }
            const Result<> custom = check_custom_sections(**loaded);
            if (is_custom ? custom.has_value() || custom.error().message != command.at("text").as_string()
                          : !custom.has_value())
                complain(where + ": " + (custom.has_value() ? "accepted" : custom.error().describe()));
            return;
        }
        ++totals.rejections;
        const std::string_view text = command.at("text").as_string();
        if (loaded.has_value()) {
            complain(format("{}: accepted, should be '{}'", where, text));
            return;
        }
        const Error& error = loaded.error();
        const ErrorCode expected = type == "assert_invalid" ? ErrorCode::invalid : ErrorCode::malformed;
        if (error.code != expected && !either_stage_.contains(place))
            complain(format("{}: other stage: {} should be '{}'", where, error.describe(), text));
        if (!error.offset)
            complain(format("{}: no offset: {}", where, error.describe()));
        if (error.message.starts_with(text))
            ++totals.same_words;
        else
            std::cout << where << ": '" << error.describe() << "' should be '" << text << "'\n";
    }

    void complain(const std::string& message)
    {
        ++totals.wrong;
        ADD_FAILURE() << message;
    }

    fs::path root_;
    TypeRegistry registry_;
    std::set<std::pair<std::string, std::int64_t>> skipped_, either_stage_, ignored_;
};

TEST(wasm_validation, official_core_suite)
{
    const fs::path root = fs::path(TRELLIS_SHARED_DIR) / "conformance";
    if (!fs::exists(root))
        GTEST_SKIP() << "no official test data at " << root;
    Suite suite(root);
    std::set<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(root / "core")) {
        if (entry.path().extension() == ".json" &&
            entry.path().string().find("custom-descriptors") == std::string::npos)
            files.insert(entry.path());
    }
    for (const fs::path& file : files)
        suite.run(file);
    const Totals& totals = suite.totals;
    std::cout << format("{} modules, {} rejections, {} with the suite's words, {} wrong\n", totals.modules,
                        totals.rejections, totals.same_words, totals.wrong);
    EXPECT_GT(totals.modules, 4000);
    EXPECT_EQ(totals.wrong, 0);
    EXPECT_GE(totals.same_words, totals.rejections * 99 / 100);
}

} // namespace
} // namespace trellis::wasm
