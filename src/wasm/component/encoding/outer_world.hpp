// What a composition imports: of all its components what no other one of them exports, as one world. An interface that
// several need is there once, under the highest of their versions, with all that any of them needs of it; so a
// resource that two components know is one.
#pragma once

#include "wasm/component/encoding/composition_plan.hpp"
#include "wasm/component/wit/model.hpp"

namespace trellis::wasm::component::encoding {

/// A type among the exports of an imported instance.
struct ImportedType {
    std::size_t import;
    std::string_view name;
};
/// Where an imported type comes from, if it is one of an instance that the same component imports.
std::optional<ImportedType> imported_type(const CompositionMember& member, const NamedExtern& import);

class OuterWorld {
public:
    /// Errors: unsupported, where WIT has no word for something; invalid, where interfaces need each other.
    static Result<OuterWorld> of(const CompositionPlan& plan);

    [[nodiscard]] const wit::Model& model() const { return model_; }
    /// Its imports, each behind what it needs.
    [[nodiscard]] const wit::World& world() const { return model_[wit::WorldId{}]; }
    /// What the world calls an import of one of the components.
    [[nodiscard]] const std::string& name_of(const ExternName& name) const { return names_.at(compatible_name(name)); }

private:
    wit::Model model_;
    std::map<std::string, std::string> names_; ///< by compatible_name
};

} // namespace trellis::wasm::component::encoding
