#include "wasm/component/encoding/module_exports.hpp"

#include "base/format.hpp"

namespace trellis::wasm::component::encoding {
namespace {

std::string text_of_types(const std::vector<ValType>& types)
{
    std::string text;
    for (const auto type : types)
        text.append(text.empty() ? "" : " ").append(to_string(type));
    return format("[{}]", text);
}

} // namespace

ModuleExports::ModuleExports(const Module& module) : module_(module)
{
    for (const auto& item : module.exports)
        exports_.emplace(item.name, &item);
}

const wasm::Export* ModuleExports::find(std::string_view name, ExternKind kind) const
{
    const auto found = exports_.find(name);
    return found != exports_.end() && found->second->kind == kind ? found->second : nullptr;
}

const wasm::FuncType* ModuleExports::function(std::string_view name) const
{
    const auto* item = name.empty() ? nullptr : find(name, ExternKind::func);
    if (item == nullptr || item->index >= module_.function_types.size())
        return nullptr;
    return function_type(module_, module_.function_types[item->index]);
}

const wasm::FuncType* function_type(const Module& module, TypeIndex index)
{
    if (number(index) >= module.types.size())
        return nullptr;
    return std::get_if<wasm::FuncType>(&module.type(index).composite);
}

std::string text_of(const wasm::FuncType& type)
{
    return format("{} -> {}", text_of_types(type.params), text_of_types(type.results));
}

} // namespace trellis::wasm::component::encoding
