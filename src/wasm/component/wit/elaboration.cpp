#include "wasm/component/wit/elaboration.hpp"

#include "base/format.hpp"

#include <array>

namespace trellis::wasm::component::wit {

namespace {

InterfaceId interface_of(const WorldItem& item)
{
    return std::get<InterfaceId>(item.item);
}

WorldItem needed(InterfaceId interface, const WorldItem& by)
{
    return {.item = interface, .notes = {.stability = by.notes.stability}};
}

/// Interfaces, types that are used, types that are defined, functions, functions of resources.
std::size_t rank(const Model& model, const WorldItem& item)
{
    return std::visit(Overloaded{
                          [](InterfaceId) -> std::size_t { return 0; },
                          [&](TypeId id) -> std::size_t { return model.used_interface(id) ? 1 : 2; },
                          [](const Function& function) -> std::size_t { return function.resource ? 4 : 3; },
                      },
                      item.item);
}

std::vector<const WorldItem*> ranked(const Model& model, const WorldItems& items)
{
    std::array<std::vector<const WorldItem*>, 5> by_rank;
    for (const auto& item : items.list())
        by_rank[rank(model, item)].push_back(&item);
    std::vector<const WorldItem*> order;
    for (const auto& part : by_rank)
        order.insert(order.end(), part.begin(), part.end());
    return order;
}

class Elaboration {
public:
    Elaboration(Resolution& resolution, const WorldExterns& written, Place world)
        : resolution_(resolution), written_(written), world_(world)
    {
    }

    Result<WorldExterns> run()
    {
        for (const auto* item : ranked(resolution_.model, written_.imports))
            TRELLIS_TRY(import(*item));
        for (const auto& item : written_.exports.list())
            if (!std::holds_alternative<InterfaceId>(item.item))
                result_.exports.add(item);
        for (const auto& item : written_.exports.list())
            if (std::holds_alternative<InterfaceId>(item.item))
                TRELLIS_TRY(export_with_needs(item));
        WorldExterns sorted;
        for (const auto* item : ranked(resolution_.model, result_.imports))
            sorted.imports.add(*item);
        sorted.exports = std::move(result_.exports);
        return sorted;
    }

private:
    struct Step {
        WorldItem item;
        bool is_export = false;
        std::size_t next = 0; ///< of its dependencies
    };

    [[nodiscard]] const std::vector<InterfaceId>& needs_of(const WorldItem& item) const
    {
        return resolution_.dependencies[interface_of(item).index];
    }

    Result<> import(const WorldItem& item)
    {
        if (std::holds_alternative<InterfaceId>(item.item))
            return import_with_needs(item);
        if (const auto* type = std::get_if<TypeId>(&item.item))
            if (const auto used = resolution_.model.used_interface(*type))
                TRELLIS_TRY(import_with_needs(needed(*used, {.item = *used, .notes = resolution_.model[*type].notes})));
        result_.imports.add(item);
        return {};
    }

    Result<> import_with_needs(const WorldItem& item)
    {
        std::vector<Step> stack;
        const auto enter = [&](WorldItem next) {
            if (!result_.imports.has(next))
                stack.push_back({std::move(next)});
        };
        enter(item);
        while (!stack.empty()) {
            TRELLIS_TRY(resolution_.grow(1, world_));
            auto& step = stack.back();
            if (const auto& needs = needs_of(step.item); step.next < needs.size()) {
                const auto next = needs[step.next++];
                enter(needed(next, step.item));
                continue;
            }
            result_.imports.add(std::move(step.item));
            stack.pop_back();
        }
        return {};
    }

    Result<> export_with_needs(const WorldItem& item)
    {
        std::vector<Step> stack;
        TRELLIS_TRY(enter(stack, item, true));
        while (!stack.empty()) {
            TRELLIS_TRY(resolution_.grow(1, world_));
            auto& step = stack.back();
            if (const auto& needs = needs_of(step.item); step.next < needs.size()) {
                auto next = needed(needs[step.next++], step.item);
                const bool is_export = step.is_export && written_.exports.has(next);
                if (const auto* written = is_export ? written_.exports.find(next) : nullptr)
                    next = *written;
                TRELLIS_TRY(enter(stack, std::move(next), is_export));
                continue;
            }
            TRELLIS_TRY(leave(std::move(step)));
            stack.pop_back();
        }
        return {};
    }

    Result<> enter(std::vector<Step>& stack, WorldItem item, bool is_export)
    {
        if (result_.exports.has(item))
            return is_export ? Result<>{} : conflict(item);
        if (is_export || !required_imports_.contains(interface_of(item)))
            stack.push_back({std::move(item), is_export});
        return {};
    }

    Result<> leave(Step step)
    {
        const auto id = interface_of(step.item);
        if (!step.is_export) {
            required_imports_.insert(id);
            result_.imports.add(std::move(step.item)); // it may be there
            return {};
        }
        if (required_imports_.contains(id))
            return conflict(step.item);
        result_.exports.add(std::move(step.item));
        return {};
    }

    [[nodiscard]] std::unexpected<Error> conflict(const WorldItem& item) const
    {
        const auto name = resolution_.model.name_of(item);
        return resolution_.directory.invalid(
            world_, format("the world exports `{}` and has to import it as well, because an interface it exports uses "
                           "types of it through one that is not exported; export that one, too",
                           name));
    }

    Resolution& resolution_;
    const WorldExterns& written_;
    Place world_;
    WorldExterns result_;
    std::set<InterfaceId> required_imports_; ///< needed by an export, and not exported
};

} // namespace

std::string WorldItems::key_of(const WorldItem& item)
{
    if (item.name.empty())
        return format("#{}", std::get<InterfaceId>(item.item).index);
    std::string key = item.name;
    for (char& c : key)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    return key;
}

bool WorldItems::add(WorldItem item)
{
    const bool is_new = names_.emplace(key_of(item), list_.size()).second;
    if (is_new)
        list_.push_back(std::move(item));
    return is_new;
}

const WorldItem* WorldItems::find(const WorldItem& like) const
{
    const auto found = names_.find(key_of(like));
    return found == names_.end() ? nullptr : &list_[found->second];
}

Result<WorldExterns> elaborate(Resolution& resolution, WorldExterns written, Place world)
{
    return Elaboration(resolution, written, world).run();
}

} // namespace trellis::wasm::component::wit
