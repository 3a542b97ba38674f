// The syntax tree of a WIT file, as written: names are views into the text, nothing is looked up yet.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/WIT.md#lexical-structure
#pragma once

#include "wasm/component/wit/model.hpp"
#include "wasm/component/wit/source.hpp"

namespace trellis::wasm::component::wit {

struct Name {
    std::string_view text; ///< without %
    Place place;
};

enum class TypeShape : std::uint8_t {
    absent, ///< the _ of `result<_, e>`
    primitive,
    named,
    list,
    option,
    result,
    tuple,
    map,
    future,
    stream,
    own,
    borrow,
};

/// Nested no deeper than `max_type_nesting`.
struct TypeSyntax {
    TypeShape shape;
    Place place;
    Primitive primitive = {};
    std::string_view name = {}; ///< of `named`, `own` and `borrow`
    std::optional<std::uint32_t> length = {};
    std::vector<TypeSyntax> arguments = {};
};

/// What may stand in front of an item.
struct Preamble {
    Notes notes;
    Place place;           ///< of the first @
    bool has_gate = false; ///< @since, @unstable or @deprecated
};

struct ParameterSyntax {
    Name name;
    TypeSyntax type;
};

struct FunctionSyntax {
    Name name; ///< of a constructor: the keyword
    Preamble preamble;
    FunctionKind kind = FunctionKind::freestanding;
    bool is_async = false;
    std::vector<ParameterSyntax> parameters = {};
    std::optional<TypeSyntax> result = {};
};

/// A field, a case or a flag.
struct MemberSyntax {
    Name name;
    std::optional<TypeSyntax> type;
    std::string documentation;
};

enum class TypeItemKind : std::uint8_t { alias, record, variant, enumeration, flags, resource };

struct TypeItem {
    Name name;
    Preamble preamble;
    TypeItemKind kind;
    std::optional<TypeSyntax> aliased = {};
    std::vector<MemberSyntax> members = {};
    std::vector<FunctionSyntax> methods = {};
};

struct PackageNameSyntax {
    PackageName name;
    Place place;
};

/// `name`, or `space:package/name@version`.
struct Path {
    std::optional<PackageName> package;
    Name name;
};

struct Renaming {
    Name name;
    Name as; ///< the same if nothing else is said
};

struct UseItem {
    Preamble preamble;
    Path path;
    std::vector<Renaming> names;
};

struct InterfaceBody {
    std::vector<UseItem> uses;
    std::vector<TypeItem> types;
    std::vector<FunctionSyntax> functions;
};

struct InterfaceSyntax {
    Name name;
    Preamble preamble;
    InterfaceBody body;
};

/// `import` or `export`: of an interface by its name, of one by another name, of one written here, of a function.
struct ExternItem {
    bool is_export;
    Preamble preamble;
    Name name; ///< without text: an interface by its own name
    std::variant<Path, InterfaceBody, FunctionSyntax> item;
};

struct IncludeItem {
    Preamble preamble;
    Path path;
    std::vector<Renaming> names;
};

struct WorldSyntax {
    Name name;
    Preamble preamble;
    std::vector<UseItem> uses = {};
    std::vector<TypeItem> types = {};
    std::vector<ExternItem> externs = {};
    std::vector<IncludeItem> includes = {};
};

struct TopLevelUse {
    Path path;
    Name as;
};

/// What is written at the top of a file, or in the braces of a package inside it.
struct PackageBody {
    std::vector<TopLevelUse> uses;
    std::vector<InterfaceSyntax> interfaces;
    std::vector<WorldSyntax> worlds;
};

struct PackageDeclaration {
    PackageNameSyntax name;
    std::string documentation;
};

struct NestedPackage {
    PackageDeclaration declaration;
    PackageBody body;
};

struct FileSyntax {
    std::optional<PackageDeclaration> declaration;
    PackageBody body;
    std::vector<NestedPackage> nested;
};

} // namespace trellis::wasm::component::wit
