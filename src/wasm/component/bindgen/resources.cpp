#include "wasm/component/bindgen/resources.hpp"

#include "base/format.hpp"

namespace trellis::wasm::component::bindgen {

using namespace wit;

namespace {

constexpr std::string_view own_type = R"(typedef struct @own@ {
    int32_t __handle;
} @own@;
)";

constexpr std::string_view imported_types = R"(
typedef struct @borrow@ {
    int32_t __handle;
} @borrow@;
)";

constexpr std::string_view exported_types = R"(
typedef struct @type@ @type@;

typedef @type@* @borrow@;
)";

constexpr std::string_view drop_declaration = R"(
extern void @stem@_drop_own(@own@ handle);
)";

constexpr std::string_view drop_definition = R"(
__attribute__((__import_module__("@module@"), __import_name__("[resource-drop]@name@")))
extern void __wasm_import_@stem@_drop(int32_t handle);

void @stem@_drop_own(@own@ handle) {
    __wasm_import_@stem@_drop(handle.__handle);
}
)";

constexpr std::string_view imported_declarations = R"(extern void @stem@_drop_borrow(@borrow@ handle);
extern @borrow@ @space@_borrow_@snake@(@own@ handle);
)";

constexpr std::string_view imported_definitions = R"(
void @stem@_drop_borrow(@borrow@ handle) {
    __wasm_import_@stem@_drop(handle.__handle);
}

@borrow@ @space@_borrow_@snake@(@own@ handle) {
    return (@borrow@) { handle.__handle };
}
)";

constexpr std::string_view exported_declarations = R"(extern @own@ @stem@_new(@type@ *rep);
extern @type@* @stem@_rep(@own@ handle);
// To be defined by the program: called when nobody holds the resource any more.
void @stem@_destructor(@type@ *rep);
)";

constexpr std::string_view exported_definitions = R"(
__attribute__((__import_module__("@module@"), __import_name__("[resource-new]@name@")))
extern int32_t __wasm_import_@stem@_new(int32_t rep);
__attribute__((__import_module__("@module@"), __import_name__("[resource-rep]@name@")))
extern int32_t __wasm_import_@stem@_rep(int32_t handle);

@own@ @stem@_new(@type@ *rep) {
    return (@own@) { __wasm_import_@stem@_new((int32_t) rep) };
}

@type@* @stem@_rep(@own@ handle) {
    return (@type@ *) __wasm_import_@stem@_rep(handle.__handle);
}

__attribute__((__export_name__("@plain_module@#[dtor]@name@")))
void __wasm_export_@stem@_dtor(int32_t rep) {
    @stem@_destructor((@type@ *) rep);
}
)";

/// The names that the functions take, so that nobody else gets them.
void take_names(Bindings& bindings, const std::string& stem, const std::string& borrowing)
{
    for (const auto* const suffix : {"_drop_own", "_drop_borrow", "_new", "_rep", "_destructor"})
        bindings.taken.take(stem + suffix);
    bindings.taken.take(borrowing);
}

} // namespace

void define_resource(Bindings& bindings, const Typed& resource)
{
    const auto scope_id = bindings.scopes.owner(std::get<TypeId>(resource.type), resource.scope);
    const auto& scope = bindings.scopes[scope_id];
    const Typed here{resource.type, scope_id};
    const auto& name = bindings.definition(resource)->name;
    const auto own = bindings.taken.take(bindings.names.handle(here, "own"));
    const auto borrow = bindings.taken.take(bindings.names.handle(here, "borrow"));
    const auto snake = snake_case(name);
    const auto stem = format("{}_{}", scope.space, snake);
    const auto type = bindings.names.of(resource);
    const auto module = scope.is_export ? "[export]" + scope.module : scope.module;
    take_names(bindings, stem, format("{}_borrow_{}", scope.space, snake));

    const auto expand = [&](CodeWriter& out, std::string_view code) {
        out.lines(fill(code, {{"own", own},
                              {"borrow", borrow},
                              {"type", type},
                              {"stem", stem},
                              {"space", scope.space},
                              {"snake", snake},
                              {"name", name},
                              {"module", module},
                              {"plain_module", scope.module}}));
    };
    expand(bindings.types, own_type);
    expand(bindings.types, scope.is_export ? exported_types : imported_types);
    expand(bindings.helpers, drop_declaration);
    expand(bindings.source, drop_definition);
    expand(bindings.helpers, scope.is_export ? exported_declarations : imported_declarations);
    expand(bindings.source, scope.is_export ? exported_definitions : imported_definitions);
}

} // namespace trellis::wasm::component::bindgen
