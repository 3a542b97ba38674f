// What each type of a world is called in C. Named types: SPACE_NAME_t. Types without a name say how they are made
// (SPACE_list_point_t) and belong to the interface that uses them first, for the rest of its package; those of nothing
// but primitive types belong to the world.
#pragma once

#include "wasm/component/bindgen/c_names.hpp"
#include "wasm/component/bindgen/scopes.hpp"

#include <set>
#include <tuple>

namespace trellis::wasm::component::bindgen {

class TypeNames {
public:
    TypeNames(const wit::Model& model, const Scopes& scopes) : model_(&model), scopes_(&scopes) {}

    /// Gives the type a name; false: it shares one that is defined already.
    bool assign(const Typed& typed, UniqueNames& names);
    [[nodiscard]] bool has(const Typed& typed) const { return names_.contains(key(typed)); }
    /// "uint8_t", "wasi_io_poll_own_pollable_t"; only of types that have got a name.
    [[nodiscard]] std::string of(const Typed& typed) const;
    /// The type with a name, without its _t: what its functions' names begin with.
    [[nodiscard]] std::string stem(const Typed& typed) const;
    /// "SPACE_own_file_t": of a handle, as its resource defines it.
    [[nodiscard]] std::string handle(const Typed& resource, std::string_view own_or_borrow) const;
    /// From here on the type has the name in exports that it has in imports.
    void keep_for_exports(const Typed& typed) { kept_.insert(key(typed)); }

private:
    /// Family of scopes, package, type.
    using Key = std::tuple<std::uint32_t, std::uint32_t, wit::TypeId>;

    [[nodiscard]] Key key(const Typed& typed) const;
    [[nodiscard]] bool is_of_own_resource(wit::TypeId id) const;
    [[nodiscard]] bool is_primitive(const wit::Type& type) const;
    [[nodiscard]] std::string part(const wit::Type& type) const;
    [[nodiscard]] std::string part(const std::optional<wit::Type>& type) const { return type ? part(*type) : "void"; }
    [[nodiscard]] std::string structure(wit::TypeId id) const;

    const wit::Model* model_;
    const Scopes* scopes_;
    std::map<Key, std::string> names_;
    std::set<Key> kept_;
};

} // namespace trellis::wasm::component::bindgen
