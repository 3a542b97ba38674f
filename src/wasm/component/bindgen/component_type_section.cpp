#include "wasm/component/bindgen/component_type_section.hpp"

#include "base/format.hpp"

#include <algorithm>

namespace trellis::wasm::component::bindgen {
namespace {

constexpr std::size_t bytes_per_line = 20;

/// The assembler's escape, behind the compiler's: three digits always, or a digit that follows would belong to it.
std::string escape(std::uint8_t byte)
{
    const bool is_plain = byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\' && byte != '?';
    return is_plain ? std::string(1, static_cast<char>(byte)) : format("\\\\{:03o}", byte);
}

} // namespace

std::string component_type_section(std::string_view world, Bytes bytes)
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
