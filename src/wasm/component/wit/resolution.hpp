// What the steps of a resolution share: the directory of what is written, the model that grows, and what names mean in
// each finished interface.
#pragma once

#include "wasm/component/wit/directory.hpp"

namespace trellis::wasm::component::wit {

/// What a name means inside an interface or world.
struct Binding {
    enum class Kind : std::uint8_t { type, function, inactive } kind;
    TypeId type = {};
};

/// The names of one interface or world.
class NameScope {
public:
    /// False if the name, or one that differs in case alone, is there.
    bool add(std::string_view name, Binding binding);
    [[nodiscard]] const Binding* find(std::string_view name) const;

private:
    UniqueNames unique_;
    std::map<std::string, Binding, std::less<>> bindings_;
};

struct Resolution {
    const Directory& directory;
    Model model = {};
    std::vector<InterfaceId> interface_of_node = {}; ///< by node, where it is one
    std::vector<WorldId> world_of_node = {};
    std::vector<NameScope> interface_names = {};             ///< by InterfaceId
    std::vector<std::vector<InterfaceId>> dependencies = {}; ///< by InterfaceId, as Model::dependencies gives them
    std::size_t world_size = 0;                              ///< of all worlds together, see `grow`

    /// Counts what is written out in worlds, so that a few lines cannot fill the memory.
    Result<> grow(std::size_t by, Place place)
    {
        constexpr std::size_t most = 200'000;
        world_size += by;
        if (world_size > most)
            return fail(ErrorCode::limit,
                        directory.invalid(place, "the worlds, with all they include, are too large").error().message);
        return {};
    }

    InterfaceId add_interface(Interface interface)
    {
        model.interfaces.push_back(std::move(interface));
        interface_names.emplace_back();
        dependencies.emplace_back();
        return {static_cast<std::uint32_t>(model.interfaces.size() - 1)};
    }
};

} // namespace trellis::wasm::component::wit
