// For tests: a store whose tier runs no code, and instances of modules written as text.
#pragma once

#include "wasm/execution/store.hpp"
#include "wasm/text/text.hpp"
#include "wasm/validation/validator.hpp"

#include <gtest/gtest.h>

namespace trellis::wasm {

/// What the idle tier does when a guest function is called.
inline std::function<Trap(Store&, Function&, Slot*)> when_called;

inline const Tier idle_tier{
    .name = "idle",
    .prepare = [](Instance&) -> Result<> { return {}; },
    .call = [](Store& store, Function& function,
               Slot* frame) { return when_called ? when_called(store, function, frame) : Trap::none; },
};

class GuestTest : public testing::Test {
protected:
    explicit GuestTest(StoreLimits limits = {}) : store(registry, idle_tier, limits) {}
    ~GuestTest() override { when_called = nullptr; }

    std::shared_ptr<const Module> module_of(std::string_view text)
    {
        auto binary = parse_text(text);
        EXPECT_TRUE(binary) << binary.error().describe();
        auto module = load_module(*binary, *registry);
        EXPECT_TRUE(module) << module.error().describe();
        return *module;
    }

    Result<Instance*> try_instance_of(std::string_view text, std::vector<Extern> imports = {})
    {
        return instantiate(store, module_of(text), imports);
    }

    Instance& instance_of(std::string_view text, std::vector<Extern> imports = {})
    {
        auto instance = try_instance_of(text, std::move(imports));
        EXPECT_TRUE(instance) << instance.error().describe();
        return **instance;
    }

    template <class T>
    T* exported(Instance& instance, std::string_view name)
    {
        return std::get<T*>(*find_export(instance, name));
    }

    std::shared_ptr<TypeRegistry> registry = std::make_shared<TypeRegistry>();
    Store store;
};

} // namespace trellis::wasm
