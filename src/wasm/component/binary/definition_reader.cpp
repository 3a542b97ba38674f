#include "wasm/component/binary/definition_reader.hpp"

#include "wasm/binary/type_reader.hpp"
#include "wasm/component/binary/reading.hpp"
#include "wasm/component/binary/type_reader.hpp"

namespace trellis::wasm::component {
namespace {

constexpr std::uint32_t core_instance_sort = 0x12;

CoreInstantiate::Argument read_core_argument(Cursor& cursor)
{
    const std::string_view name = cursor.name();
    read_exactly(cursor, core_instance_sort, "instantiation arg kind");
    return {name, read_index<CoreInstanceIndex>(cursor)};
}

CoreItem core_item(ExternKind kind, std::uint32_t index)
{
    switch (kind) {
    case ExternKind::func:
        return static_cast<CoreFuncIndex>(index);
    case ExternKind::table:
        return static_cast<CoreTableIndex>(index);
    case ExternKind::memory:
        return static_cast<CoreMemoryIndex>(index);
    case ExternKind::global:
        return static_cast<CoreGlobalIndex>(index);
    case ExternKind::tag:
        return static_cast<CoreTagIndex>(index);
    }
    return CoreFuncIndex{};
}

CoreBag::Export read_core_export(Cursor& cursor)
{
    const std::string_view name = cursor.name();
    const ExternKind kind = read_core_kind(cursor);
    return {name, core_item(kind, cursor.u32())};
}

Item read_item(Cursor& cursor)
{
    const ItemKind kind = read_item_kind(cursor);
    const std::uint32_t index = cursor.u32();
    switch (kind) {
    case ItemKind::module:
        return static_cast<CoreModuleIndex>(index);
    case ItemKind::func:
        return static_cast<ComponentFuncIndex>(index);
    case ItemKind::type:
        return static_cast<ComponentTypeIndex>(index);
    case ItemKind::component:
        return static_cast<ComponentIndex>(index);
    case ItemKind::instance:
        return static_cast<ComponentInstanceIndex>(index);
    }
    return CoreModuleIndex{};
}

Instantiate::Argument read_argument(Cursor& cursor)
{
    const std::string_view name = cursor.name();
    return {name, read_item(cursor)};
}

Bag::Export read_bag_export(Cursor& cursor)
{
    const ExternName name = read_extern_name(cursor);
    return {name, read_item(cursor)};
}

WrittenOption read_option(Cursor& cursor)
{
    using enum WrittenOption::Kind;
    constexpr WrittenOption::Kind kinds[] = {utf8, utf16, latin1_utf16, memory, realloc, post_return, async, callback};
    const std::uint32_t at = cursor.offset();
    const std::uint8_t code = cursor.byte();
    constexpr std::uint8_t core_type = 0x08, gc = 0x09;
    if (code == core_type || code == gc)
        cursor.fail("component model garbage-collected values are not supported", at, ErrorCode::unsupported);
    if (code >= std::size(kinds)) {
        fail_leading_byte(cursor, code, at, "canonical option");
        return {};
    }
    const bool has_index =
        kinds[code] == memory || kinds[code] == realloc || kinds[code] == post_return || kinds[code] == callback;
    return {kinds[code], has_index ? cursor.u32() : 0};
}

WrittenOptions read_options(Cursor& cursor)
{
    return read_vector(cursor, limits::options, "canonical options", [&] { return read_option(cursor); });
}

CanonLift read_lift(Cursor& cursor)
{
    read_exactly(cursor, 0x00, "canonical function lift");
    const auto function = read_index<CoreFuncIndex>(cursor);
    auto options = read_options(cursor);
    return {.function = function,
            .written_options = std::move(options),
            .written_type = read_index<ComponentTypeIndex>(cursor)};
}

CanonLower read_lower(Cursor& cursor)
{
    read_exactly(cursor, 0x00, "canonical function lower");
    const auto function = read_index<ComponentFuncIndex>(cursor);
    return {.function = function, .written_options = read_options(cursor)};
}

void read_type_and(Cursor& cursor, CanonBuiltin& builtin, bool options, bool async)
{
    builtin.written_type = read_index<ComponentTypeIndex>(cursor);
    if (options)
        builtin.written_options = read_options(cursor);
    if (async)
        builtin.is_async = read_bool(cursor);
}

void read_context(Cursor& cursor, CanonBuiltin& builtin)
{
    builtin.context_type = wasm::read_value_type(cursor, Features::standard());
    builtin.context_slot = cursor.u32();
}

void read_immediates(Cursor& cursor, BuiltinImmediates immediates, CanonBuiltin& builtin)
{
    using enum BuiltinImmediates;
    switch (immediates) {
    case none:
        return;
    case resource:
    case stream:
    case future:
        return read_type_and(cursor, builtin, false, false);
    case stream_options:
    case future_options:
        return read_type_and(cursor, builtin, true, false);
    case stream_async:
    case future_async:
        return read_type_and(cursor, builtin, false, true);
    case BuiltinImmediates::async:
        builtin.is_async = read_bool(cursor);
        return;
    case result_options:
        builtin.written_result = read_results(cursor);
        builtin.written_options = read_options(cursor);
        return;
    case context:
        return read_context(cursor, builtin);
    case cancellable:
        builtin.is_cancellable = read_bool(cursor);
        return;
    case options:
        builtin.written_options = read_options(cursor);
        return;
    case cancellable_memory:
        builtin.is_cancellable = read_bool(cursor);
        builtin.options.memory = read_index<CoreMemoryIndex>(cursor);
        return;
    case function_table:
        builtin.function_type = read_index<CoreTypeIndex>(cursor);
        builtin.table = read_index<CoreTableIndex>(cursor);
        return;
    }
}

} // namespace

What read_core_instance(Cursor& cursor)
{
    const std::uint32_t at = cursor.offset();
    const std::uint8_t form = cursor.byte();
    if (form == 0x00) {
        const auto module = read_index<CoreModuleIndex>(cursor);
        return CoreInstantiate{
            module, read_vector(cursor, limits::arguments, "arguments", [&] { return read_core_argument(cursor); })};
    }
    if (form == 0x01)
        return CoreBag{read_vector(cursor, limits::arguments, "exports", [&] { return read_core_export(cursor); })};
    fail_leading_byte(cursor, form, at, "core instance");
    return CoreBag{};
}

What read_core_type_definition(Cursor& cursor)
{
    return CoreTypeDefinition{read_core_type(cursor)};
}

What read_instance(Cursor& cursor)
{
    const std::uint32_t at = cursor.offset();
    const std::uint8_t form = cursor.byte();
    if (form == 0x00) {
        const auto component = read_index<ComponentIndex>(cursor);
        return Instantiate{component,
                           read_vector(cursor, limits::arguments, "arguments", [&] { return read_argument(cursor); })};
    }
    if (form == 0x01)
        return Bag{read_vector(cursor, limits::arguments, "exports", [&] { return read_bag_export(cursor); })};
    fail_leading_byte(cursor, form, at, "instance");
    return Bag{};
}

What read_alias_definition(Cursor& cursor)
{
    return read_alias(cursor);
}

What read_type_definition(Cursor& cursor)
{
    return TypeDefinition{read_type(cursor)};
}

What read_canon(Cursor& cursor)
{
    const std::uint32_t at = cursor.offset();
    const std::uint8_t code = cursor.byte();
    if (code == 0x00)
        return read_lift(cursor);
    if (code == 0x01)
        return read_lower(cursor);
    CanonBuiltin builtin;
    const auto* row = std::ranges::find(builtin_rows, code, &BuiltinRow::code);
    if (row == std::end(builtin_rows)) {
        fail_leading_byte(cursor, code, at, "canonical function");
        return builtin;
    }
    builtin.builtin = row->builtin;
    read_immediates(cursor, row->immediates, builtin);
    return builtin;
}

What read_import(Cursor& cursor)
{
    const ExternName name = read_extern_name(cursor);
    return Import{name, read_extern_type(cursor)};
}

What read_export(Cursor& cursor)
{
    const ExternName name = read_extern_name(cursor);
    const Item item = read_item(cursor);
    auto type = read_optional(cursor, "optional component export type", [&] { return read_extern_type(cursor); });
    return Export{name, item, type};
}

} // namespace trellis::wasm::component
