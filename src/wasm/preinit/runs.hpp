// Which stretches of a memory or table are worth a segment: those that are not blank, joined over gaps that cost less
// than another segment would. There are at most as many as asked for; beyond that the smallest gaps are joined first.
#pragma once

#include "base/bytes.hpp"

#include <vector>

namespace trellis::wasm {

struct Run {
    std::uint64_t begin;
    std::uint64_t end;
    friend bool operator==(const Run&, const Run&) = default;
};

class Runs {
public:
    Runs(std::uint64_t joined_gap, std::size_t most) : joined_gap_(joined_gap), most_(most) {}
    /// Behind all that were added before.
    void add(Run run);
    /// At most so many as were asked for.
    [[nodiscard]] std::vector<Run> take() &&;

private:
    void join_smallest_gaps();

    std::uint64_t joined_gap_;
    std::size_t most_;
    std::vector<Run> runs_;
};

/// The stretches of a memory that hold anything but zeroes.
std::vector<Run> runs_of_data(Bytes memory, std::size_t most);

} // namespace trellis::wasm
