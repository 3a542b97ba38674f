#include "wasm/component/encoding/memory_modules.hpp"

#include "wasm/binary/writer.hpp"

#include <array>

namespace trellis::wasm::component::encoding {
namespace {

enum Section : std::uint8_t { types = 1, imports = 2, functions = 3, exports = 7, code = 10 };
enum Opcode : std::uint8_t { end = 0x0b, call = 0x10, local_get = 0x20, memory_size = 0x3f, prefix = 0xfc };
constexpr std::uint8_t memory_copy = 0x0a; // behind the prefix

/// A small module: types, imports, functions that are exported under names, and their bodies.
class SmallModule {
public:
    SmallModule() { all_.raw(std::array<std::uint8_t, 8>{0, 'a', 's', 'm', 1, 0, 0, 0}); }

    template <class T, class Write>
    void section(std::uint8_t id, const std::vector<T>& list, Write write)
    {
        Writer contents;
        contents.u32(static_cast<std::uint32_t>(list.size()));
        for (const auto& one : list)
            write(contents, one);
        all_.section(id, contents.bytes());
    }

    void import(const std::vector<std::pair<std::string_view, wasm::ExternType>>& list)
    {
        section(imports, list, [](Writer& writer, const auto& one) {
            writer.name("");
            writer.name(one.first);
            writer.extern_type(one.second);
        });
    }

    struct Function {
        std::string_view name;
        std::uint32_t type;
        std::vector<std::uint8_t> code; ///< without an end
    };
    void define(std::uint32_t imported, const std::vector<Function>& list)
    {
        section(functions, list, [](Writer& writer, const Function& one) { writer.u32(one.type); });
        section(exports, list, [number = imported](Writer& writer, const Function& one) mutable {
            writer.name(one.name);
            writer.byte(static_cast<std::uint8_t>(ExternKind::func));
            writer.u32(number++);
        });
        section(code, list, [](Writer& writer, const Function& one) {
            Writer body;
            body.u32(0); // no locals
            body.raw(one.code);
            body.byte(end);
            writer.sized(body.bytes());
        });
    }

    void define_types(const std::vector<wasm::FuncType>& list)
    {
        section(types, list, [](Writer& writer, const wasm::FuncType& type) { writer.composite_type(type); });
    }

    [[nodiscard]] std::vector<std::uint8_t> take() const
    {
        const auto bytes = all_.bytes();
        return {bytes.begin(), bytes.end()};
    }

private:
    Writer all_;
};

/// memory.copy of what its parameters say.
std::vector<std::uint8_t> copy_code(std::uint8_t to, std::uint8_t from)
{
    return {local_get, 0, local_get, 1, local_get, 2, prefix, memory_copy, to, from};
}

} // namespace

std::vector<std::uint8_t> malloc_module()
{
    SmallModule module;
    module.define_types({{{i32}, {i32}}, {{i32, i32, i32, i32}, {i32}}});
    module.import({{malloc_name, TypeIndex{0}}});
    module.define(1, {{realloc_name, 1, {local_get, 3, call, 0}}}); // malloc(the new size)
    return module.take();
}

std::vector<std::uint8_t> main_memory_module()
{
    constexpr std::uint8_t main = 0, own = 1;
    SmallModule module;
    module.define_types({{{}, {i32}}, {{i32, i32, i32}, {}}});
    module.import({{main_memory, MemoryType{}}, {own_memory, MemoryType{}}});
    module.define(
        0, {{"pages", 0, {memory_size, main}}, {"read", 1, copy_code(own, main)}, {"write", 1, copy_code(main, own)}});
    return module.take();
}

} // namespace trellis::wasm::component::encoding
