#include "wasm/component/wit/resolver.hpp"

#include "wasm/component/wit/world_resolver.hpp"

namespace trellis::wasm::component::wit {

namespace {

Result<> resolve_node(Resolution& resolution, std::uint32_t index)
{
    const auto& node = resolution.directory.nodes()[index];
    auto& model = resolution.model;
    const PackageId package = {node.package};
    if (node.interface != nullptr) {
        const auto id = resolution.add_interface(
            {.name = std::string(node.name().text), .package = package, .notes = node.preamble().notes});
        resolution.interface_of_node[index] = id;
        return resolve_interface(resolution, node.interface->body, node.scope, id);
    }
    const WorldId id = {static_cast<std::uint32_t>(model.worlds.size())};
    model.worlds.push_back({.name = std::string(node.name().text), .package = package, .notes = node.preamble().notes});
    resolution.world_of_node[index] = id;
    return resolve_world(resolution, node, id);
}

/// Packages list their items in the order they are written in, whatever order they were resolved in.
void list_items(Resolution& resolution)
{
    const auto& directory = resolution.directory;
    for (std::size_t i = 0; i < directory.nodes().size(); ++i) {
        const auto& node = directory.nodes()[i];
        auto& package = resolution.model.packages[node.package];
        if (node.is_active && node.interface != nullptr)
            package.interfaces.push_back(resolution.interface_of_node[i]);
        else if (node.is_active)
            package.worlds.push_back(resolution.world_of_node[i]);
    }
}

} // namespace

Result<Model> resolve(const Input& input, const ResolveOptions& options)
{
    Sources sources;
    const auto directory = TRELLIS_TRY(Directory::read(sources, input, options));
    Resolution resolution = {.directory = directory};
    for (const auto& package : directory.packages())
        resolution.model.packages.push_back({.name = package.name, .documentation = package.documentation});
    resolution.interface_of_node.resize(directory.nodes().size());
    resolution.world_of_node.resize(directory.nodes().size());
    for (const auto index : TRELLIS_TRY(directory.order()))
        TRELLIS_TRY(resolve_node(resolution, index));
    list_items(resolution);
    return std::move(resolution.model);
}

} // namespace trellis::wasm::component::wit
