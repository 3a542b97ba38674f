// A module with anything as its world must never crash what makes a component of it; and what is made of a module that
// is right must be valid. The input is the section `component-type` of a small module; or, where it begins as a module
// does, a module with sections of its own, which is an adapter, too; or, where it begins as a component does and is
// valid, a component whose WIT is printed.
#include "base/check.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/binary/writer.hpp"
#include "wasm/component/binary/decoder.hpp"
#include "wasm/component/encoding/component_encoder.hpp"
#include "wasm/component/encoding/embed.hpp"
#include "wasm/component/encoding/wit_decoder.hpp"
#include "wasm/component/encoding/world_encoder.hpp"
#include "wasm/component/validation/validator.hpp"
#include "wasm/component/wit/printer.hpp"
#include "wasm/component/wit/resolver.hpp"
#include "wasm/text/text.hpp"

using namespace trellis;
using namespace trellis::wasm;
using namespace trellis::wasm::component;

namespace {

constexpr std::string_view small_module =
    R"((module (memory (export "memory") 1)
               (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 8)
               (func (export "f")) (func (export "g") (param i32) (result i32) i32.const 0)))";

SharedBytes module_around(Bytes section)
{
    Writer writer;
    writer.raw(parse_text(small_module)->view());
    writer.custom_section(encoding::module_type_section, section);
    return SharedBytes::copy_of(writer.bytes());
}

/// What was decoded has to survive being written and decoded again, as text and as binary.
void check_world(const encoding::ModuleWorld& world)
{
    const auto text = wit::print(world.model);
    TRELLIS_CHECK(!text.empty());
    static_cast<void>(encoding::encode_package(world.model, world.model.root));
}

} // namespace

namespace {

/// A module that is no adapter is refused, or gives a component that may be invalid where the module is.
void use_as_adapter(const Module& module)
{
    const auto main = decode_module(*parse_text(small_module));
    const std::array<const Module*, 2> modules = {&*main, &module};
    const auto world = encoding::decode_module_world(modules);
    if (!world || !*world)
        return;
    const std::array parts = {encoding::CorePart{&*main}, encoding::CorePart{&module, "old", (*world)->strings[1]}};
    static_cast<void>(encoding::encode_component(parts, (*world)->model, (*world)->world));
}

void print_wit(Bytes input)
{
    TypeRegistry registry;
    const auto component = load_component(SharedBytes::copy_of(input), registry);
    if (!component)
        return;
    if (const auto model = encoding::decode_wit(**component))
        TRELLIS_CHECK(!wit::print(*model).empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const Bytes input(data, size);
    if (is_binary_component(input))
        print_wit(input);
    const bool is_module = is_binary_module(input);
    const auto module = decode_module(is_module ? SharedBytes::copy_of(input) : module_around(input));
    if (!module)
        return 0;
    if (is_module)
        use_as_adapter(*module);
    const auto world = encoding::decode_module_world(*module);
    if (!world || !*world)
        return 0;
    check_world(**world);
    const std::array parts = {encoding::CorePart{&*module, {}, (*world)->strings.front()}};
    const auto binary = encoding::encode_component(parts, (*world)->model, (*world)->world, {.stub_wasi = true});
    if (!binary || is_module)
        return 0;
    TypeRegistry registry;
    TRELLIS_CHECK(load_component(SharedBytes::copy_of(*binary), registry).has_value());
    return 0;
}
