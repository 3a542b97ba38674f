// Writes small modules by hand, for tests: sections of bytes, with sizes and counts filled in.
#pragma once

#include "base/bytes.hpp"

#include <initializer_list>
#include <vector>

namespace trellis::wasm {

using Code = std::vector<std::uint8_t>;

inline void append(Code& to, const Code& bytes)
{
    to.insert(to.end(), bytes.begin(), bytes.end());
}

inline Code leb(std::uint64_t number)
{
    Code bytes;
    do {
        bytes.push_back(static_cast<std::uint8_t>((number & 0x7f) | (number > 0x7f ? 0x80 : 0)));
        number >>= 7;
    } while (number != 0);
    return bytes;
}

/// The bytes with their number in front.
inline Code sized(const Code& bytes)
{
    Code result = leb(bytes.size());
    append(result, bytes);
    return result;
}

class ModuleBytes {
public:
    /// A section whose contents are a vector of these.
    ModuleBytes& section(std::uint8_t id, const std::vector<Code>& entries)
    {
        Code contents = leb(entries.size());
        for (const Code& entry : entries)
            append(contents, entry);
        return raw_section(id, contents);
    }

    ModuleBytes& raw_section(std::uint8_t id, const Code& contents)
    {
        bytes_.push_back(id);
        append(bytes_, sized(contents));
        return *this;
    }

    [[nodiscard]] SharedBytes done() const { return SharedBytes::copy_of(bytes_); }

private:
    Code bytes_ = {0, 'a', 's', 'm', 1, 0, 0, 0};
};

/// A module with one function of type [i32] -> [i32] (type 0) and that body; type 1 is [] -> [], memory 0 has a page.
inline SharedBytes module_with_body(Code body)
{
    Code code = {0}; // no locals
    append(code, body);
    return ModuleBytes()
        .section(1, {{0x60, 1, 0x7f, 1, 0x7f}, {0x60, 0, 0}})
        .section(3, {{0}})
        .section(5, {{0, 1}})
        .section(10, {sized(code)})
        .done();
}

} // namespace trellis::wasm
