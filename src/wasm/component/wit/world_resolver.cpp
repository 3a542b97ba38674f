#include "wasm/component/wit/world_resolver.hpp"

#include "base/format.hpp"
#include "wasm/component/wit/body_resolver.hpp"
#include "wasm/component/wit/elaboration.hpp"

#include <algorithm>

namespace trellis::wasm::component::wit {

namespace {

std::size_t size_of(const Notes& notes)
{
    constexpr std::size_t bytes_of_an_item = 100;
    return 1 + notes.documentation.size() / bytes_of_an_item;
}

/// `[method]a.b` with `c` for `a` is `[method]c.b`; a plain name is replaced whole.
std::string renamed(std::string_view name, const std::map<std::string_view, Name>& names,
                    std::set<std::string_view>& used)
{
    const auto start = name.starts_with('[') ? name.find(']') + 1 : 0;
    const auto end = std::min(name.find('.', start), name.size());
    const auto found = names.find(name.substr(start, end - start));
    if (found == names.end())
        return std::string(name);
    used.insert(found->first);
    return std::string(name.substr(0, start)).append(found->second.text).append(name.substr(end));
}

class WorldResolver {
public:
    WorldResolver(Resolution& resolution, const Node& node, WorldId id)
        : resolution_(resolution), directory_(resolution.directory), node_(node), id_(id),
          body_(resolution, node.scope, id, names_)
    {
    }

    Result<> run()
    {
        TRELLIS_TRY(own_types());
        for (const auto& item : node_.world->externs)
            if (TRELLIS_TRY(directory_.is_active(item.preamble, node_.package)))
                TRELLIS_TRY(own_item(item));
        for (const auto& item : node_.world->includes)
            if (TRELLIS_TRY(directory_.is_active(item.preamble, node_.package)))
                TRELLIS_TRY(include(item));
        auto all = TRELLIS_TRY(elaborate(resolution_, std::move(externs_), node_.name().place));
        auto& world = resolution_.model.worlds[id_.index];
        world.imports = std::move(all.imports).take();
        world.exports = std::move(all.exports).take();
        return {};
    }

private:
    Result<> own_types()
    {
        auto types = TRELLIS_TRY(body_.types(node_.world->uses, node_.world->types));
        for (const auto id : types.types)
            externs_.imports.add({.name = resolution_.model[id].name, .item = id});
        for (auto& function : types.functions) {
            auto name = function.name;
            externs_.imports.add({.name = std::move(name), .item = std::move(function)});
        }
        return {};
    }

    Result<> own_item(const ExternItem& item)
    {
        WorldItem result = {.name = std::string(item.name.text), .item = InterfaceId{}, .notes = item.preamble.notes};
        if (const auto* path = std::get_if<Path>(&item.item))
            result.item = resolution_.interface_of_node[TRELLIS_TRY(directory_.find_interface(*path, node_.scope))];
        else if (const auto* body = std::get_if<InterfaceBody>(&item.item))
            result.item = TRELLIS_TRY(inline_interface(*body));
        else
            result.item = TRELLIS_TRY(body_.function(std::get<FunctionSyntax>(item.item)));
        auto& side = item.is_export ? externs_.exports : externs_.imports;
        const auto name = resolution_.model.name_of(result);
        if (!side.add(std::move(result)))
            return directory_.invalid(item.name.place,
                                      format("the world has an {} `{}` already (names that differ only in case are the "
                                             "same)",
                                             item.is_export ? "export" : "import", name));
        return {};
    }

    Result<InterfaceId> inline_interface(const InterfaceBody& body)
    {
        const auto id = resolution_.add_interface({.package = {node_.package}});
        TRELLIS_TRY(resolve_interface(resolution_, body, node_.scope, id));
        return id;
    }

    Result<> include(const IncludeItem& item)
    {
        const auto included = resolution_.world_of_node[TRELLIS_TRY(directory_.find_world(item.path, node_.scope))];
        std::map<std::string_view, Name> names;
        for (const auto& renaming : item.names)
            if (!names.emplace(renaming.name.text, renaming.as).second)
                return directory_.invalid(renaming.name.place, format("`{}` is renamed twice", renaming.name.text));
        copies_.clear();
        std::set<std::string_view> used;
        const auto from = resolution_.model[included]; // a copy: the model grows below
        for (const auto& one : from.imports)
            TRELLIS_TRY(include_item(item, one, from, included, names, used, false));
        for (const auto& one : from.exports)
            TRELLIS_TRY(include_item(item, one, from, included, names, used, true));
        for (const auto& renaming : item.names)
            if (!used.contains(renaming.name.text))
                return directory_.invalid(renaming.name.place,
                                          format("`{}` has no import or export with the plain name `{}`; an interface "
                                                 "that goes by its own name cannot be renamed",
                                                 item.path.name.text, renaming.name.text));
        return {};
    }

