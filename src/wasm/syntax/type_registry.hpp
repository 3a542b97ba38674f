// The engine's identity of types: isorecursive type equality made pointer equality. Each recursion group is interned
// once per registry; two types are the same exactly if their CanonicalType is the same object, and a cast is one
// comparison in the display of supertypes. Thread-safe. A type lives as long as somebody holds it.
// https://webassembly.github.io/spec/core/valid/conventions.html#rolled-up-types
#pragma once

#include "wasm/syntax/types.hpp"

#include <memory>
#include <span>
#include <vector>

namespace trellis::wasm {

struct Module;

/// A type as every module of an engine sees it. Immutable.
struct CanonicalType {
    /// The type itself, references to other types replaced by `heap types` numbering `references` below: a HeapType
    /// with index i in here means *references[i].
    SubType type;
    std::vector<const CanonicalType*> references;
    /// supertypes[d] is the ancestor at depth d; the last one is this type itself.
    std::vector<const CanonicalType*> supertypes;

    [[nodiscard]] std::uint32_t depth() const { return static_cast<std::uint32_t>(supertypes.size()) - 1; }
    [[nodiscard]] bool is_function() const { return std::holds_alternative<FuncType>(type.composite); }
    [[nodiscard]] bool is_struct() const { return std::holds_alternative<StructType>(type.composite); }
    [[nodiscard]] bool is_array() const { return std::holds_alternative<ArrayType>(type.composite); }
    [[nodiscard]] const FuncType& function() const { return std::get<FuncType>(type.composite); }
};

/// Whether `sub` is `super` or declared below it.
inline bool is_subtype(const CanonicalType* sub, const CanonicalType* super)
{
    const auto depth = super->supertypes.size() - 1;
    return sub == super || (depth < sub->supertypes.size() && sub->supertypes[depth] == super);
}

class TypeRegistry {
public:
    TypeRegistry();
    ~TypeRegistry();
    TypeRegistry(const TypeRegistry&) = delete;
    TypeRegistry& operator=(const TypeRegistry&) = delete;

    /// The identities of a module's types, in order. The types must be valid (indices in range, supertypes declared).
    /// Linear in the size of the types.
    std::vector<std::shared_ptr<const CanonicalType>> intern(const Module& module);

    /// The identity of a function type without references to other types, for host functions.
    std::shared_ptr<const CanonicalType> intern(const FuncType& type);

private:
    struct State;
    std::shared_ptr<State> state_;
};

/// Whether a value of type `sub` may stand where `super` is asked for; each type's indices are in its own module. Used
/// for imports, exports and casts, where the two sides come from different modules.
bool matches(ValType sub, std::span<const std::shared_ptr<const CanonicalType>> sub_types, ValType super,
             std::span<const std::shared_ptr<const CanonicalType>> super_types);

} // namespace trellis::wasm
