// Whatever is in an entry's file, what is found is the code that was kept, or nothing. The input is what is done to the
// file: edits of three bytes (where, what), or, behind a first byte that is odd, its whole content.
#include "embed/code_cache.hpp"

#include "base/check.hpp"

#include <cstdlib>
#include <fcntl.h>

namespace {

using namespace trellis;

struct Setting {
    std::string folder = "/tmp/trellis-cache-fuzz-XXXXXX";
    embed::CodeCache cache{{}};
    std::vector<std::uint8_t> entry;
    std::string path;

    Setting()
    {
        TRELLIS_CHECK(mkdtemp(folder.data()) != nullptr);
        cache = embed::CodeCache({.folder = folder + "/cache"});
        wasm::native::CompiledModule one;
        one.code.assign(300, std::byte('A'));
        one.functions = {0};
        one.lines = {{0, 7}};
        one.saved_registers = {{.offsets = {-8}, .caller_stack = 16}};
        one.frames = {{0, 300, 0}};
        TRELLIS_CHECK(cache.keep({}, "mode", one).has_value());
        const auto entries = cache.entries().value();
        path = folder + "/cache/" + entries.at(0).name;
        entry.resize(entries[0].bytes);
        const sandbox::HostFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
        TRELLIS_CHECK(embed::read_at(file, 0, entry));
    }

    void write(Bytes content) const
    {
        const sandbox::HostFd file(open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
        TRELLIS_CHECK(::write(file.number(), content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const Setting setting;
    const Bytes input(data, size);
    if (size > 0 && input[0] % 2 == 1) {
        setting.write(input.subspan(1));
    } else {
        auto changed = setting.entry;
        for (std::size_t at = 1; at + 3 <= size; at += 3)
            changed[(input[at] | std::size_t(input[at + 1]) << 8) % changed.size()] = input[at + 2];
        setting.write(changed);
    }
    const auto found = setting.cache.find({}, "mode");
    if (!found)
        return 0;
    const auto* const code = static_cast<const char*>((*found)->function(0));
    TRELLIS_CHECK(std::all_of(code, code + 300, [](char byte) { return byte == 'A'; }));
    const auto places = (*found)->find(code);
    TRELLIS_CHECK(places.size() == 1);
    TRELLIS_CHECK(places[0].offset == 7 || places[0].offset == wasm::native::CompiledModule::absent);
    return 0;
}
