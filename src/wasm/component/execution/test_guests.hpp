// For tests: components of WIT and a core module as text, instantiated in one store and interpreted; and calls of them
// that the test may leave waiting.
#pragma once

#include "wasm/component/encoding/test_encoding.hpp"
#include "wasm/component/execution/instantiate.hpp"
#include "wasm/component/execution/value.hpp"
#include "wasm/interpreter/interpreter.hpp"

namespace trellis::wasm::component {

/// A call of a function without parameters, whose result is a number if there is one.
class TestCall final : public CallOrigin {
public:
    Trap start(const ComponentFunction&, Task*, Slot*) override
    {
        has_started = true;
        return Trap::none;
    }
    Trap resolve(const CanonicalSide&, Slot* flat, std::size_t) override
    {
        is_resolved = true;
        if (flat)
            result = flat->u32;
        return Trap::none;
    }

    bool has_started = false;
    bool is_resolved = false;
    std::optional<std::uint32_t> result = {}; ///< none: it was cancelled
    std::function<Trap()> cancel = {};
};

class GuestsTest : public testing::Test {
protected:
    ComponentInstance& instance_of(std::string wit_text, std::string_view module_text)
    {
        const auto binary = encoding::made_of(std::move(wit_text), module_text);
        EXPECT_TRUE(binary.has_value()) << binary.error().message;
        auto component = load_component(SharedBytes::copy_of(*binary), *registry);
        EXPECT_TRUE(component.has_value()) << component.error().message;
        auto made = instantiate(store, *component, imports);
        EXPECT_TRUE(made.has_value()) << made.error().message;
        return **made;
    }
    static ComponentFunction& function_of(ComponentInstance& instance, std::string_view name)
    {
        return *std::get<ComponentFunction*>(*instance.exports.find(name));
    }
    /// The result, or the trap's message.
    std::string called(ComponentInstance& instance, std::string_view name)
    {
        const auto result = invoke(store, function_of(instance, name), {});
        if (!result)
            return result.error().message;
        return *result ? std::to_string((*result)->bits) : "done";
    }
    /// Goes as far as it can.
    Trap begin(TestCall& call, ComponentInstance& instance, std::string_view name)
    {
        return store.call(function_of(instance, name), call, nullptr, &call.cancel);
    }

    std::shared_ptr<TypeRegistry> registry = std::make_shared<TypeRegistry>();
    Store core{registry, interpreter_tier};
    HostImports imports;
    ComponentStore store{core};
};

} // namespace trellis::wasm::component
