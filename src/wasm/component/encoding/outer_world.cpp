#include "wasm/component/encoding/outer_world.hpp"

#include "base/format.hpp"
#include "wasm/component/encoding/wit_builder.hpp"

#include <set>

namespace trellis::wasm::component::encoding {
namespace {

using Names = std::map<std::string, std::string>;

bool is_from_outside(const CompositionMember& member, std::size_t import)
{
    if (member.providers[import])
        return false;
    const auto place = imported_type(member, member.imports()[import]);
    return !place || !member.providers[place->import];
}

/// The part behind the @; the lowest of all where there is none.
wit::Version version_of(std::string_view name)
{
    const auto at = name.find('@');
    return at == std::string_view::npos ? wit::Version{}
                                        : wit::Version::parse(name.substr(at + 1)).value_or(wit::Version{});
}

Names names_of(const CompositionPlan& plan)
{
    Names names;
    for (const auto& member : plan.members) {
        for (std::size_t i = 0; i < member.imports().size(); ++i) {
            if (!is_from_outside(member, i))
                continue;
            const auto& name = member.imports()[i].name;
            const auto full = full_name(name);
            auto& chosen = names.try_emplace(compatible_name(name), full).first->second;
            if (full.contains('/') && precedence(version_of(full), version_of(chosen)) > 0)
                chosen = full;
        }
    }
    return names;
}

/// What a member imports from outside, under the names that all have agreed on.
Externs outer_imports(const CompositionMember& member, const Names& names)
{
    Externs externs;
    for (std::size_t i = 0; i < member.imports().size(); ++i) {
        if (!is_from_outside(member, i))
            continue;
        auto item = member.imports()[i];
        item.name.name = names.at(compatible_name(item.name));
        item.name.version_suffix.reset();
        externs.add(std::move(item));
    }
    return externs;
}

/// Whoever asks for an import by its name later has to find it.
Result<> check_names(const wit::Model& model, const Names& names)
{
    std::set<std::string> imported;
    for (const auto& item : model[wit::WorldId{}].imports)
        imported.insert(model.name_of(item));
    for (const auto& [compatible, name] : names)
        if (!imported.contains(name))
            return fail(ErrorCode::unsupported, format("{} is imported, which WIT has no word for", name));
    return {};
}

/// Puts interfaces behind those whose types they use.
class ImportOrder {
public:
    explicit ImportOrder(const wit::Model& model) : model_(model)
    {
        for (const auto& item : model[wit::WorldId{}].imports)
            if (const auto* interface = std::get_if<wit::InterfaceId>(&item.item))
                items_.emplace(*interface, &item);
    }

    Result<std::vector<wit::WorldItem>> run()
    {
        for (const auto& item : model_[wit::WorldId{}].imports)
            TRELLIS_TRY(add(item));
        return std::move(list_);
    }

private:
    Result<> add(const wit::WorldItem& item)
    {
        const auto name = model_.name_of(item);
        if (done_.contains(name))
            return {};
        if (!open_.insert(name).second)
            return fail(ErrorCode::invalid, format("of {} the components import types that need each other", name));
        for (const auto needed : needs_of(item)) {
            const auto found = items_.find(needed);
            if (found == items_.end() || model_.implemented_by(*found->second))
                return fail(ErrorCode::unsupported, format("{} uses types of an interface under another name", name));
            TRELLIS_TRY(add(*found->second));
        }
        done_.insert(name);
        list_.push_back(item);
        return {};
    }

    [[nodiscard]] std::vector<wit::InterfaceId> needs_of(const wit::WorldItem& item) const
    {
        if (const auto* interface = std::get_if<wit::InterfaceId>(&item.item))
            return model_.dependencies(*interface);
        const auto* type = std::get_if<wit::TypeId>(&item.item);
        const auto used = type != nullptr ? model_.used_interface(*type) : std::nullopt;
        return used ? std::vector{*used} : std::vector<wit::InterfaceId>();
    }

    const wit::Model& model_;
    std::map<wit::InterfaceId, const wit::WorldItem*> items_;
    std::set<std::string> open_, done_;
    std::vector<wit::WorldItem> list_;
};

} // namespace

std::optional<ImportedType> imported_type(const CompositionMember& member, const NamedExtern& import)
{
    const auto* wanted = std::get_if<TypeEquals>(&import.type);
    const auto& imports = member.imports();
    for (std::size_t i = 0; wanted != nullptr && i < imports.size(); ++i) {
        const auto* instance = std::get_if<InstanceTypeId>(&imports[i].type);
        if (instance == nullptr)
            continue;
        for (const auto& item : (*member.component->types)[*instance].exports.list)
            if (const auto* type = std::get_if<TypeEquals>(&item.type); type != nullptr && type->named == wanted->meant)
                return ImportedType{i, item.name.name};
    }
    return std::nullopt;
}

Result<OuterWorld> OuterWorld::of(const CompositionPlan& plan)
{
    OuterWorld outer;
    outer.names_ = names_of(plan);
    WitBuilder builder;
    const auto package = builder.package({.space = "root", .name = "component"});
    for (const auto& member : plan.members) {
        builder.read(*member.component->types);
        TRELLIS_TRY(builder.world(package, "root", outer_imports(member, outer.names_), {}));
    }
    outer.model_ = std::move(builder).take();
    outer.model_.root = package;
    TRELLIS_TRY(check_names(outer.model_, outer.names_));
    outer.model_.worlds.front().imports = TRELLIS_TRY(ImportOrder(outer.model_).run());
    return outer;
}

} // namespace trellis::wasm::component::encoding
