// What all parts of the generator know and write to: the world, the names given so far, and the texts that grow. One
// generation on one thread.
#pragma once

#include "wasm/component/bindgen/c_generator.hpp"
#include "wasm/component/bindgen/code_writer.hpp"
#include "wasm/component/bindgen/flattening.hpp"
#include "wasm/component/bindgen/type_names.hpp"

namespace trellis::wasm::component::bindgen {

struct Bindings {
    Bindings(const wit::Model& whole, wit::WorldId chosen, Flattening flat, const COptions& chosen_options);
    Bindings(const Bindings&) = delete;
    Bindings& operator=(const Bindings&) = delete;

    const wit::Model& model;
    wit::WorldId world;
    const COptions& options;
    std::string world_name;    ///< "http_proxy"
    std::string world_capital; ///< "HTTP_PROXY"
    Flattening flattening;
    Scopes scopes;
    TypeNames names;
    UniqueNames taken;                        ///< of types, functions and macros
    std::map<std::string, std::string> frees; ///< which function frees what a value of a C type owns

    std::set<std::string> streams; ///< C types of streams and futures that have their functions

    CodeWriter types, functions, helpers; ///< of the header, in this order
    CodeWriter source;
    bool is_async = false; ///< something in the world needs the functions around tasks and waitables

    /// Null for a primitive type.
    [[nodiscard]] const wit::TypeDefinition* definition(const Typed& typed) const;
    [[nodiscard]] const wit::TypeKind* kind(const Typed& typed) const { return scopes.kind(typed); }
    /// As WIT says it, if nobody wants it otherwise.
    [[nodiscard]] bool is_asynchronous(const wit::Function& function, ScopeId scope) const;
    /// The resource a handle is of, behind all its other names.
    [[nodiscard]] Typed resource_of(const Typed& handle) const;
    [[nodiscard]] bool is_exported_resource(const Typed& resource) const { return scopes[resource.scope].is_export; }
    [[nodiscard]] std::string string_type() const { return world_name + "_string_t"; }
};

/// The resource of an Own or a Borrow; else null.
const wit::TypeId* resource_in(const wit::TypeKind& kind);
/// The smallest C type for so many cases: "uint8_t".
std::string_view tag_type(std::size_t cases);

} // namespace trellis::wasm::component::bindgen
