// Text that other programs printed must parse to the module they printed. The texts are made by print_modules.mjs;
// custom sections are left aside, because the peers keep them in their own ways.
#include "helper/canonical_binary.hpp"
#include "helper/suite.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/binary/instruction_reader.hpp"
#include "wasm/text/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace trellis::test {

using namespace trellis::wasm;

namespace {

namespace fs = std::filesystem;

/// Where a peer's text is not what it should be.
struct PeerMistake {
    std::string_view file;
    std::uint32_t line;
    std::string_view why;
};

constexpr std::string_view bare_expression = "an offset of several instructions has no (offset ...) around it";
constexpr std::string_view no_type = "call_ref lacks its type";
constexpr std::string_view wrong_order = "memory.init names the data segment before the memory";
constexpr std::string_view other_block_type = "a block's type index is replaced by a result type";

constexpr PeerMistake wabt_mistakes[] = {
    {"core/block.json", 3, other_block_type},
    {"core/call_ref.json", 129, no_type},
    {"core/custom/branch_hint.json", 1, "annotations stand in parentheses"},
    {"core/data.json", 178, bare_expression},
    {"core/data.json", 183, bare_expression},
    {"core/data.json", 188, bare_expression},
    {"core/data.json", 195, bare_expression},
    {"core/data_drop0.json", 2, wrong_order},
    {"core/elem.json", 1057, bare_expression},
    {"core/elem.json", 1068, bare_expression},
    {"core/elem.json", 1079, bare_expression},
    {"core/elem.json", 1092, bare_expression},
    {"core/global.json", 3, bare_expression},
    {"core/if.json", 3, other_block_type},
    {"core/loop.json", 3, other_block_type},
    {"core/memory-multi.json", 5, wrong_order},
    {"core/return_call_indirect.json", 3, "return_call_indirect lacks its table"},
    {"core/unreached-valid.json", 1, no_type},
};

std::string label_of(const SuiteModule& module)
{
    auto label = module.file;
    std::ranges::replace(label, '/', '_');
    return label + "." + std::to_string(module.number) + ".wat";
}

/// The function that a constant expression refers to, if it does nothing else.
std::optional<FuncIndex> function_of(const Module& module, const ConstExpr& expression)
{
    InstructionReader reader(module, expression.bytes);
    Instruction first, second;
    if (!reader.read(first) || first.op != Op::ref_func || !reader.read(second) || !reader.at_end())
        return std::nullopt;
    return FuncIndex{first.index};
}

/// wabt writes a segment of references to functions as a list of functions, whatever its type said. The same was true
/// of WebAssembly until its type became visible; here both forms are taken as one.
void merge_function_segments(Module& module)
{
    for (auto& segment : module.elements) {
        std::vector<FuncIndex> functions;
        for (const auto& expression : segment.expressions)
            if (const auto function = function_of(module, expression))
                functions.push_back(*function);
        if (segment.type != funcref || functions.size() != segment.expressions.size())
            continue;
        segment.expressions.clear();
        segment.functions = functions;
        segment.type = ValType::ref(HeapType::func);
    }
}

Result<std::vector<std::uint8_t>> canonical_of(SharedBytes binary)
{
    auto module = TRELLIS_TRY(decode_module(std::move(binary), Features::all()));
    module.custom_sections.clear();
    merge_function_segments(module);
    return canonical_binary(module);
}

Result<std::vector<std::uint8_t>> canonical_of_text(std::string_view text)
{
    return canonical_of(TRELLIS_TRY(parse_text(text, {.features = Features::all()})));
}

/// Compares every module of the suite that a peer printed; how many there were.
std::size_t compare(std::string_view peer, std::span<const PeerMistake> mistakes)
{
    std::size_t total = 0;
    for (const auto& module : load_suite("core")) {
        std::ifstream file(fs::path(TRELLIS_PEER_TEXTS) / peer / label_of(module), std::ios::binary);
        if (!file || module.file.contains("custom-descriptors"))
            continue;
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        const auto expected = canonical_of(module.bytes);
        const auto actual = canonical_of_text(text);
        const bool same = expected && actual && *expected == *actual;
        const auto mistake = std::ranges::find_if(
            mistakes, [&](const PeerMistake& m) { return m.file == module.file && m.line == module.line; });
        if (mistake != mistakes.end()) {
            EXPECT_FALSE(same) << module.where() << " is no mistake any more: " << mistake->why;
            continue;
        }
        total += same ? 1 : 0;
        EXPECT_TRUE(same) << module.where() << " " << (actual ? std::string("another module") : actual.error().message)
                          << "\n"
                          << text.substr(0, 2000);
    }
    std::cout << total << " texts of " << peer << " parse to the same module\n";
    return total;
}

} // namespace

TEST(text_peers, text_of_wabt_parses_to_the_same_module)
{
    if (!fs::exists(fs::path(TRELLIS_PEER_TEXTS) / "wabt"))
        GTEST_SKIP() << "no texts: build the target text_peers_print first";
    EXPECT_GT(compare("wabt", wabt_mistakes), 2000u);
}

TEST(text_peers, text_of_jco_parses_to_the_same_module)
{
    if (!fs::exists(fs::path(TRELLIS_PEER_TEXTS) / "jco"))
        GTEST_SKIP() << "no texts: build the target text_peers_print first";
    EXPECT_GT(compare("jco", {}), 2500u);
}

} // namespace trellis::test
