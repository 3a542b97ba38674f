// Which pages of a range hold something of its own: written ones, as far as the system remembers. So what was written
// can be undone by overwriting, which is fifty times faster than to give a page back and to fault on it again.
// Any thread; nobody else writes to the range.
#pragma once

#include "base/pages.hpp"

#include <array>
#include <span>

namespace trellis {

class WrittenPages {
public:
    static constexpr std::size_t most_pages = 256;
    struct Run {
        std::byte* begin;
        std::uint64_t length; ///< bytes
    };

    /// What the system is asked for: a scan, and where it has none its entries for each page.
    enum class Source : std::uint8_t { scan, entries };

    /// Of the whole pages [begin, begin + length).
    WrittenPages(std::byte* begin, std::uint64_t length, Source source = Source::scan);

    /// In order, all below known_end(), at most most_pages pages. Pages that were only read may be among them.
    [[nodiscard]] std::span<const Run> runs() const { return std::span(runs_).first(count_); }
    /// From here on nothing is known: there were too many, or the system doesn't tell.
    [[nodiscard]] std::byte* known_end() const { return known_end_; }

private:
    bool scan(int pagemap, std::byte* end);
    void read(int pagemap, std::byte* end);
    bool add_page(std::byte* page);

    std::array<Run, most_pages> runs_; // NOLINT: as many are written as there are
    std::size_t count_ = 0;
    std::size_t pages_ = 0;
    std::byte* known_end_;
};

} // namespace trellis
