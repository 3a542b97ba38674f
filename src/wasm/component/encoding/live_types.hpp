// Which types something needs: those it mentions, and all that they are made of. Linear: a type refers only to types
// before it, so one walk backwards finds them all.
#pragma once

#include "wasm/component/wit/model.hpp"

namespace trellis::wasm::component::encoding {

class LiveTypes {
public:
    explicit LiveTypes(const wit::Model& model) : model_(model), live_(model.types.size()) {}

    void add(wit::TypeId id) { live_[id.index] = true; }
    void add(const wit::Function& function);
    void add(const wit::Interface& interface);
    /// Adds what the types are made of.
    void spread();
    [[nodiscard]] bool has(wit::TypeId id) const { return live_[id.index]; }
    [[nodiscard]] std::vector<wit::TypeId> list() const;

private:
    void add_type(const wit::Type& type);

    const wit::Model& model_;
    std::vector<bool> live_; ///< by TypeId
};

} // namespace trellis::wasm::component::encoding
