#include "wasm/component/bindgen/component_type_section.hpp"

#include "base/format.hpp"

#include <algorithm>

namespace trellis::wasm::component::bindgen {
namespace {

constexpr std::size_t bytes_per_line = 20;

/// The assembler's escape, behind the compiler's: three digits always, or a digit that follows would belong to it.
std::string escape(std::byte byte)
{
    const auto value = std::to_integer<unsigned>(byte);
    const bool is_plain = value >= ' ' && value < 0x7f && value != '"' && value != '\\' && value != '?';
    return is_plain ? std::string(1, static_cast<char>(value)) : format("\\\\{:03o}", value);
}

} // namespace

std::string component_type_section(std::string_view world, std::span<const std::byte> bytes)
{
    if (bytes.empty())
        return {};
    auto text = format("\n// What component this is: a custom section, which linking keeps.\n"
                       "__asm__(\".section \\\".custom_section.component-type:{}\\\",\\\"\\\",@\\n\"\n",
                       world);
    for (std::size_t at = 0; at < bytes.size(); at += bytes_per_line) {
        text += "        \".ascii \\\"";
        for (const auto byte : bytes.subspan(at, std::min(bytes_per_line, bytes.size() - at)))
            text += escape(byte);
        text += "\\\"\\n\"\n";
    }
    return text + "        \".text\\n\");\n";
}

} // namespace trellis::wasm::component::bindgen
