// Who gives whom what when components are put together: for each import the component that exports what it asks for, by
// name, where versions that are compatible stand for one another; and the order in which the components are
// instantiated. Whether types fit is not looked at here. Views into the components' binaries and the names of the
// files.
#pragma once

#include "base/result.hpp"
#include "wasm/component/syntax/component.hpp"

#include <string>

namespace trellis::wasm::component::encoding {

/// A component and what messages call it.
struct ComposedFile {
    std::string name;
    SharedBytes binary;
};

/// An export of one of the components.
struct Provider {
    std::size_t member;
    const NamedExtern* item;
};

struct CompositionMember {
    const ComposedFile* file;
    std::shared_ptr<const Component> component;
    std::vector<std::optional<Provider>> providers = {}; ///< of each import; none: it comes from outside

    [[nodiscard]] const ComponentType& type() const { return (*component->types)[component->type]; }
    [[nodiscard]] const std::vector<NamedExtern>& imports() const { return type().imports.list; }
};

struct CompositionPlan {
    std::vector<CompositionMember> members; ///< the root first
    std::vector<std::size_t> order;         ///< each behind those that it imports from; the root last
};

/// The files have to live as long as the plan. Errors: those of loading, invalid (two providers of one import, a cycle,
/// a dependency that nobody imports from).
Result<CompositionPlan> plan_composition(const ComposedFile& root, std::span<const ComposedFile> dependencies);

/// "a:b/c@0.2.3" with the version's part that others have to share, "a:b/c@0.2"; any other name as it is.
std::string compatible_name(const ExternName& name);
/// The whole name, its version not cut off.
std::string full_name(const ExternName& name);

} // namespace trellis::wasm::component::encoding
