// For tests: pre-initialises modules written as text, and looks at the result as text or by running it.
#pragma once

#include "wasm/binary/decoder.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/preinit/preinit.hpp"
#include "wasm/text/text.hpp"
#include "wasm/validation/validator.hpp"

#include <gtest/gtest.h>

namespace trellis::wasm {

class PreinitTest : public testing::Test {
protected:
    static SharedBytes binary_of(std::string_view text)
    {
        auto binary = parse_text(text, {.features = Features::all()});
        EXPECT_TRUE(binary) << binary.error().describe();
        return *binary;
    }

    Result<SharedBytes> try_preinit(SharedBytes binary, const PreinitOptions& options = {}, const Linker& linker = {})
    {
        auto module = load_module(std::move(binary), *registry, Features::all());
        EXPECT_TRUE(module) << module.error().describe();
        return preinitialise(store, *module, linker, options);
    }

    SharedBytes preinit(std::string_view text, const PreinitOptions& options = {}, const Linker& linker = {})
    {
        auto result = try_preinit(binary_of(text), options, linker);
        EXPECT_TRUE(result) << result.error().describe();
        return result ? *result : binary_of("(module)");
    }

    std::string refusal(std::string_view text, const PreinitOptions& options = {}, const Linker& linker = {})
    {
        const auto result = try_preinit(binary_of(text), options, linker);
        EXPECT_FALSE(result) << text;
        return result ? "" : result.error().message;
    }

    static std::string text_of(SharedBytes binary)
    {
        return *print_text(*decode_module(std::move(binary), Features::all()));
    }

    /// An instance in a store of its own, where the functions it imports do nothing.
    Instance& start(SharedBytes binary, const Linker& linker = {})
    {
        stores.push_back(std::make_unique<Store>(registry, interpreter_tier));
        auto module = load_module(std::move(binary), *registry, Features::all());
        EXPECT_TRUE(module) << module.error().describe();
        auto instance = linker.instantiate(*stores.back(), *module);
        EXPECT_TRUE(instance) << instance.error().describe();
        return **instance;
    }

    /// What an exported function of no parameters and one i32 says.
    static std::int32_t call(Instance& instance, std::string_view name)
    {
        auto* function = std::get<Function*>(*find_export(instance, name));
        const auto results = invoke(*instance.store, *function, {});
        EXPECT_TRUE(results) << name << ": " << results.error().describe();
        return results && !results->empty() ? (*results)[0].slots[0].i32 : 0;
    }

    static std::string trap(Instance& instance, std::string_view name)
    {
        auto* function = std::get<Function*>(*find_export(instance, name));
        const auto results = invoke(*instance.store, *function, {});
        return results ? "" : results.error().message;
    }

    std::shared_ptr<TypeRegistry> registry = std::make_shared<TypeRegistry>();
    Store store{registry, interpreter_tier};
    std::vector<std::unique_ptr<Store>> stores;
};

} // namespace trellis::wasm
