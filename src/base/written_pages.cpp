// Linux: https://docs.kernel.org/admin-guide/mm/pagemap.html. PAGEMAP_SCAN is there since 6.7, its names are not in
// older systems' headers; reading /proc/self/pagemap says the same, entry by entry.
#include "base/written_pages.hpp"

#include <fcntl.h>
#include <linux/ioctl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace trellis {
namespace {

struct PageRegion {
    std::uint64_t start, end, categories;
};

struct ScanArgument {
    std::uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages, category_inverted, category_mask,
        category_anyof_mask, return_mask;
};

constexpr unsigned long pagemap_scan = _IOWR('f', 16, ScanArgument);

enum Category : std::uint64_t { file = 1 << 2, present = 1 << 3, swapped = 1 << 4, zero_page = 1 << 5 };
enum EntryFlag : std::uint64_t {
    entry_file = std::uint64_t(1) << 61,
    entry_swapped = std::uint64_t(1) << 62,
    entry_present = std::uint64_t(1) << 63,
};

/// Of address space, as entries: each costs 3 ns, also of a page that is not there.
constexpr std::uint64_t most_read = std::uint64_t(64) << 20;

/// /proc/self/pagemap tells of the process that opened it, so that a fork must not go on with it: in the child the
/// system sets this word to zero again, which means that it isn't open.
std::atomic<int>& descriptor_plus_one()
{
    static auto* const word = [] {
        void* const page = mmap(nullptr, os_page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        const bool is_good = page != MAP_FAILED && madvise(page, os_page_bytes, MADV_WIPEONFORK) == 0;
        return is_good ? new (page) std::atomic<int>(0) : nullptr;
    }();
    static std::atomic<int> never = -1;
    return word ? *word : never;
}

/// Negative where there is none.
int pagemap()
{
    auto& known = descriptor_plus_one();
    auto now = known.load(std::memory_order_acquire);
    if (now != 0) [[likely]]
        return now - 1;
    const int opened = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (known.compare_exchange_strong(now, opened >= 0 ? opened + 1 : -1, std::memory_order_acq_rel))
        return opened;
    if (opened >= 0)
        close(opened);
    return now - 1;
}

} // namespace

WrittenPages::WrittenPages(std::byte* begin, std::uint64_t length, Source source) : known_end_(begin)
{
    const int from = length > 0 ? pagemap() : -1;
    if (from >= 0 && (source == Source::entries || !scan(from, begin + length)))
        read(from, begin + std::min(length, most_read));
}

bool WrittenPages::scan(int pagemap, std::byte* end)
{
    std::array<PageRegion, most_pages> regions; // NOLINT: as many are written as there are
    const auto address = [](const void* at) { return reinterpret_cast<std::uint64_t>(at); };
    ScanArgument argument{.size = sizeof(ScanArgument),
                          .flags = 0,
                          .start = address(known_end_),
                          .end = address(end),
                          .walk_end = 0,
                          .vec = address(regions.data()),
                          .vec_len = regions.size(),
                          .max_pages = most_pages,
                          .category_inverted = file | zero_page,
                          .category_mask = file | zero_page,
                          .category_anyof_mask = present | swapped,
                          .return_mask = present};
    const int found = ioctl(pagemap, pagemap_scan, &argument);
    if (found < 0)
        return false;
    for (const auto& region : std::span(regions).first(static_cast<std::size_t>(found)))
        runs_[count_++] = {reinterpret_cast<std::byte*>(region.start), region.end - region.start};
    known_end_ = reinterpret_cast<std::byte*>(argument.walk_end);
    return true;
}

void WrittenPages::read(int pagemap, std::byte* end)
{
    std::array<std::uint64_t, 512> entries; // NOLINT: read into
    while (known_end_ < end) {
        const auto wanted =
            std::min<std::uint64_t>(entries.size(), static_cast<std::uint64_t>(end - known_end_) / os_page_bytes);
        const auto at = reinterpret_cast<std::uint64_t>(known_end_) / os_page_bytes * sizeof(std::uint64_t);
        const auto got = pread(pagemap, entries.data(), wanted * sizeof(std::uint64_t), static_cast<off_t>(at));
        if (got <= 0)
            return;
        for (const auto entry : std::span(entries).first(static_cast<std::size_t>(got) / sizeof(std::uint64_t))) {
            const bool is_own = (entry & (entry_present | entry_swapped)) != 0 && (entry & entry_file) == 0;
            if (is_own && !add_page(known_end_))
                return;
            known_end_ += os_page_bytes;
        }
    }
}

/// False where there are too many.
bool WrittenPages::add_page(std::byte* page)
{
    if (pages_ == most_pages)
        return false;
    pages_ += 1;
    if (count_ > 0 && runs_[count_ - 1].begin + runs_[count_ - 1].length == page)
        runs_[count_ - 1].length += os_page_bytes;
    else
        runs_[count_++] = {page, os_page_bytes};
    return true;
}

} // namespace trellis
