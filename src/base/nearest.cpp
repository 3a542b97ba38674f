#include "base/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace trellis {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t(0));
    for (std::size_t i = 0; i < a.size(); ++i) {
        auto diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const auto substituted = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

} // namespace

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> names)
{
    const auto* best = static_cast<const std::string_view*>(nullptr);
    auto best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const auto& name : names) {
        if (const auto distance = edit_distance(word, name); distance < best_distance) {
            best = &name;
            best_distance = distance;
        }
    }
    return best ? std::optional(*best) : std::nullopt;
}

} // namespace trellis
