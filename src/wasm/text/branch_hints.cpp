#include "wasm/text/branch_hints.hpp"

#include "wasm/binary/writer.hpp"
#include "wasm/text/byte_reader.hpp"

#include <algorithm>

namespace trellis::wasm {

std::vector<std::uint8_t> write_branch_hints(const BranchHintMap& hints)
{
    Writer contents;
    contents.u64(hints.size());
    for (const auto& [function, list] : hints) {
        contents.u32(function);
        contents.u64(list.size());
        for (const auto& [offset, value] : list) {
            contents.u32(offset);
            contents.u32(1); // bytes of the hint
            contents.byte(value);
        }
    }
    return {contents.bytes().begin(), contents.bytes().end()};
}

BranchHintSection read_branch_hints(Bytes contents)
{
    BranchHintSection section;
    ByteReader reader(contents);
    for (auto functions = reader.u32(); functions > 0 && !reader.failed(); --functions) {
        auto& list = section.hints[reader.u32()];
        for (auto count = reader.u32(); count > 0 && !reader.failed(); --count) {
            const auto offset = reader.u32();
            const auto size = reader.u32();
            const auto value = reader.byte();
            if (size == 1 && value <= 1 && !reader.failed())
                list.emplace_back(offset, value);
        }
    }
    section.exact = std::ranges::equal(write_branch_hints(section.hints), contents);
    return section;
}

} // namespace trellis::wasm