    Result<> include_item(const IncludeItem& include, const WorldItem& one, const World& from, WorldId included,
                          const std::map<std::string_view, Name>& names, std::set<std::string_view>& used,
                          bool is_export)
    {
        TRELLIS_TRY(resolution_.grow(size_of(one.notes), include.path.name.place));
        auto copy = one;
        if (from.package != resolution_.model[id_].package)
            copy.notes.stability = {}; // it speaks of the versions of another package
        auto& side = is_export ? externs_.exports : externs_.imports;
        if (one.name.empty()) {
            side.add(std::move(copy));
            return {};
        }
        copy.name = renamed(one.name, names, used);
        if (const auto* type = std::get_if<TypeId>(&one.item))
            copy.item = TRELLIS_TRY(copy_of(*type, included, include.path.name.place, copy.name));
        else if (auto* function = std::get_if<Function>(&copy.item))
            TRELLIS_TRY(renumber(*function, copy.name, included, include.path.name.place));
        const auto name = copy.name;
        if (!side.add(std::move(copy)))
            return directory_.invalid(include.path.name.place,
                                      format("the world has an {} `{}` already; rename one: include {} with {{ {} as "
                                             "...}}",
                                             is_export ? "export" : "import", name, include.path.name.text, one.name));
        return {};
    }

    Result<> renumber(Function& function, const std::string& name, WorldId included, Place place)
    {
        TRELLIS_TRY(resolution_.grow(function.parameters.size() + size_of(function.notes), place));
        function.name = name;
        if (function.resource)
            function.resource = TRELLIS_TRY(copy_of(*function.resource, included, place));
        const auto change = [&](Type& type) -> Result<> {
            if (const auto* id = std::get_if<TypeId>(&type))
                type = TRELLIS_TRY(copy_of(*id, included, place));
            return {};
        };
        for (auto& parameter : function.parameters)
            TRELLIS_TRY(change(parameter.type));
        return function.result ? change(*function.result) : Result<>{};
    }

    /// A type of the included world becomes one of this world; one without a name is made of those; any other stays.
    /// Recursion is bounded: by the time a type is met, the named ones it needs are copied.
    Result<TypeId> copy_of(TypeId id, WorldId included, Place place, const std::string& name = {})
    {
        if (const auto found = copies_.find(id); found != copies_.end())
            return found->second;
        auto definition = resolution_.model[id];
        const bool is_own = definition.owner == Owner(included);
        if (!is_own && !definition.name.empty())
            return id;
        Result<> done;
        for_each_type(definition.kind, [&](Type& type) {
            const auto* part = std::get_if<TypeId>(&type);
            if (part == nullptr || !done)
                return;
            auto copied = copy_of(*part, included, place);
            if (copied)
                type = *copied;
            else
                done = std::unexpected(copied.error());
        });
        TRELLIS_TRY(std::move(done));
        TRELLIS_TRY(resolution_.grow(parts_of(definition), place));
        if (is_own) {
            definition.owner = id_;
            definition.name = name.empty() ? definition.name : name;
        }
        const auto copy = is_own ? resolution_.model.add(std::move(definition))
                                 : resolution_.model.intern(std::move(definition.kind));
        copies_.emplace(id, copy);
        return copy;
    }

    static std::size_t parts_of(const TypeDefinition& definition)
    {
        std::size_t parts = size_of(definition.notes);
        for_each_type(definition.kind, [&](const Type&) { ++parts; });
        if (const auto* it = std::get_if<Enum>(&definition.kind))
            parts += it->cases.size();
        if (const auto* it = std::get_if<Variant>(&definition.kind))
            parts += it->cases.size();
        if (const auto* it = std::get_if<Flags>(&definition.kind))
            parts += it->flags.size();
        return parts;
    }

    Resolution& resolution_;
    const Directory& directory_;
    const Node& node_;
    WorldId id_;
    NameScope names_;
    BodyResolver body_;
    WorldExterns externs_;
    std::map<TypeId, TypeId> copies_; ///< of the world that is being included
};

} // namespace

Result<> resolve_interface(Resolution& resolution, const InterfaceBody& body, std::uint32_t scope, InterfaceId id)
{
    NameScope names;
    BodyResolver resolver(resolution, scope, id, names);
    auto types = TRELLIS_TRY(resolver.types(body.uses, body.types));
    auto functions = std::move(types.functions);
    const auto package = resolution.model[id].package.index;
    for (const auto& syntax : body.functions) {
        const bool is_active = TRELLIS_TRY(resolution.directory.is_active(syntax.preamble, package));
        if (is_active)
            functions.push_back(TRELLIS_TRY(resolver.function(syntax)));
        const auto kind = is_active ? Binding::Kind::function : Binding::Kind::inactive;
        if (!names.add(syntax.name.text, {kind}))
            return resolution.directory.invalid(syntax.name.place, format("`{}` is defined here already (names that "
                                                                          "differ only in case are the same)",
                                                                          syntax.name.text));
    }
    auto& interface = resolution.model.interfaces[id.index];
    interface.types = std::move(types.types);
    interface.functions = std::move(functions);
    resolution.interface_names[id.index] = std::move(names);
    resolution.dependencies[id.index] = resolution.model.dependencies(id);
    return {};
}

Result<> resolve_world(Resolution& resolution, const Node& node, WorldId id)
{
    return WorldResolver(resolution, node, id).run();
}

} // namespace trellis::wasm::component::wit
