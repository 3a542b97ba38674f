#include "wasm/component/wit/directory.hpp"

#include "base/format.hpp"
#include "base/nearest.hpp"
#include "wasm/component/wit/order.hpp"
#include "wasm/component/wit/parser.hpp"

#include <algorithm>

namespace trellis::wasm::component::wit {

namespace {

constexpr std::string_view kind_of(const Node& node)
{
    return node.interface != nullptr ? "interface" : "world";
}

/// Every item of a body that can have a gate, with the name to tell people.
template <class Visit>
Result<> for_each_gated(const InterfaceBody& body, Visit&& visit)
{
    for (const auto& use : body.uses)
        TRELLIS_TRY(visit(use.preamble, use.path.name));
    for (const auto& type : body.types) {
        TRELLIS_TRY(visit(type.preamble, type.name));
        for (const auto& method : type.methods)
            TRELLIS_TRY(visit(method.preamble, method.name));
    }
    for (const auto& function : body.functions)
        TRELLIS_TRY(visit(function.preamble, function.name));
    return {};
}

} // namespace

bool UniqueNames::add(std::string_view name)
{
    std::string lower(name);
    for (char& c : lower)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    return lower_case_.insert(std::move(lower)).second;
}

Result<Directory> Directory::read(Sources& sources, const Input& input, const ResolveOptions& options)
{
    Directory directory(sources, options);
    std::size_t files = input.root.size();
    for (const auto& group : input.dependencies)
        files += group.size();
    directory.files_.reserve(files); // nodes point into them
    TRELLIS_TRY(directory.add_group(sources, input.root));
    for (const auto& group : input.dependencies)
        TRELLIS_TRY(directory.add_group(sources, group));
    for (std::uint32_t i = 0; i < directory.scopes_.size(); ++i)
        TRELLIS_TRY(directory.add_aliases(i));
    TRELLIS_TRY(directory.find_active());
    return directory;
}

Result<> Directory::add_group(Sources& sources, const SourceGroup& group)
{
    const auto first = files_.size();
    const PackageDeclaration* declaration = nullptr;
    for (const auto& file : group) {
        files_.push_back(TRELLIS_TRY(parse_file(sources, sources.add(file))));
        const auto& own = files_.back().declaration;
        if (!own)
            continue;
        if (declaration != nullptr && declaration->name.name != own->name.name)
            return invalid(own->name.place,
                           format("this file is of package {} and another one here of {}; the files of "
                                  "a folder are one package",
                                  own->name.name.text(), declaration->name.name.text()));
        if (declaration != nullptr && !declaration->documentation.empty() && !own->documentation.empty())
            return invalid(own->name.place, "the package has documentation in two files; keep it in one");
        if (declaration == nullptr || !own->documentation.empty())
            declaration = &*own;
    }
    if (declaration == nullptr)
        return fail(ErrorCode::invalid,
                    format("{}: no `package namespace:name;` in any file of the package: write one at "
                           "the top of a file",
                           group.empty() ? "(no files)" : group[0].path));
    const auto package = TRELLIS_TRY(add_package(*declaration));
    for (auto i = first; i < files_.size(); ++i)
        TRELLIS_TRY(add_body(files_[i].body, package));
    for (auto i = first; i < files_.size(); ++i)
        for (const auto& nested : files_[i].nested)
            TRELLIS_TRY(add_body(nested.body, TRELLIS_TRY(add_package(nested.declaration))));
    return {};
}

Result<std::uint32_t> Directory::add_package(const PackageDeclaration& declaration)
{
    const auto index = static_cast<std::uint32_t>(packages_.size());
    const auto& name = declaration.name;
    const auto [known, is_new] = package_by_name_.try_emplace(name.name.text(), index);
    if (!is_new) {
        const auto& other = packages_[known->second].place;
        return invalid(name.place, format("package {} is defined twice; the other definition is in {}",
                                          name.name.text(), sources_->file(other.file).path));
    }
    packages_.push_back({name.name, name.place, declaration.documentation});
    return index;
}

Result<> Directory::add_body(const PackageBody& body, std::uint32_t package)
{
    const auto scope = static_cast<std::uint32_t>(scopes_.size());
    scopes_.push_back({&body, package});
    for (const auto& interface : body.interfaces)
        TRELLIS_TRY(add_node({.package = package, .scope = scope, .interface = &interface}));
    for (const auto& world : body.worlds)
        TRELLIS_TRY(add_node({.package = package, .scope = scope, .world = &world}));
    return {};
}

Result<> Directory::add_node(Node node)
{
    auto& package = packages_[node.package];
    const auto& name = node.name();
    if (!package.unique.add(name.text))
        return invalid(name.place,
                       format("package {} has an interface or world `{}` already", package.name.text(), name.text));
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    package.by_name.emplace(name.text, index);
    package.nodes.push_back(index);
    nodes_.push_back(node);
    return {};
}

Result<> Directory::add_aliases(std::uint32_t scope)
{
    auto& file = scopes_[scope];
    UniqueNames unique;
    for (const auto& interface : file.body->interfaces)
        unique.add(interface.name.text);
    for (const auto& world : file.body->worlds)
        unique.add(world.name.text);
    for (const auto& use : file.body->uses) {
        const auto target = TRELLIS_TRY(find_written(use.path, scope));
        if (nodes_[target].interface == nullptr)
            return invalid(use.path.name.place, format("`{}` is a world; `use` is for interfaces", use.path.name.text));
        if (!unique.add(use.as.text))
            return invalid(use.as.place,
                           format("this file has a name `{}` already; choose one with `as`", use.as.text));
        file.aliases.emplace(use.as.text, target);
    }
    return {};
}

Result<> Directory::find_active()
{
    for (auto& node : nodes_) {
        node.is_active = TRELLIS_TRY(is_active(node.preamble(), node.package));
        if (!node.is_active)
            TRELLIS_TRY(check_inside(node));
    }
    return {};
}

/// What is inside of something switched off has to be switched off itself.
/// https://github.com/WebAssembly/component-model/blob/main/design/mvp/WIT.md#rules-for-feature-gate-usage
Result<> Directory::check_inside(const Node& node) const
{
    const auto check = [&](const Preamble& preamble, const Name& name) -> Result<> {
        if (TRELLIS_TRY(is_active(preamble, node.package)))
            return invalid(name.place, format("`{}` is there without the feature `{}` that its {} needs; give it the "
                                              "same @unstable",
                                              name.text, node.preamble().notes.stability.feature, kind_of(node)));
        return {};
    };
    if (node.interface != nullptr)
        return for_each_gated(node.interface->body, check);
    for (const auto& item : node.world->externs) {
        const auto* path = std::get_if<Path>(&item.item);
        TRELLIS_TRY(check(item.preamble, path != nullptr && item.name.text.empty() ? path->name : item.name));
    }
    for (const auto& include : node.world->includes)
        TRELLIS_TRY(check(include.preamble, include.path.name));
    return {};
}

Result<bool> Directory::is_active(const Preamble& preamble, std::uint32_t package) const
{
    const auto& stability = preamble.notes.stability;
    if (!stability.feature.empty())
        return options_->all_features || options_->features.contains(stability.feature);
    if (!stability.since)
        return true;
    const auto& name = packages_[package].name;
    if (!name.version)
        return invalid(preamble.place, format("@since needs a package with a version: package {}@{};", name.text(),
                                              stability.since->text()));
    if (precedence(*stability.since, *name.version) > 0)
        return invalid(preamble.place, format("@since names version {}, which comes after this package's own, {}",
                                              stability.since->text(), name.version->text()));
    return true;
}

std::string Directory::known_packages() const
{
    constexpr std::size_t most = 10;
    std::string list;
    for (std::size_t i = 0; i < std::min(packages_.size(), most); ++i)
        list.append(i == 0 ? "" : ", ").append(packages_[i].name.text());
    return packages_.size() > most ? list + ", ..." : list;
}

Result<std::uint32_t> Directory::find_written(const Path& path, std::uint32_t scope) const
{
    auto package = scopes_[scope].package;
    if (path.package) {
        const auto found = package_by_name_.find(path.package->text());
        if (found == package_by_name_.end())
            return invalid(path.name.place, format("package {} is not found; put it in the folder deps. There are: {}",
                                                   path.package->text(), known_packages()));
        package = found->second;
    } else if (const auto alias = scopes_[scope].aliases.find(path.name.text); alias != scopes_[scope].aliases.end()) {
        return alias->second;
    }
    const auto& names = packages_[package].by_name;
    if (const auto found = names.find(path.name.text); found != names.end())
        return found->second;
    constexpr std::size_t longest = 100; // the search for a similar name takes the product of their lengths
    std::vector<std::string_view> known;
    for (const auto& [name, node] : names)
        if (name.size() <= longest && path.name.text.size() <= longest)
            known.push_back(name);
    const auto meant = nearest(path.name.text, known);
    return invalid(path.name.place,
                   format("package {} has no interface or world `{}`{}", packages_[package].name.text(), path.name.text,
                          meant ? format("; did you mean `{}`?", *meant) : ""));
}

Result<std::uint32_t> Directory::find(const Path& path, std::uint32_t scope) const
{
    const auto index = TRELLIS_TRY(find_written(path, scope));
    const auto& node = nodes_[index];
    if (!node.is_active)
        return invalid(path.name.place, format("the {} `{}` is only there with the feature `{}`", kind_of(node),
                                               path.name.text, node.preamble().notes.stability.feature));
    return index;
}

Result<std::uint32_t> Directory::find_interface(const Path& path, std::uint32_t scope) const
{
    const auto index = TRELLIS_TRY(find(path, scope));
    if (nodes_[index].interface == nullptr)
        return invalid(path.name.place, format("`{}` is a world, not an interface", path.name.text));
    return index;
}

Result<std::uint32_t> Directory::find_world(const Path& path, std::uint32_t scope) const
{
    const auto index = TRELLIS_TRY(find(path, scope));
    if (nodes_[index].world == nullptr)
        return invalid(path.name.place, format("`{}` is an interface, not a world", path.name.text));
    return index;
}

Result<std::vector<std::uint32_t>> Directory::needs_of(const Node& node) const
{
    std::vector<std::uint32_t> needs;
    const auto uses = [&](const std::vector<UseItem>& items) -> Result<> {
        for (const auto& use : items)
            if (TRELLIS_TRY(is_active(use.preamble, node.package)))
                needs.push_back(TRELLIS_TRY(find_interface(use.path, node.scope)));
        return {};
    };
    if (node.interface != nullptr) {
        TRELLIS_TRY(uses(node.interface->body.uses));
        return needs;
    }
    TRELLIS_TRY(uses(node.world->uses));
    for (const auto& include : node.world->includes)
        if (TRELLIS_TRY(is_active(include.preamble, node.package)))
            needs.push_back(TRELLIS_TRY(find_world(include.path, node.scope)));
    for (const auto& item : node.world->externs) {
        if (!TRELLIS_TRY(is_active(item.preamble, node.package)))
            continue;
        if (const auto* path = std::get_if<Path>(&item.item))
            needs.push_back(TRELLIS_TRY(find_interface(*path, node.scope)));
        if (const auto* body = std::get_if<InterfaceBody>(&item.item))
            TRELLIS_TRY(uses(body->uses));
    }
    return needs;
}

Result<std::vector<std::uint32_t>> Directory::order() const
{
    std::vector<std::vector<std::uint32_t>> needs(nodes_.size());
    for (std::size_t i = 0; i < nodes_.size(); ++i)
        if (nodes_[i].is_active)
            needs[i] = TRELLIS_TRY(needs_of(nodes_[i]));
    auto order = in_order(needs);
    if (!order) {
        const auto& node = nodes_[order.error()];
        return invalid(node.name().place,
                       format("the {} `{}` depends on itself, or on one that does", kind_of(node), node.name().text));
    }
    std::erase_if(*order, [&](std::uint32_t i) { return !nodes_[i].is_active; });
    return std::move(*order);
}

} // namespace trellis::wasm::component::wit
