#include "wasm/component/wit/order.hpp"

#include <functional>
#include <queue>

namespace trellis::wasm::component::wit {

std::expected<std::vector<std::uint32_t>, std::uint32_t> in_order(const std::vector<std::vector<std::uint32_t>>& needs)
{
    const auto count = static_cast<std::uint32_t>(needs.size());
    std::vector<std::vector<std::uint32_t>> needed_by(count);
    std::vector<std::size_t> missing(count);
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
    for (std::uint32_t i = 0; i < count; ++i) {
        missing[i] = needs[i].size();
        for (const auto need : needs[i])
            needed_by[need].push_back(i);
        if (missing[i] == 0)
            ready.push(i);
    }
    std::vector<std::uint32_t> order;
    while (!ready.empty()) {
        order.push_back(ready.top());
        ready.pop();
        for (const auto next : needed_by[order.back()])
            if (--missing[next] == 0)
                ready.push(next);
    }
    for (std::uint32_t i = 0; i < count; ++i)
        if (missing[i] != 0)
            return std::unexpected(i);
    return order;
}

} // namespace trellis::wasm::component::wit
