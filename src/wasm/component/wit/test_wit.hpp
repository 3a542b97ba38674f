// For tests of WIT: text in, a model or an error message out.
#pragma once

#include "wasm/component/wit/printer.hpp"
#include "wasm/component/wit/resolver.hpp"

#include <gtest/gtest.h>

namespace trellis::wasm::component::wit {

inline Result<Model> model_of(std::string text, const ResolveOptions& options = {})
{
    return resolve({.root = {{"a.wit", std::move(text)}}, .dependencies = {}}, options);
}

/// The message for a text that has to be refused.
inline std::string refusal(std::string text, const ResolveOptions& options = {})
{
    const auto model = model_of(std::move(text), options);
    EXPECT_FALSE(model.has_value());
    return model ? "accepted" : model.error().message;
}

/// The message for an interface body that has to be refused; line 1 is before the body.
inline std::string refusal_in_interface(const std::string& body)
{
    return refusal("package a:b; interface i {\n" + body + "\n}");
}

/// What is printed of a text that is right.
inline std::string printed(std::string text, const ResolveOptions& options = {})
{
    const auto model = model_of(std::move(text), options);
    return model ? print(*model) : model.error().message;
}

} // namespace trellis::wasm::component::wit
