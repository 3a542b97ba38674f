// What WIT means once every name is resolved: packages, interfaces, worlds, functions and types in flat arrays that
// refer to one another by number. Whoever makes one (the resolver from text, the decoder from a component) keeps this
// order: a type refers only to types before it, an interface or world only to interfaces and worlds before it; so
// nothing that walks it needs recursion or can meet a cycle. A value: copy it, read it from any thread.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/WIT.md
#pragma once

#include "wasm/component/wit/version.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace trellis::wasm::component::wit {

template <class Tag>
struct Id {
    std::uint32_t index = 0;
    friend auto operator<=>(const Id&, const Id&) = default;
};
using TypeId = Id<struct TypeTag>;
using InterfaceId = Id<struct InterfaceTag>;
using WorldId = Id<struct WorldTag>;
using PackageId = Id<struct PackageTag>;

enum class Primitive : std::uint8_t {
    bool_,
    s8,
    u8,
    s16,
    u16,
    s32,
    u32,
    s64,
    u64,
    f32,
    f64,
    char_,
    string,
    error_context,
};

std::string_view name_of(Primitive primitive);
/// Of a keyword like `u32`.
std::optional<Primitive> primitive_of(std::string_view name);

/// A value's type where one is used.
using Type = std::variant<Primitive, TypeId>;

struct Field {
    std::string name;
    Type type;
    std::string documentation = {};
    friend bool operator==(const Field&, const Field&) = default;
};

/// A case of a variant (perhaps with a type), a case of an enum, a flag.
struct Case {
    std::string name;
    std::optional<Type> type = {};
    std::string documentation = {};
    friend bool operator==(const Case&, const Case&) = default;
};

// clang-format off
struct Alias { Type type; }; ///< `type a = b`, and what `use` brings in
struct Resource {};
struct Record { std::vector<Field> fields; };
struct Variant { std::vector<Case> cases; };
struct Enum { std::vector<Case> cases; };
struct Flags { std::vector<Case> flags; };
struct Tuple { std::vector<Type> types; };
struct List { Type element; std::optional<std::uint32_t> length; };
struct Map { Type key; Type value; };
struct Option { Type type; };
struct ResultOf { std::optional<Type> ok; std::optional<Type> error; };
struct Own { TypeId resource; };
struct Borrow { TypeId resource; };
struct Future { std::optional<Type> type; };
struct Stream { std::optional<Type> type; };
// clang-format on

using TypeKind = std::variant<Alias, Resource, Record, Variant, Enum, Flags, Tuple, List, Map, Option, ResultOf, Own,
                              Borrow, Future, Stream>;

/// Which functions, types and imports a version or a feature decides about. Nothing that is off is in a model.
struct Stability {
    std::optional<Version> since = {};
    std::string feature = {}; ///< of @unstable
    std::optional<Version> deprecated = {};
    friend bool operator==(const Stability&, const Stability&) = default;
};

struct Notes {
    std::string documentation = {}; ///< lines, without a line end behind the last
    Stability stability = {};
    std::optional<std::string> external_id = {};
};

/// Where a named type stands. Types without a name stand nowhere and are shared by all who mean the same.
using Owner = std::variant<std::monostate, InterfaceId, WorldId>;

struct TypeDefinition {
    std::string name = {}; ///< empty for a type that is written where it is used
    TypeKind kind;
    Owner owner = {};
    bool is_resource = false;  ///< a resource, or another name for one
    bool holds_borrow = false; ///< a value of it may contain a borrowed handle
    Notes notes = {};
};

enum class FunctionKind : std::uint8_t { freestanding, method, static_method, constructor };

struct Parameter {
    std::string name;
    Type type;
};

struct Function {
    std::string name; ///< as components spell it: `f`, `[method]file.read`, `[static]file.open`, `[constructor]file`
    FunctionKind kind = FunctionKind::freestanding;
    std::optional<TypeId> resource = {}; ///< of all but freestanding ones
    bool is_async = false;
    std::vector<Parameter> parameters = {}; ///< with the `self` of methods
    std::optional<Type> result = {};
    Notes notes = {};
};

struct Interface {
    std::string name = {}; ///< empty if it is written inside a world
    PackageId package = {};
    std::vector<TypeId> types = {};
    std::vector<Function> functions = {};
    Notes notes = {};
};

/// An import or export of a world.
struct WorldItem {
    std::string name = {}; ///< empty for an interface that goes by its own name
    std::variant<InterfaceId, TypeId, Function> item;
    Notes notes = {};
};

