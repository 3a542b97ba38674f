#include "wasm/component/encoding/adapter.hpp"

#include "wasm/binary/cursor.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/binary/writer.hpp"
#include "wasm/component/encoding/embed.hpp"
#include "wasm/component/encoding/live_functions.hpp"
#include "wasm/component/encoding/memory_modules.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace trellis::wasm::component::encoding {
namespace {

enum Section : std::uint8_t { types = 1, functions = 3, start = 8, elements = 9, code = 10, data_count = 12 };
enum Opcode : std::uint8_t { call = 0x10, global_set = 0x24, i32_const = 0x41, i32_add = 0x6a, end = 0x0b };

/// Globals by the names that the name section gives them.
std::map<std::string_view, std::uint32_t> named_globals(const Module& module)
{
    constexpr std::uint8_t global_names = 7;
    std::map<std::string_view, std::uint32_t> found;
    const auto section = std::ranges::find(module.custom_sections, "name", &CustomSection::name);
    if (section == module.custom_sections.end())
        return found;
    Cursor cursor(module.binary.view(), section->contents);
    while (cursor.ok() && !cursor.at_end()) {
        const auto id = cursor.byte();
        const auto size = cursor.length();
        Cursor names(module.binary.view(), {cursor.offset(), size});
        cursor.take(size);
        if (id != global_names || !cursor.ok())
            continue;
        const auto count = names.length();
        for (std::uint32_t i = 0; i < count && names.ok(); ++i) {
            const auto index = names.u32();
            found.emplace(names.name(), index);
        }
    }
    return found;
}

std::optional<std::uint32_t> realloc_import(const Module& module)
{
    std::uint32_t function = 0;
    for (const auto& import : module.imports) {
        if (!std::holds_alternative<TypeIndex>(import.type))
            continue;
        if (import.name == realloc_name)
            return function;
        ++function;
    }
    return std::nullopt;
}

/// Allocates a stack, and notes that it is there where the adapter wants to know.
Writer stack_body(std::uint32_t realloc, std::uint32_t stack_pointer, std::optional<std::uint32_t> state)
{
    constexpr std::int32_t stack_bytes = 65536, alignment = 16, stack_is_allocated = 2;
    Writer body;
    const auto constant = [&](std::int32_t value) {
        body.byte(i32_const);
        body.s64(value);
    };
    const auto with_index = [&](std::uint8_t opcode, std::uint32_t index) {
        body.byte(opcode);
        body.u32(index);
    };
    body.u32(0); // no locals
    for (const auto value : {0, 0, alignment, stack_bytes})
        constant(value);
    with_index(call, realloc);
    constant(stack_bytes);
    body.byte(i32_add);
    with_index(global_set, stack_pointer);
    if (state) {
        constant(stack_is_allocated);
        with_index(global_set, *state);
    }
    body.byte(end);
    return body;
}

/// The module with one more function at its end, which is called when it is instantiated.
class StartWriter {
public:
    StartWriter(const Module& module, Writer body) : module_(module), body_(std::move(body)) {}

    std::vector<std::uint8_t> run()
    {
        constexpr std::array<std::uint8_t, 8> preamble = {0, 'a', 's', 'm', 1, 0, 0, 0};
        all_.raw(preamble);
        for (const auto& section : module_.sections) {
            if (!has_start_ && (section.id >= elements && section.id <= data_count))
                write_start();
            write_section(section);
        }
        const auto bytes = all_.bytes();
        return {bytes.begin(), bytes.end()};
    }

private:
    void write_start()
    {
        Writer index;
        index.u32(static_cast<std::uint32_t>(module_.function_types.size()));
        all_.section(start, index.bytes());
        has_start_ = true;
    }

    void write_section(const SectionInfo& section)
    {
        if (section.id == types)
            longer(section, [](Writer& writer) { writer.composite_type(wasm::FuncType{}); });
        else if (section.id == functions)
            longer(section, [&](Writer& writer) { writer.u32(static_cast<std::uint32_t>(module_.types.size())); });
        else if (section.id == code)
            longer(section, [&](Writer& writer) { writer.sized(body_.bytes()); });
        else
            all_.section(section.id, module_.bytes(section.contents));
    }

    /// A section that is a vector, with one more element.
    template <class Write>
    void longer(const SectionInfo& section, Write write_last)
    {
        Cursor cursor(module_.binary.view(), section.contents);
        Writer contents;
        contents.u32(cursor.u32() + 1);
        contents.raw(cursor.take(static_cast<std::uint32_t>(cursor.remaining())));
        write_last(contents);
        all_.section(section.id, contents.bytes());
    }

    const Module& module_;
    Writer body_;
    Writer all_;
    bool has_start_ = false;
};

} // namespace

Result<std::vector<std::uint8_t>> adapter_binary(const Module& module, const std::vector<bool>& live)
{
    const auto binary = without_dead_bodies(module, live);
    const auto living = TRELLIS_TRY(decode_module(SharedBytes::copy_of(binary)));
    const auto globals = named_globals(living);
    const auto stack_pointer = globals.find("__stack_pointer");
    const auto realloc = realloc_import(living);
    if (stack_pointer == globals.end() || living.imported_memories == 0)
        return without_worlds(living);
    if (!realloc || living.start || living.functions.empty())
        return fail(ErrorCode::unsupported, "the adapter has a stack, and no way to get memory for it");
    const auto state = globals.find("allocation_state");
    const auto state_index = state != globals.end() ? std::optional(state->second) : std::nullopt;
    const auto with_stack = StartWriter(living, stack_body(*realloc, stack_pointer->second, state_index)).run();
    return without_worlds(TRELLIS_TRY(decode_module(SharedBytes::copy_of(with_stack))));
}

} // namespace trellis::wasm::component::encoding
