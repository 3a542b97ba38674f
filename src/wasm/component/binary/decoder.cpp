#include "wasm/component/binary/decoder.hpp"

#include "wasm/binary/decoder.hpp"
#include "wasm/component/binary/definition_reader.hpp"
#include "wasm/component/binary/reading.hpp"
#include "wasm/syntax/implementation_limits.hpp"

#include <array>

namespace trellis::wasm::component {
namespace {

constexpr std::array<std::uint8_t, 4> magic = {0x00, 'a', 's', 'm'};
constexpr std::uint16_t component_version = 0x0d, module_version = 1;
constexpr std::uint16_t component_layer = 1, module_layer = 0;
constexpr std::size_t preamble_bytes = 8;

struct Section {
    std::uint8_t id;
    What (*read)(Cursor&); ///< one definition of a vector of them
};
constexpr std::array sections = {
    Section{2, read_core_instance},   Section{3, read_core_type_definition},
    Section{5, read_instance},        Section{6, read_alias_definition},
    Section{7, read_type_definition}, Section{8, read_canon},
    Section{10, read_import},         Section{11, read_export},
};
constexpr std::uint8_t custom_section = 0, module_section = 1, component_section = 4, start_section = 9,
                       value_section = 12;

/// What the decoders of a component and of those nested in it share.
struct Whole {
    SharedBytes binary;
    std::uint32_t definitions = 0;
};

/// One component; nested ones have a decoder each.
class Decoder {
public:
    Decoder(std::shared_ptr<Whole> whole, ByteRange range, unsigned depth)
        : whole_(std::move(whole)), depth_(depth), component_(std::make_shared<Component>()),
          cursor_(whole_->binary.view(), range)
    {
        component_->binary = whole_->binary;
        component_->bytes = range;
    }

    Result<std::shared_ptr<Component>> run()
    {
        read_preamble();
        while (cursor_.ok() && !cursor_.at_end())
            TRELLIS_TRY(read_section());
        if (!cursor_.ok())
            return std::unexpected(cursor_.error());
        return std::move(component_);
    }

private:
    void read_preamble();
    Result<> read_section();
    Result<> read_contents(std::uint8_t id, ByteRange range);
    Result<> read_module(ByteRange range);
    Result<> read_component(ByteRange range);
    void read_definitions(Cursor& cursor, const Section& section);
    void add(What what, std::uint32_t offset);

    std::shared_ptr<Whole> whole_;
    unsigned depth_;
    std::shared_ptr<Component> component_;
    Cursor cursor_;
};

void Decoder::read_preamble()
{
    const std::uint32_t at = cursor_.offset();
    const Bytes bytes = cursor_.take(std::min(magic.size(), cursor_.remaining()));
    if (!std::ranges::equal(bytes, Bytes(magic).first(bytes.size())))
        cursor_.fail("magic header not detected", at);
    else if (bytes.size() < magic.size())
        cursor_.fail_at_end();
    const auto version = cursor_.little_endian<std::uint16_t>();
    const auto layer = cursor_.little_endian<std::uint16_t>();
    if (!cursor_.ok())
        return;
    if (layer == module_layer && version == module_version)
        cursor_.fail("expected a version header for a component", at + 4);
    else if (layer != component_layer || version != component_version)
        cursor_.fail(format("unknown binary version {:#x} and encoding {:#x}", version, layer), at + 4);
}

Result<> Decoder::read_section()
{
    const std::uint32_t at = cursor_.offset();
    const std::uint8_t id = cursor_.byte();
    const bool known = id <= value_section;
    if (!known)
        cursor_.fail("malformed section id", at);
    const std::uint32_t size = cursor_.length();
    const ByteRange contents{cursor_.offset(), size};
    cursor_.take(size);
    return cursor_.ok() ? read_contents(id, contents) : Result<>();
}

Result<> Decoder::read_contents(std::uint8_t id, ByteRange range)
{
    if (id == module_section)
        return read_module(range);
    if (id == component_section)
        return read_component(range);
    Cursor cursor(component_->binary.view(), range);
    if (id == custom_section)
        cursor.name();
    else if (id == start_section || id == value_section)
        cursor.fail("support for component model `value`s is not enabled", range.offset, ErrorCode::unsupported);
    else
        read_definitions(cursor, *std::ranges::find(sections, id, &Section::id));
    if (!cursor.ok())
        return std::unexpected(cursor.error());
    if (id != custom_section && !cursor.at_end())
        return fail(ErrorCode::malformed, "unexpected data at the end of the section", cursor.offset());
    return {};
}

void Decoder::read_definitions(Cursor& cursor, const Section& section)
{
    const std::uint32_t count = cursor.length();
    for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
        const std::uint32_t at = cursor.offset();
        What what = section.read(cursor);
        if (++whole_->definitions > limits::definitions)
            cursor.fail("too many definitions", at, ErrorCode::limit);
        if (cursor.ok())
            add(std::move(what), at);
    }
}

void Decoder::add(What what, std::uint32_t offset)
{
    const auto position = static_cast<std::uint32_t>(component_->definitions.size());
    if (std::holds_alternative<Import>(what))
        component_->imports.push_back(position);
    if (std::holds_alternative<Export>(what))
        component_->exports.push_back(position);
    component_->definitions.push_back({std::move(what), offset});
}

Result<> Decoder::read_module(ByteRange range)
{
    const Bytes bytes = component_->binary.view().subspan(range.offset, range.size);
    if (is_binary_component(bytes))
        return fail(ErrorCode::malformed, "expected a version header for a module", range.offset + magic.size());
    auto module = decode_module(SharedBytes::held_by(whole_, bytes));
    if (!module) {
        Error error = std::move(module).error();
        if (error.offset)
            *error.offset += range.offset;
        return std::unexpected(std::move(error));
    }
    add(CoreModuleDefinition{std::make_shared<Module>(std::move(*module)), range}, range.offset);
    return {};
}

Result<> Decoder::read_component(ByteRange range)
{
    if (depth_ + 1 >= limits::nesting)
        return fail(ErrorCode::limit, "nesting too deep: components in one another", range.offset);
    auto nested = TRELLIS_TRY(Decoder(whole_, range, depth_ + 1).run());
    add(NestedComponent{std::move(nested)}, range.offset);
    return {};
}

/// Where there are fewer bytes than needed, the official suite says it in one way for all cases.
Error in_suite_words(Error error)
{
    if (error.message == "unexpected end of section or function" || error.message == "length out of bounds")
        error.message = "unexpected end-of-file";
    return error;
}

} // namespace

bool is_binary_component(Bytes bytes)
{
    constexpr std::array<std::uint8_t, 2> layer = {component_layer, 0};
    return bytes.size() >= preamble_bytes && std::ranges::equal(bytes.first(4), magic) &&
           std::ranges::equal(bytes.subspan(6, 2), layer);
}

Result<std::shared_ptr<Component>> decode_component(SharedBytes binary)
{
    if (binary.size() > implementation_limits::module_bytes)
        return fail(ErrorCode::limit, "component too large: 1 GiB is supported");
    const auto size = static_cast<std::uint32_t>(binary.size());
    auto component = Decoder(std::make_shared<Whole>(std::move(binary)), {0, size}, 0).run();
    if (!component)
        return std::unexpected(in_suite_words(std::move(component).error()));
    return component;
}

} // namespace trellis::wasm::component
