#include "wasm/component/encoding/world_matching.hpp"

#include "base/format.hpp"
#include "wasm/component/encoding/import_name.hpp"
#include "wasm/component/wit/printer.hpp"

#include <algorithm>

namespace trellis::wasm::component::encoding {
namespace {

/// Equality of types in two models.
class TypeMatching {
public:
    TypeMatching(const wit::Model& left, const wit::Model& right) : left_(left), right_(right) {}

    bool same(const wit::Function& left, const wit::Function& right)
    {
        const auto same_parameter = [&](const wit::Parameter& a, const wit::Parameter& b) {
            return a.name == b.name && same(a.type, b.type);
        };
        return left.is_async == right.is_async && same(left.result, right.result) &&
               std::ranges::equal(left.parameters, right.parameters, same_parameter);
    }

private:
    bool same(const wit::Type& left, const wit::Type& right)
    {
        const auto a = unaliased(left_, left);
        const auto b = unaliased(right_, right);
        const auto* left_id = std::get_if<wit::TypeId>(&a);
        const auto* right_id = std::get_if<wit::TypeId>(&b);
        if (left_id == nullptr || right_id == nullptr)
            return left_id == nullptr && right_id == nullptr &&
                   std::get<wit::Primitive>(a) == std::get<wit::Primitive>(b);
        const auto [found, is_new] = known_.try_emplace({*left_id, *right_id}, false);
        if (is_new)
            found->second = same(left_[*left_id], right_[*right_id]);
        return found->second;
    }

    bool same(const std::optional<wit::Type>& left, const std::optional<wit::Type>& right)
    {
        return left && right ? same(*left, *right) : left.has_value() == right.has_value();
    }

    static wit::Type unaliased(const wit::Model& model, wit::Type type)
    {
        for (const auto* id = std::get_if<wit::TypeId>(&type); id != nullptr; id = std::get_if<wit::TypeId>(&type)) {
            const auto* alias = std::get_if<wit::Alias>(&model[*id].kind);
            if (alias == nullptr)
                break;
            type = alias->type;
        }
        return type;
    }

    /// Resources are the same by the name of their interface and their own.
    static std::string resource_name(const wit::Model& model, const wit::TypeDefinition& type)
    {
        const auto* owner = std::get_if<wit::InterfaceId>(&type.owner);
        const bool has_name = owner != nullptr && !model[*owner].name.empty();
        return has_name ? format("{}#{}", compatible_name(model.full_name(*owner)), type.name) : type.name;
    }

    bool same(const wit::TypeDefinition& left, const wit::TypeDefinition& right)
    {
        if (left.kind.index() != right.kind.index())
            return false;
        if (std::holds_alternative<wit::Resource>(left.kind))
            return resource_name(left_, left) == resource_name(right_, right);
        return std::visit([&]<class Kind>(const Kind& kind) { return same_kind(kind, std::get<Kind>(right.kind)); },
                          left.kind);
    }

    bool same_cases(const std::vector<wit::Case>& left, const std::vector<wit::Case>& right)
    {
        return std::ranges::equal(left, right, [&](const wit::Case& a, const wit::Case& b) {
            return a.name == b.name && same(a.type, b.type);
        });
    }

    bool same_resource(wit::TypeId a, wit::TypeId b) { return same(wit::Type(a), wit::Type(b)); }

