#include "wasm/preinit/runs.hpp"

#include <algorithm>
#include <cstring>

namespace trellis::wasm {
namespace {

/// A segment takes about eight bytes besides its data, and some twenty nanoseconds at every start.
constexpr std::uint64_t least_data_gap = 32;

std::uint64_t word_at(Bytes memory, std::uint64_t at)
{
    std::uint64_t word = 0;
    std::memcpy(&word, memory.data() + at, std::min<std::size_t>(sizeof word, memory.size() - at));
    return word;
}

/// The next byte from `at` on that is not zero; the end if there is none.
std::uint64_t next_data(Bytes memory, std::uint64_t at)
{
    for (; at < memory.size(); at += sizeof(std::uint64_t))
        if (const auto word = word_at(memory, at))
            return at + static_cast<unsigned>(std::countr_zero(word)) / 8;
    return memory.size();
}

} // namespace

void Runs::add(Run run)
{
    if (!runs_.empty() && run.begin - runs_.back().end <= joined_gap_) {
        runs_.back().end = run.end;
        return;
    }
    // Room for choosing well, and still bounded for a memory that is full of gaps.
    if (runs_.size() >= 16 * most_)
        join_smallest_gaps();
    runs_.push_back(run);
}

std::vector<Run> Runs::take() &&
{
    join_smallest_gaps();
    return std::move(runs_);
}

void Runs::join_smallest_gaps()
{
    if (runs_.size() <= most_)
        return;
    const auto joins = runs_.size() - most_;
    std::vector<std::uint64_t> gaps;
    for (std::size_t i = 1; i < runs_.size(); ++i)
        gaps.push_back(runs_[i].begin - runs_[i - 1].end);
    auto sorted = gaps;
    std::ranges::nth_element(sorted, sorted.begin() + static_cast<std::ptrdiff_t>(joins) - 1);
    const auto largest = sorted[joins - 1];
    auto as_large =
        joins - static_cast<std::size_t>(std::ranges::count_if(gaps, [&](auto gap) { return gap < largest; }));
    std::vector<Run> joined = {runs_[0]};
    for (std::size_t i = 1; i < runs_.size(); ++i) {
        const auto gap = gaps[i - 1];
        if (gap < largest || (gap == largest && as_large > 0 && as_large-- > 0))
            joined.back().end = runs_[i].end;
        else
            joined.push_back(runs_[i]);
    }
    runs_ = std::move(joined);
}

std::vector<Run> runs_of_data(Bytes memory, std::size_t most)
{
    Runs runs(least_data_gap, most);
    for (auto begin = next_data(memory, 0); begin < memory.size();) {
        auto end = begin + 1;
        while (end < memory.size() && memory[end] != 0)
            ++end;
        runs.add({begin, end});
        begin = next_data(memory, end);
    }
    return std::move(runs).take();
}

} // namespace trellis::wasm
