#include "wasm/component/encoding/live_types.hpp"

namespace trellis::wasm::component::encoding {

void LiveTypes::add_type(const wit::Type& type)
{
    if (const auto* id = std::get_if<wit::TypeId>(&type))
        add(*id);
}

void LiveTypes::add(const wit::Function& function)
{
    for (const auto& parameter : function.parameters)
        add_type(parameter.type);
    if (function.result)
        add_type(*function.result);
    if (function.resource)
        add(*function.resource); // its name is in the function's
}

void LiveTypes::add(const wit::Interface& interface)
{
    for (const auto type : interface.types)
        add(type);
    for (const auto& function : interface.functions)
        add(function);
}

void LiveTypes::spread()
{
    for (auto i = static_cast<std::uint32_t>(live_.size()); i-- > 0;)
        if (live_[i])
            wit::for_each_type(model_.types[i].kind, [&](const wit::Type& part) { add_type(part); });
}

std::vector<wit::TypeId> LiveTypes::list() const
{
    std::vector<wit::TypeId> list;
    for (std::uint32_t i = 0; i < live_.size(); ++i)
        if (live_[i])
            list.push_back({i});
    return list;
}

} // namespace trellis::wasm::component::encoding