    bool same_kind(const wit::Alias&, const wit::Alias&) { return true; }
    bool same_kind(const wit::Resource&, const wit::Resource&) { return true; }
    bool same_kind(const wit::Variant& a, const wit::Variant& b) { return same_cases(a.cases, b.cases); }
    bool same_kind(const wit::Enum& a, const wit::Enum& b) { return same_cases(a.cases, b.cases); }
    bool same_kind(const wit::Flags& a, const wit::Flags& b) { return same_cases(a.flags, b.flags); }
    bool same_kind(const wit::List& a, const wit::List& b)
    {
        return a.length == b.length && same(a.element, b.element);
    }
    bool same_kind(const wit::Map& a, const wit::Map& b) { return same(a.key, b.key) && same(a.value, b.value); }
    bool same_kind(const wit::Option& a, const wit::Option& b) { return same(a.type, b.type); }
    bool same_kind(const wit::ResultOf& a, const wit::ResultOf& b)
    {
        return same(a.ok, b.ok) && same(a.error, b.error);
    }
    bool same_kind(const wit::Own& a, const wit::Own& b) { return same_resource(a.resource, b.resource); }
    bool same_kind(const wit::Borrow& a, const wit::Borrow& b) { return same_resource(a.resource, b.resource); }
    bool same_kind(const wit::Future& a, const wit::Future& b) { return same(a.type, b.type); }
    bool same_kind(const wit::Stream& a, const wit::Stream& b) { return same(a.type, b.type); }
    bool same_kind(const wit::Record& a, const wit::Record& b)
    {
        return std::ranges::equal(a.fields, b.fields, [&](const wit::Field& left, const wit::Field& right) {
            return left.name == right.name && same(left.type, right.type);
        });
    }
    bool same_kind(const wit::Tuple& a, const wit::Tuple& b)
    {
        return std::ranges::equal(a.types, b.types,
                                  [&](const wit::Type& left, const wit::Type& right) { return same(left, right); });
    }

    const wit::Model& left_;
    const wit::Model& right_;
    std::map<std::pair<wit::TypeId, wit::TypeId>, bool> known_;
};

/// Checks that one world has all that the other one asks for.
class WorldMatching {
public:
    /// `gives` has what `asks` asks for.
    WorldMatching(const wit::Model& asks, const wit::Model& gives, std::string_view direction)
        : asks_(asks), gives_(gives), direction_(direction), types_(asks, gives)
    {
    }

    void check(const std::vector<wit::WorldItem>& asked, const std::vector<wit::WorldItem>& given)
    {
        std::map<std::string, const wit::WorldItem*> by_name;
        for (const auto& item : given)
            by_name.emplace(standard_name(gives_, item), &item);
        for (const auto& item : asked) {
            if (std::holds_alternative<wit::TypeId>(item.item))
                continue;
            const auto name = asks_.name_of(item);
            const auto found = by_name.find(compatible_name(name));
            if (found == by_name.end() || found->second->item.index() != item.item.index())
                missing(name);
            else
                compare(name, item, *found->second);
        }
    }

    std::vector<std::string> sentences;

private:
    void missing(std::string_view name) { sentences.push_back(format("{} {} is missing", direction_, name)); }

    void compare(std::string_view name, const wit::WorldItem& item, const wit::WorldItem& found)
    {
        if (const auto* function = std::get_if<wit::Function>(&item.item))
            return compare(name, *function, std::get<wit::Function>(found.item));
        std::map<std::string_view, const wit::Function*> by_name;
        for (const auto& function : gives_[std::get<wit::InterfaceId>(found.item)].functions)
            by_name.emplace(function.name, &function);
        for (const auto& function : asks_[std::get<wit::InterfaceId>(item.item)].functions) {
            const auto same_name = by_name.find(function.name);
            if (same_name == by_name.end())
                missing(format("{} {}", name, function.name));
            else
                compare(name, function, *same_name->second);
        }
    }

    void compare(std::string_view name, const wit::Function& asked, const wit::Function& given)
    {
        if (!types_.same(asked, given))
            sentences.push_back(format("{} {}: asked for is {}, there is {}", direction_, name, print(asks_, asked),
                                       print(gives_, given)));
    }

    const wit::Model& asks_;
    const wit::Model& gives_;
    std::string_view direction_;
    TypeMatching types_;
};

} // namespace

std::vector<std::string> mismatches(const wit::Model& component, wit::WorldId component_world, const wit::Model& target,
                                    wit::WorldId target_world)
{
    WorldMatching imports(component, target, "import");
    imports.check(component[component_world].imports, target[target_world].imports);
    WorldMatching exports(target, component, "export");
    exports.check(target[target_world].exports, component[component_world].exports);
    auto all = std::move(imports.sentences);
    all.insert(all.end(), exports.sentences.begin(), exports.sentences.end());
    return all;
}

} // namespace trellis::wasm::component::encoding
