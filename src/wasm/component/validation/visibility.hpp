// Whether whoever is outside can name every type that an import or export speaks of. What is found to be visible once
// is not looked at again. For one import or export.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Explainer.md#import-and-export-definitions
#pragma once

#include "wasm/component/syntax/type_arena.hpp"
#include "wasm/component/validation/scope.hpp"

namespace trellis::wasm::component {

class Visibility {
public:
    /// `names` is what has names outside.
    Visibility(TypeArena& arena, const NamedTypes& names) : arena_(arena), names_{&names, {}, {}} {}

    /// Errors: limit.
    Result<bool> of(const ExternType& type);

private:
    Result<bool> of(const AnyType& type);
    Result<bool> of(ValueTypeId id);
    Result<bool> of(FuncTypeId id);
    Result<bool> of(InstanceTypeId id);
    Result<bool> of_parts(const ValueType& type);

    TypeArena& arena_;
    NamedTypes names_; ///< those that instances bring with them, too
    std::unordered_set<std::uint32_t> visible_;
};

/// The names that come with an import or export. Errors: limit.
Result<> add_names(TypeArena& arena, NamedTypes& names, const ExternType& type);

} // namespace trellis::wasm::component
