// Values of C to core values of WebAssembly and back, as statements of C.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#flat-lowering
#pragma once

#include "wasm/component/bindgen/passing.hpp"

#include <span>

namespace trellis::wasm::component::bindgen {

/// Expressions for the core values that a value becomes; what they need first is written to `out`.
class Lowering {
public:
    Lowering(const Bindings& bindings, CodeWriter& out, LocalNames& locals)
        : bindings_(bindings), out_(out), locals_(locals)
    {
    }

    std::vector<std::string> lower(const Typed& typed, const Value& value);

private:
    std::vector<std::string> lower_cases(const Typed& real, const Value& value);
    void lower_case(const Typed& payload, const Value& value, const std::vector<std::string>& slots,
                    const FlatTypes& types);

    const Bindings& bindings_;
    CodeWriter& out_;
    LocalNames& locals_;
};

/// Statements that give a variable its value from core values.
class Lifting {
public:
    Lifting(const Bindings& bindings, CodeWriter& out) : bindings_(bindings), out_(out) {}

    /// Takes as many of `flat` as the type has.
    void lift(const Typed& typed, const std::string& variable, std::span<const std::string>& flat);

private:
    void lift_cases(const Typed& real, const std::string& variable, std::span<const std::string>& flat);
    void lift_case(const Typed& payload, const std::string& variable, std::span<const std::string> slots,
                   const FlatTypes& types);

    const Bindings& bindings_;
    CodeWriter& out_;
};

/// The macros that the casts between slots of variants are written with.
std::string_view slot_macros();

} // namespace trellis::wasm::component::bindgen