struct World {
    std::string name = {};
    PackageId package = {};
    std::vector<WorldItem> imports = {}; ///< interfaces, then types, then functions; each behind what it needs
    std::vector<WorldItem> exports = {};
    Notes notes = {};
};

struct PackageName {
    std::string space;
    std::string name;
    std::optional<Version> version = {};

    [[nodiscard]] std::string text() const; ///< "wasi:io@0.2.0"
    friend bool operator==(const PackageName&, const PackageName&) = default;
};

struct Package {
    PackageName name;
    std::string documentation = {};
    std::vector<InterfaceId> interfaces = {};
    std::vector<WorldId> worlds = {};
};

class Model {
public:
    std::vector<Package> packages;
    std::vector<Interface> interfaces;
    std::vector<World> worlds;
    std::vector<TypeDefinition> types;
    PackageId root = {}; ///< the package that was asked for; the others are what it needs

    // clang-format off
    [[nodiscard]] const Package& operator[](PackageId id) const { return packages[id.index]; }
    [[nodiscard]] const Interface& operator[](InterfaceId id) const { return interfaces[id.index]; }
    [[nodiscard]] const World& operator[](WorldId id) const { return worlds[id.index]; }
    [[nodiscard]] const TypeDefinition& operator[](TypeId id) const { return types[id.index]; }
    // clang-format on

    /// "wasi:io/streams@0.2.0"; the interface has to have a name.
    [[nodiscard]] std::string full_name(InterfaceId id) const;
    [[nodiscard]] std::string full_name(WorldId id) const;
    /// The name of an import or export as a component spells it.
    [[nodiscard]] std::string name_of(const WorldItem& item) const;
    /// The interface a plain name stands for (`import a: b;`), to be told in the component; else nothing.
    [[nodiscard]] std::optional<InterfaceId> implemented_by(const WorldItem& item) const;

    /// The interface whose type this one renames or brings in by `use`, if it is another than the type's own.
    [[nodiscard]] std::optional<InterfaceId> used_interface(TypeId id) const;
    /// The interfaces it uses types of, in order of first use.
    [[nodiscard]] std::vector<InterfaceId> dependencies(InterfaceId id) const;

    /// Appends a type and fills in what follows from its kind.
    TypeId add(TypeDefinition definition);
    /// A type without a name: the one there is already, or a new one.
    TypeId intern(TypeKind kind);

    /// The world a person means by "name", "ns:pkg/name" or "ns:pkg/name@version", or by nothing if there is only one.
    [[nodiscard]] std::optional<WorldId> find_world(std::string_view name) const;
    [[nodiscard]] std::optional<PackageId> find_package(const PackageName& name) const;

private:
    std::map<std::vector<std::uint64_t>, TypeId> interned_;
};

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

/// Calls `visit` with the type, if there is one. A handle's resource is given as a Type, too, and what `visit` makes of
/// it is taken over.
template <class One, class Visit>
void visit_type(One& one, Visit& visit)
{
    using Plain = std::remove_const_t<One>;
    if constexpr (std::is_same_v<Plain, std::optional<Type>>) {
        if (one)
            visit(*one);
    } else if constexpr (std::is_same_v<Plain, TypeId>) {
        Type type = one;
        visit(type);
        if constexpr (!std::is_const_v<One>)
            one = std::get<TypeId>(type);
    } else {
        visit(one);
    }
}

/// Calls `visit` with each Type that this kind directly refers to: the one list of them, for readers and for whoever
/// renumbers.
template <class Kind, class Visit>
void for_each_type(Kind& kind, Visit&& visit)
{
    const auto each = [&](auto& list) {
        for (auto& one : list)
            visit_type(one.type, visit);
    };
    std::visit(
        [&](auto& it) {
            if constexpr (requires { it.element; }) {
                visit_type(it.element, visit);
            } else if constexpr (requires { it.key; }) {
                visit_type(it.key, visit);
                visit_type(it.value, visit);
            } else if constexpr (requires { it.ok; }) {
                visit_type(it.ok, visit);
                visit_type(it.error, visit);
            } else if constexpr (requires { it.types; }) {
                for (auto& type : it.types)
                    visit_type(type, visit);
            } else if constexpr (requires { it.type; }) {
                visit_type(it.type, visit);
            } else if constexpr (requires { it.resource; }) {
                visit_type(it.resource, visit);
            } else if constexpr (requires { it.fields; }) {
                each(it.fields);
            } else if constexpr (requires { it.cases; }) {
                each(it.cases);
            }
        },
        kind);
}

} // namespace trellis::wasm::component::wit
