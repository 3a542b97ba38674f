// The exports of a core module, by name. The module need not be valid.
#pragma once

#include "wasm/syntax/module.hpp"

#include <map>

namespace trellis::wasm::component::encoding {

class ModuleExports {
public:
    explicit ModuleExports(const Module& module);

    [[nodiscard]] bool has(std::string_view name, ExternKind kind) const { return find(name, kind) != nullptr; }
    [[nodiscard]] const wasm::Export* find(std::string_view name, ExternKind kind) const;
    /// The type of an exported function, or null.
    [[nodiscard]] const wasm::FuncType* function(std::string_view name) const;

private:
    const Module& module_;
    std::map<std::string_view, const wasm::Export*> exports_;
};

/// A function type of the module, or null.
const wasm::FuncType* function_type(const Module& module, TypeIndex index);

/// "[i32 i32] -> [i64]"
std::string text_of(const wasm::FuncType& type);

} // namespace trellis::wasm::component::encoding
