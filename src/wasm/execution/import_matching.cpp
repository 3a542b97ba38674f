#include "wasm/execution/import_matching.hpp"

#include "base/format.hpp"
#include "wasm/execution/memory.hpp"

namespace trellis::wasm {
namespace {

using Types = std::span<const std::shared_ptr<const CanonicalType>>;

/// `size` is what is there now, which counts as the minimum.
bool limits_match(std::uint64_t size, const Limits& given, const Limits& asked)
{
    return given.is_64 == asked.is_64 && size >= asked.min && (!asked.max || (given.max && *given.max <= *asked.max));
}

bool same_type(ValType a, Types a_types, ValType b, Types b_types)
{
    return matches(a, a_types, b, b_types) && matches(b, b_types, a, a_types);
}

bool is_match(const Module& module, TypeIndex asked, const Function& given)
{
    return is_subtype(given.type, module.canonical_types[number(asked)].get());
}

bool is_match(const Module& module, const TableType& asked, const Table& given)
{
    return limits_match(given.size, given.type.limits, asked.limits) &&
           same_type(given.type.element, given.types, asked.element, module.canonical_types);
}

bool is_match(const Module&, const MemoryType& asked, const Memory& given)
{
    return limits_match(given.pages(), given.type().limits, asked.limits) && given.type().shared == asked.shared &&
           given.type().page_size_log2 == asked.page_size_log2;
}

bool is_match(const Module& module, const GlobalType& asked, const Global& given)
{
    const Types types = module.canonical_types;
    if (given.type.is_mutable != asked.is_mutable)
        return false;
    return asked.is_mutable ? same_type(given.type.value, given.types, asked.value, types)
                            : matches(given.type.value, given.types, asked.value, types);
}

bool is_match(const Module& module, const TagType& asked, const Tag& given)
{
    return given.type == module.canonical_types[number(asked.function)].get();
}

constexpr const char* kind_names[] = {"a function", "a table", "a memory", "a global", "a tag"};

} // namespace

Result<> match_import(const Module& module, const Import& import, const Extern& given)
{
    const auto error = [&](std::string_view how) {
        return fail(ErrorCode::unlinkable,
                    format("incompatible import type: {}.{} is to be {} and is given {}{}", import.module, import.name,
                           kind_names[import.type.index()], kind_names[given.index()], how),
                    import.offset);
    };
    if (import.type.index() != given.index())
        return error("");
    const bool ok = std::visit(
        [&]<class Asked, class Given>(const Asked& asked, const Given* item) {
            if constexpr (requires { is_match(module, asked, *item); })
                return is_match(module, asked, *item);
            else
                return false;
        },
        import.type, given);
    if (!ok)
        return error(" of another type");
    return {};
}

} // namespace trellis::wasm
