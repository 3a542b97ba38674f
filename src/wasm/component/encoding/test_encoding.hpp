// For tests of encoding: WIT and core modules as text in, components and what they say out.
#pragma once

#include "wasm/binary/decoder.hpp"
#include "wasm/component/encoding/component_encoder.hpp"
#include "wasm/component/encoding/embed.hpp"
#include "wasm/component/encoding/wit_decoder.hpp"
#include "wasm/component/encoding/world_encoder.hpp"
#include "wasm/component/validation/validator.hpp"
#include "wasm/component/wit/test_wit.hpp"
#include "wasm/text/text.hpp"

#include <gtest/gtest.h>

namespace trellis::wasm::component::encoding {

inline Result<std::shared_ptr<const Component>> loaded(Bytes binary)
{
    TypeRegistry registry;
    return load_component(SharedBytes::copy_of(binary), registry);
}

inline Module module_of(std::string_view text)
{
    auto binary = parse_text(text);
    EXPECT_TRUE(binary.has_value()) << binary.error().message;
    auto module = decode_module(*binary);
    EXPECT_TRUE(module.has_value());
    return std::move(*module);
}

/// The component of a module and its world, the only one of a package.
inline Result<std::vector<std::uint8_t>> made_of(std::string wit_text, std::string_view module_text)
{
    const auto model = TRELLIS_TRY(wit::model_of(std::move(wit_text)));
    const auto module = module_of(module_text);
    const auto world = model.find_world("");
    EXPECT_TRUE(world.has_value());
    return encode_component(std::array{CorePart{&module}}, model, *world);
}

inline std::shared_ptr<const Component> component_of(std::string wit_text, std::string_view module_text)
{
    const auto binary = made_of(std::move(wit_text), module_text);
    EXPECT_TRUE(binary.has_value()) << binary.error().message;
    auto component = binary ? loaded(*binary) : fail(ErrorCode::invalid, "");
    EXPECT_TRUE(component.has_value()) << component.error().message;
    return component ? *component : nullptr;
}

/// What such a component says of itself, or why there is none.
inline std::string world_of(std::string wit_text, std::string_view module_text)
{
    const auto component = component_of(std::move(wit_text), module_text);
    if (component == nullptr)
        return "no component";
    const auto model = decode_wit(*component);
    return model ? wit::print(*model) : model.error().message;
}

inline std::string refusal_of(std::string wit_text, std::string_view module_text)
{
    const auto binary = made_of(std::move(wit_text), module_text);
    return binary ? "accepted" : binary.error().message;
}

} // namespace trellis::wasm::component::encoding
