// Completes a world with what its interfaces need: the interfaces whose types an import uses are imports, those of an
// export are exports if the world says so, else imports. What would be both at once is an error.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/WIT.md#transitive-imports-and-worlds
#pragma once

#include "wasm/component/wit/resolution.hpp"

namespace trellis::wasm::component::wit {

/// The items of a world, found by name, in order.
class WorldItems {
public:
    /// False if there is one of this name.
    bool add(WorldItem item);
    [[nodiscard]] bool has(const WorldItem& item) const { return names_.contains(key_of(item)); }
    [[nodiscard]] const WorldItem* find(const WorldItem& like) const;
    [[nodiscard]] const std::vector<WorldItem>& list() const { return list_; }
    std::vector<WorldItem> take() && { return std::move(list_); }

private:
    static std::string key_of(const WorldItem& item);

    std::vector<WorldItem> list_;
    std::map<std::string, std::size_t> names_;
};

struct WorldExterns {
    WorldItems imports;
    WorldItems exports;
};

Result<WorldExterns> elaborate(Resolution& resolution, WorldExterns written, Place world);

} // namespace trellis::wasm::component::wit
