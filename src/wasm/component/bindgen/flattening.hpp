// How many core values a type becomes where it is passed, and which: computed once for all types of a model, bottom up.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#flattening
#pragma once

#include "base/result.hpp"
#include "wasm/component/wit/model.hpp"

#include <span>

namespace trellis::wasm::component::bindgen {

enum class CoreType : std::uint8_t { i32, i64, f32, f64 };

inline constexpr std::size_t max_flat_parameters = 16;
inline constexpr std::size_t max_flat_async_parameters = 4; ///< of imports that don't wait
inline constexpr std::size_t max_flat_results = 1;

/// "int32_t".
std::string_view c_name(CoreType type);
/// What holds a value of both: the type of a variant's slot.
CoreType join(CoreType one, CoreType other);

/// As many flat values as fit in parameters, and one more where there would be more.
using FlatTypes = std::vector<CoreType>;
inline bool fits(const FlatTypes& types, std::size_t max)
{
    return types.size() <= max;
}

class Flattening {
public:
    /// Errors: limit, if types contain one another too deep; invalid, if a type can't be passed at all.
    static Result<Flattening> of(const wit::Model& model);

    [[nodiscard]] FlatTypes of(const wit::Type& type) const;
    [[nodiscard]] FlatTypes of(const std::optional<wit::Type>& type) const { return type ? of(*type) : FlatTypes(); }
    [[nodiscard]] FlatTypes of(const std::vector<wit::Parameter>& parameters) const;
    /// Of a variant, an option, a result: what its cases hold, each at most once.
    [[nodiscard]] FlatTypes payload(std::span<const std::optional<wit::Type>> cases) const;

private:
    [[nodiscard]] FlatTypes flatten(const wit::TypeKind& kind) const;
    [[nodiscard]] FlatTypes repeated(const wit::List& list) const;
    [[nodiscard]] FlatTypes with_tag(std::span<const std::optional<wit::Type>> cases) const;

    std::vector<FlatTypes> types_;
};

/// The types that a variant, option or result holds, one for each case.
std::vector<std::optional<wit::Type>> payloads(const wit::TypeKind& kind);

} // namespace trellis::wasm::component::bindgen
