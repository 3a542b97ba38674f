#include "wasm/component/encoding/interface_shell.hpp"

#include "base/format.hpp"
#include "wasm/component/encoding/live_types.hpp"

namespace trellis::wasm::component::encoding {
namespace {

/// Every type with a name is an import.
class ImportSpace final : public TypeSpace {
public:
    explicit ImportSpace(ComponentWriter& writer) : writer_(writer) {}

    ComponentTypeIndex define(written::Type type) override { return writer_.add(type); }
    ComponentTypeIndex name(wit::TypeId id, written::ExternType bound) override
    {
        const auto name = format("t{}", imported.size());
        imported.push_back(id);
        return std::get<ComponentTypeIndex>(writer_.add(Import{plain_name(name), bound}));
    }
    std::optional<ComponentTypeIndex> elsewhere(wit::TypeId) override { return std::nullopt; }

    std::vector<wit::TypeId> imported;

private:
    ComponentWriter& writer_;
};

/// The interface's own types are exports, others are the imported ones.
class ExportSpace final : public TypeSpace {
public:
    ExportSpace(const wit::Model& model, wit::InterfaceId interface, ComponentWriter& writer, TypeEncoder& imports)
        : model_(model), interface_(interface), writer_(writer), imports_(imports)
    {
    }

    ComponentTypeIndex define(written::Type type) override { return writer_.add(type); }
    ComponentTypeIndex name(wit::TypeId id, written::ExternType bound) override
    {
        const auto* equal = std::get_if<written::EqualType>(&bound);
        const auto meant = equal != nullptr ? equal->type : imports_.type(id);
        return std::get<ComponentTypeIndex>(writer_.add(Export{type_name(model_[id]), meant, std::nullopt}));
    }
    std::optional<ComponentTypeIndex> elsewhere(wit::TypeId id) override
    {
        if (model_[id].owner == wit::Owner(interface_))
            return std::nullopt;
        return imports_.type(id);
    }

private:
    const wit::Model& model_;
    wit::InterfaceId interface_;
    ComponentWriter& writer_;
    TypeEncoder& imports_;
};

} // namespace

InterfaceShell interface_shell(const wit::Model& model, wit::InterfaceId id)
{
    const auto& interface = model[id];
    LiveTypes live(model);
    live.add(interface);
    live.spread();

    ComponentWriter writer;
    ImportSpace import_space(writer);
    TypeEncoder imports(model, import_space);
    for (const auto type : live.list())
        static_cast<void>(imports.type(type));
    std::vector<ComponentFuncIndex> functions;
    for (const auto& function : interface.functions) {
        const auto type = imports.function(function);
        const auto name = format("f{}", functions.size());
        functions.push_back(
            std::get<ComponentFuncIndex>(writer.add(Import{plain_name(name), written::FuncOfType{type}})));
    }

    ExportSpace export_space(model, id, writer, imports);
    TypeEncoder exports(model, export_space);
    for (const auto type : interface.types)
        static_cast<void>(exports.type(type));
    for (std::size_t i = 0; i < functions.size(); ++i) {
        const auto& function = interface.functions[i];
        const written::ExternType type = written::FuncOfType{exports.function(function)};
        writer.add(Export{extern_name(function.name, function.notes), functions[i], type});
    }
    return {std::move(writer).finish(), std::move(import_space.imported)};
}

} // namespace trellis::wasm::component::encoding
