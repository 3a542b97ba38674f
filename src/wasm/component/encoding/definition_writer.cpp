#include "wasm/component/encoding/definition_writer.hpp"

#include "wasm/component/encoding/type_writer.hpp"
#include "wasm/component/encoding/writing.hpp"

namespace trellis::wasm::component::encoding {
namespace {

constexpr std::uint8_t core_instance_sort = 0x12;

void write_core_item(Writer& writer, const CoreItem& item)
{
    write_core_kind(writer, static_cast<ExternKind>(item.index()));
    std::visit([&](auto index) { write_index(writer, index); }, item);
}

void write_item(Writer& writer, const Item& item)
{
    write_item_kind(writer, kind_of(item));
    std::visit([&](auto index) { write_index(writer, index); }, item);
}

void write_option(Writer& writer, const WrittenOption& option)
{
    using enum WrittenOption::Kind;
    writer.byte(static_cast<std::uint8_t>(option.kind));
    if (option.kind == memory || option.kind == realloc || option.kind == post_return || option.kind == callback)
        writer.u32(option.index);
}

void write_options(Writer& writer, const WrittenOptions& options)
{
    write_vector(writer, options, [&](const WrittenOption& one) { write_option(writer, one); });
}

void write_type_and(Writer& writer, const CanonBuiltin& builtin, bool options, bool async)
{
    write_index(writer, builtin.written_type);
    if (options)
        write_options(writer, builtin.written_options);
    if (async)
        writer.byte(builtin.is_async);
}

void write_immediates(Writer& writer, BuiltinImmediates immediates, const CanonBuiltin& builtin)
{
    using enum BuiltinImmediates;
    switch (immediates) {
    case none:
        return;
    case resource:
    case stream:
    case future:
        return write_type_and(writer, builtin, false, false);
    case stream_options:
    case future_options:
        return write_type_and(writer, builtin, true, false);
    case stream_async:
    case future_async:
        return write_type_and(writer, builtin, false, true);
    case BuiltinImmediates::async:
        return writer.byte(builtin.is_async);
    case result_options:
        write_results(writer, builtin.written_result);
        return write_options(writer, builtin.written_options);
    case context:
        writer.value_type(builtin.context_type);
        return writer.u32(builtin.context_slot);
    case cancellable:
        return writer.byte(builtin.is_cancellable);
    case options:
        return write_options(writer, builtin.written_options);
    case cancellable_memory:
        writer.byte(builtin.is_cancellable);
        return write_index(writer, builtin.options.memory.value_or(CoreMemoryIndex{}));
    case function_table:
        write_index(writer, builtin.function_type);
        return write_index(writer, builtin.table);
    }
}

} // namespace

void write_definition(Writer& writer, const CoreInstantiate& it)
{
    writer.byte(0x00);
    write_index(writer, it.module);
    write_vector(writer, it.arguments, [&](const CoreInstantiate::Argument& one) {
        writer.name(one.name);
        writer.byte(core_instance_sort);
        write_index(writer, one.instance);
    });
}

void write_definition(Writer& writer, const CoreBag& it)
{
    writer.byte(0x01);
    write_vector(writer, it.exports, [&](const CoreBag::Export& one) {
        writer.name(one.name);
        write_core_item(writer, one.item);
    });
}

void write_definition(Writer& writer, const CoreTypeDefinition& it)
{
    write_core_type(writer, it.written);
}

void write_definition(Writer& writer, const Instantiate& it)
{
    writer.byte(0x00);
    write_index(writer, it.component);
    write_vector(writer, it.arguments, [&](const Instantiate::Argument& one) {
        writer.name(one.name);
        write_item(writer, one.item);
    });
}

void write_definition(Writer& writer, const Bag& it)
{
    writer.byte(0x01);
    write_vector(writer, it.exports, [&](const Bag::Export& one) {
        write_extern_name(writer, one.name);
        write_item(writer, one.item);
    });
}

void write_definition(Writer& writer, const Alias& it)
{
    write_alias(writer, it);
}

void write_definition(Writer& writer, const TypeDefinition& it)
{
    write_type(writer, it.written);
}

void write_definition(Writer& writer, const CanonLift& it)
{
    writer.byte(0x00);
    writer.byte(0x00);
    write_index(writer, it.function);
    write_options(writer, it.written_options);
    write_index(writer, it.written_type);
}

void write_definition(Writer& writer, const CanonLower& it)
{
    writer.byte(0x01);
    writer.byte(0x00);
    write_index(writer, it.function);
    write_options(writer, it.written_options);
}

void write_definition(Writer& writer, const CanonBuiltin& it)
{
    const auto& row = row_of(it.builtin);
    writer.byte(row.code);
    write_immediates(writer, row.immediates, it);
}

void write_definition(Writer& writer, const Import& it)
{
    write_extern_name(writer, it.name);
    write_extern_type(writer, it.written_type);
}

void write_definition(Writer& writer, const Export& it)
{
    write_extern_name(writer, it.name);
    write_item(writer, it.item);
    write_optional(writer, it.written_type, [&](const written::ExternType& type) { write_extern_type(writer, type); });
}

} // namespace trellis::wasm::component::encoding
