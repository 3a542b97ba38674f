// trellis component inspect: what a component is made of, what it needs and who would give it.
#include "base/format.hpp"
#include "cli/component_files.hpp"
#include "cli/terminal.hpp"
#include "sandbox/wasi/providers.hpp"
#include "wasm/component/encoding/wit_decoder.hpp"
#include "wasm/component/wit/printer.hpp"

#include <algorithm>
#include <array>

namespace trellis::cli {
namespace {

using namespace wasm::component;

constexpr std::array examples = {
    Example{"trellis component inspect app.component.wasm",
            "shows its modules, its exports, and for each import who would provide it"},
};

void add_modules(std::string& text, const Component& component)
{
    for (const auto& definition : component.definitions) {
        if (const auto* module = std::get_if<CoreModuleDefinition>(&definition.what))
            text += format("  {:#10x} {:>9} bytes, {} functions, {} imports, {} exports\n", module->bytes.offset,
                           module->bytes.size, module->module->functions.size(), module->module->imports.size(),
                           module->module->exports.size());
        if (const auto* nested = std::get_if<NestedComponent>(&definition.what))
            add_modules(text, *nested->component);
    }
}

void add_interface(std::string& text, const wit::Model& model, wit::InterfaceId id)
{
    for (const auto type : model[id].types)
        if (std::holds_alternative<wit::Resource>(model[type].kind))
            text += format("      {}: resource\n", printable(model[type].name));
    for (const auto& function : model[id].functions)
        text += format("      {}\n", printable(wit::print(model, function)));
}

/// Types alone are part of both sides.
bool is_only_types(const wit::Model& model, const wit::WorldItem& item)
{
    const auto* interface = std::get_if<wit::InterfaceId>(&item.item);
    return interface != nullptr && model[*interface].functions.empty() &&
           std::ranges::none_of(model[*interface].types, [&](wit::TypeId type) {
               return std::holds_alternative<wit::Resource>(model[type].kind);
           });
}

void add_item(std::string& text, const wit::Model& model, const wit::WorldItem& item, bool is_import)
{
    if (std::holds_alternative<wit::TypeId>(item.item))
        return;
    const auto name = printable(model.name_of(item));
    const auto* function = std::get_if<wit::Function>(&item.item);
    text += format("  {}\n", function != nullptr ? printable(wit::print(model, *function)) : name);
    if (is_import)
        text += format("      {}\n", is_only_types(model, item) ? "it only has types, which nobody has to provide"
                                                                : sandbox::provider_of(name));
    if (const auto* interface = std::get_if<wit::InterfaceId>(&item.item))
        add_interface(text, model, *interface);
}

std::string as_text(std::string_view file, const Component& component, const wit::Model& model)
{
    std::string text = format("{}: component, {} bytes\n\ncore modules\n", printable(file), component.binary.size());
    add_modules(text, component);
    for (const auto& world : model.worlds) {
        text += "\nimports\n";
        for (const auto& item : world.imports)
            add_item(text, model, item, true);
        text += "\nexports\n";
        for (const auto& item : world.exports)
            add_item(text, model, item, false);
    }
    return text;
}

Result<std::string> inspect(const Arguments& arguments)
{
    const auto file = arguments.operands()[0];
    const auto bytes = TRELLIS_TRY(read_file(file));
    const auto component = TRELLIS_TRY(component_of(file, bytes));
    if (encoding::is_wit_package(*component))
        return fail(ErrorCode::usage, format("{} is a binary WIT package; `trellis component wit` prints it", file));
    const auto model = encoding::decode_wit(*component);
    if (!model)
        return embed::in_file(file, model.error());
    return as_text(file, *component, *model);
}

int run_inspect(const Arguments& arguments)
{
    const auto text = inspect(arguments);
    return text ? print(*text) : report(text.error());
}

} // namespace

const Command component_inspect_command = {
    .name = "component inspect",
    .operands = "FILE",
    .summary = "Shows what a component is made of and what it needs",
    .details =
        "FILE is a component; - is standard input. For each import it says who would provide it: Trellis, and with\n"
        "which option it is granted, or another component.",
    .options = {},
    .examples = examples,
    .run = run_inspect,
};

} // namespace trellis::cli
