#include "wasm/syntax/types.hpp"

#include "base/format.hpp"

#include <array>
#include <string_view>

namespace trellis::wasm {

namespace {

struct HeapName {
    HeapType type;
    std::string_view heap;
    std::string_view nullable_reference;
};

constexpr std::array heap_names = {
    HeapName{HeapType::noexn, "noexn", "nullexnref"},
    HeapName{HeapType::nofunc, "nofunc", "nullfuncref"},
    HeapName{HeapType::noextern, "noextern", "nullexternref"},
    HeapName{HeapType::none, "none", "nullref"},
    HeapName{HeapType::func, "func", "funcref"},
    HeapName{HeapType::extern_, "extern", "externref"},
    HeapName{HeapType::any, "any", "anyref"},
    HeapName{HeapType::eq, "eq", "eqref"},
    HeapName{HeapType::i31, "i31", "i31ref"},
    HeapName{HeapType::struct_, "struct", "structref"},
    HeapName{HeapType::array, "array", "arrayref"},
    HeapName{HeapType::exn, "exn", "exnref"},
    HeapName{HeapType::bottom, "something", "(ref null something)"},
};

const HeapName* name_of(HeapType type)
{
    for (const HeapName& name : heap_names) {
        if (name.type == type)
            return &name;
    }
    return nullptr;
}

} // namespace

std::string to_string(HeapType type)
{
    if (type.is_index())
        return format("{}", number(type.index()));
    const HeapName* name = name_of(type);
    return std::string(name ? name->heap : "?");
}

std::string to_string(ValType type)
{
    switch (type.kind()) {
    case Kind::bottom:
        return "bot";
    case Kind::i16:
        return "i16";
    case Kind::i8:
        return "i8";
    case Kind::v128:
        return "v128";
    case Kind::f64:
        return "f64";
    case Kind::f32:
        return "f32";
    case Kind::i64:
        return "i64";
    case Kind::i32:
        return "i32";
    case Kind::ref:
        break;
    }
    if (type.nullable()) {
        if (const HeapName* name = name_of(type.heap()))
            return std::string(name->nullable_reference);
    }
    return format("(ref {}{})", type.nullable() ? "null " : "", to_string(type.heap()));
}

} // namespace trellis::wasm
