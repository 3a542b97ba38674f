#include "wasm/component/encoding/embed.hpp"

#include "wasm/binary/writer.hpp"
#include "wasm/component/encoding/world_encoder.hpp"

#include <array>

namespace trellis::wasm::component::encoding {
namespace {

bool is_world(const CustomSection& section)
{
    return section.name.starts_with(module_type_section);
}

} // namespace

std::vector<std::uint8_t> embed_world(Bytes module, const wit::Model& model, wit::WorldId world, StringEncoding strings)
{
    Writer writer;
    writer.raw(module);
    const auto name = std::string(module_type_section) + ":" + model[world].name;
    writer.custom_section(name, encode_module_type(model, world, strings));
    const auto bytes = writer.bytes();
    return {bytes.begin(), bytes.end()};
}

std::vector<SharedBytes> embedded_worlds(const Module& module)
{
    std::vector<SharedBytes> list;
    for (const auto& section : module.custom_sections)
        if (is_world(section))
            list.push_back(SharedBytes::copy_of(module.bytes(section.contents)));
    return list;
}

std::vector<std::uint8_t> without_worlds(const Module& module)
{
    constexpr std::array<std::uint8_t, 8> preamble = {0, 'a', 's', 'm', 1, 0, 0, 0};
    Writer writer;
    writer.raw(preamble);
    std::size_t custom = 0;
    for (const auto& section : module.sections) {
        if (section.id == 0 && is_world(module.custom_sections[custom++]))
            continue;
        writer.section(section.id, module.bytes(section.contents));
    }
    const auto bytes = writer.bytes();
    return {bytes.begin(), bytes.end()};
}

} // namespace trellis::wasm::component::encoding
