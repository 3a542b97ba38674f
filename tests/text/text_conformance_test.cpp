// The text format against the official suite: what is malformed must be rejected in the suite's words, and every valid
// module, printed and parsed again, must be the same module.
#include "helper/canonical_binary.hpp"
#include "helper/suite.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/text/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

namespace trellis::test {

using namespace trellis::wasm;

namespace {

/// The proposal is not supported; its syntax is unknown to us.
bool is_supported(const SuiteModule& module)
{
    return !module.file.contains("custom-descriptors");
}

const std::vector<SuiteModule>& core_suite()
{
    static const auto suite = [] {
        auto modules = load_suite("core");
        std::erase_if(modules, [](const SuiteModule& module) { return !is_supported(module); });
        if (modules.empty())
            std::cerr << "SKIPPED: no official suite under " TRELLIS_SHARED_DIR "\n";
        return modules;
    }();
    return suite;
}

TextOptions options_for(const SuiteModule& module)
{
    TextOptions options;
    if (module.file.contains("legacy-exceptions"))
        options.features = Features::all();
    if (module.file.contains("proposals/threads")) // written before 64-bit memories
        options.features = options.features.without(Feature::memory64);
    options.check_annotations = module.command.ends_with("_custom");
    return options;
}

/// Why a module, printed and parsed again, is not the same; or "".
std::string round_trip_failure(const SuiteModule& module, bool& identical)
{
    const auto features = Features::all();
    const auto original = decode_module(module.bytes, features);
    if (!original)
        return "decoding: " + original.error().describe();
    const auto text = print_text(*original);
    if (!text)
        return "printing: " + text.error().describe();
    const auto binary = parse_text(*text, {.features = features});
    if (!binary)
        return "parsing: " + binary.error().describe() + "\n" + *text;
    identical = std::ranges::equal(binary->view(), original->binary.view());
    const auto again = decode_module(*binary, features);
    if (!again)
        return "decoding again: " + again.error().describe() + "\n" + *text;
    const auto before = canonical_binary(*original);
    const auto after = canonical_binary(*again);
    if (!before || !after)
        return "a body is malformed";
    return *before == *after ? "" : "another module\n" + *text;
}

} // namespace

TEST(text_conformance, malformed_text_is_rejected_in_the_words_of_the_suite)
{
    if (core_suite().empty())
        GTEST_SKIP();
    std::size_t total = 0, in_words = 0;
    for (const auto& module : core_suite()) {
        if (!module.is_text)
            continue;
        ++total;
        const auto result = parse_text(module.text(), options_for(module));
        ASSERT_FALSE(result.has_value()) << module.where() << " should be: " << module.expected << "\n"
                                         << module.text();
        const bool same_words = result.error().message.starts_with(module.expected);
        in_words += same_words ? 1 : 0;
        EXPECT_TRUE(same_words) << module.where() << " should be: " << module.expected
                                << "\nis: " << result.error().message;
    }
    EXPECT_GT(total, 1200u);
    std::cout << in_words << " of " << total << " rejections in the suite's words\n";
}

TEST(text_conformance, valid_modules_survive_printing_and_parsing)
{
    if (core_suite().empty())
        GTEST_SKIP();
    std::size_t total = 0, identical = 0;
    for (const auto& module : core_suite()) {
        if (module.is_text || !module.is_valid())
            continue;
        ++total;
        bool is_identical = false;
        EXPECT_EQ(round_trip_failure(module, is_identical), "") << module.where();
        identical += is_identical ? 1 : 0;
    }
    EXPECT_GT(total, 2000u);
    // Byte for byte, although nothing asks for it: encodings in the suite are mostly the shortest.
    EXPECT_GT(identical * 100, total * 90);
    std::cout << total << " modules the same, " << identical << " of them byte for byte\n";
}

TEST(text_conformance, custom_sections_of_invalid_modules_are_found_when_their_text_is_checked)
{
    if (core_suite().empty())
        GTEST_SKIP();
    std::size_t total = 0;
    for (const auto& module : core_suite()) {
        if (module.command != "assert_invalid_custom")
            continue;
        ++total;
        const auto original = decode_module(module.bytes);
        ASSERT_TRUE(original.has_value()) << module.where();
        const auto text = print_text(*original);
        ASSERT_TRUE(text.has_value());
        const auto result = parse_text(*text, {.check_annotations = true});
        ASSERT_FALSE(result.has_value());
        EXPECT_TRUE(result.error().message.starts_with(module.expected)) << result.error().message;
    }
    EXPECT_GE(total, 1u);
}

} // namespace trellis::test
