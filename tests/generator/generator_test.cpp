#include "generator/module_generator.hpp"

#include "wasm/binary/instruction_reader.hpp"
#include "wasm/validation/validator.hpp"

#include <gtest/gtest.h>

namespace trellis::wasm::generator {
namespace {

TEST(generator, modules_are_valid_and_follow_from_the_seed)
{
    TypeRegistry registry;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        Statements statements, again;
        const Options options{.hides_nans = seed % 2 == 0, .is_metered = seed % 3 == 0};
        const auto made = generate(seed, options, statements);
        EXPECT_EQ(made.binary, generate(seed, options, again).binary);
        const auto module = load_module(SharedBytes::copy_of(made.binary), registry, Features::all());
        EXPECT_TRUE(module) << "seed " << seed << ": " << module.error().describe();
    }
}

TEST(generator, statements_can_be_left_out)
{
    TypeRegistry registry;
    Statements statements;
    const auto whole = generate(7, {}, statements);
    ASSERT_GT(statements.made.size(), 3u);
    auto smallest = whole.binary.size();
    for (const auto name : statements.made) {
        Statements without;
        without.left_out = {name};
        const auto smaller = generate(7, {}, without);
        EXPECT_LE(smaller.binary.size(), whole.binary.size());
        smallest = std::min(smallest, smaller.binary.size());
        const auto module = load_module(SharedBytes::copy_of(smaller.binary), registry, Features::all());
        EXPECT_TRUE(module) << module.error().describe();
    }
    EXPECT_LT(smallest, whole.binary.size());
}

TEST(generator, every_instruction_is_made)
{
    std::vector<bool> seen(static_cast<std::size_t>(Op::count_));
    TypeRegistry registry;
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        Statements statements;
        const auto made = generate(seed, {}, statements);
        const auto module = load_module(SharedBytes::copy_of(made.binary), registry, Features::all());
        ASSERT_TRUE(module) << seed;
        for (const auto& function : (*module)->functions) {
            InstructionReader reader(**module, function.body);
            ASSERT_TRUE(reader.read_locals());
            for (Instruction in; !reader.at_end();) {
                ASSERT_TRUE(reader.read(in));
                seen[static_cast<std::size_t>(in.op)] = true;
            }
        }
    }
    for (std::size_t i = 0; i < seen.size(); ++i)
        EXPECT_TRUE(seen[i]) << info(static_cast<Op>(i)).text;
}

} // namespace
} // namespace trellis::wasm::generator
