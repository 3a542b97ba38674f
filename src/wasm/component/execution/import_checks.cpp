#include "wasm/component/execution/import_checks.hpp"

#include "base/format.hpp"
#include "wasm/component/execution/host.hpp"
#include "wasm/component/validation/matching.hpp"

namespace trellis::wasm::component {
namespace {

/// Where something stands in what an import asks for; written out only for errors.
struct NamePath {
    const NamePath* around;
    std::string_view name;

    [[nodiscard]] std::string describe() const
    {
        return around ? format("{}` `{}", around->describe(), name) : std::string(name);
    }
};

std::string_view kind_of(const ItemValue& item)
{
    constexpr std::array names = {"module", "function", "type", "component", "instance"};
    return names[item.index()];
}

/// Where a type is said to be another one, the same has to be given.
Result<> check_resources(const ComponentInstance& types, const ExternType& type, const ItemValue& item)
{
    if (const auto* equals = std::get_if<TypeEquals>(&type)) {
        const auto* resource = std::get_if<ResourceType>(&equals->named);
        if (resource && std::get<TypeValue>(item).resource != types.resource(resource->id))
            return fail(ErrorCode::unlinkable, "mismatched resource types");
    } else if (const auto* instance = std::get_if<InstanceTypeId>(&type))
        for (const NamedExtern& one : types.arena()[*instance].exports.list)
            TRELLIS_TRY(check_resources(types, one.type, *std::get<InstanceValue*>(item)->find(one.name.name)));
    return {};
}

Result<> check_host_functions(const ComponentInstance& types, const ExternType& type, const ItemValue& item,
                              const NamePath& path)
{
    if (const auto* function = std::get_if<FuncTypeId>(&type)) {
        const auto* const given = std::get<ComponentFunction*>(item);
        if (!given->host)
            return {};
        if (auto fits = given->host->check({types}, types.arena()[*function]); !fits)
            return fail(ErrorCode::unlinkable, format("import `{}`: {}", path.describe(), fits.error().message));
    } else if (const auto* instance = std::get_if<InstanceTypeId>(&type))
        for (const NamedExtern& one : types.arena()[*instance].exports.list)
            TRELLIS_TRY(check_host_functions(types, one.type, *std::get<InstanceValue*>(item)->find(one.name.name),
                                             {&path, one.name.name}));
    return {};
}

} // namespace

Result<> check_given_kind(const ComponentInstance& types, const ExternType& type, const ItemValue& item)
{
    constexpr std::array wanted = {"module", "function", "type", "component", "instance"};
    if (type.index() != item.index())
        return fail(ErrorCode::unlinkable, format("expected {} found {}", wanted[type.index()], kind_of(item)));
    if (const auto* module = std::get_if<ModuleTypeId>(&type)) {
        const auto& given = std::get<std::shared_ptr<const Module>>(item);
        if (auto fits = match(TRELLIS_TRY(module_type_of(given)), types.arena()[*module]); !fits)
            return fail(ErrorCode::unlinkable, fits.error().message);
    } else if (const auto* instance = std::get_if<InstanceTypeId>(&type))
        for (const NamedExtern& one : types.arena()[*instance].exports.list) {
            const ItemValue* const found = std::get<InstanceValue*>(item)->find(one.name.name);
            if (!found)
                return fail(ErrorCode::unlinkable, format("export `{}` was not found", one.name.name));
            TRELLIS_TRY(check_given_kind(types, one.type, *found));
        }
    return {};
}

Result<> check_given_items(const ComponentInstance& types, std::string_view name, const ExternType& type,
                           const ItemValue& item)
{
    TRELLIS_TRY(check_resources(types, type, item));
    return check_host_functions(types, type, item, {nullptr, name});
}

} // namespace trellis::wasm::component
