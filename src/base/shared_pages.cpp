#include "base/shared_pages.hpp"

#include "base/format.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

namespace trellis {
namespace {

bool write_part(int descriptor, SharedPages::Part part)
{
    while (!part.bytes.empty()) {
        const auto written = pwrite(descriptor, part.bytes.data(), part.bytes.size(), static_cast<off_t>(part.offset));
        if (written <= 0)
            return false;
        part = {part.offset + static_cast<std::uint64_t>(written),
                part.bytes.subspan(static_cast<std::size_t>(written))};
    }
    return true;
}

bool write_parts(int descriptor, std::span<const SharedPages::Part> parts)
{
    for (const auto& part : parts)
        if (!write_part(descriptor, part))
            return false;
    return true;
}

} // namespace

SharedPages::SharedPages(SharedPages&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0))
{
}

SharedPages& SharedPages::operator=(SharedPages&& other) noexcept
{
    std::swap(descriptor_, other.descriptor_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

SharedPages::~SharedPages()
{
    if (data_)
        munmap(const_cast<std::byte*>(data_), size_);
    if (descriptor_ >= 0)
        close(descriptor_);
}

Result<SharedPages> SharedPages::make(std::uint64_t size, std::span<const Part> parts)
{
    SharedPages made;
    made.size_ = round_up_to_page(size);
    made.descriptor_ = memfd_create("trellis-pages", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    // Nobody can cut it short, which would fault, or change it.
    constexpr int never_again = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    const bool is_written = made.descriptor_ >= 0 && ftruncate(made.descriptor_, static_cast<off_t>(made.size_)) == 0 &&
                            write_parts(made.descriptor_, parts) &&
                            fcntl(made.descriptor_, F_ADD_SEALS, never_again) == 0;
    void* const mapped =
        is_written ? mmap(nullptr, made.size_, PROT_READ, MAP_PRIVATE, made.descriptor_, 0) : MAP_FAILED;
    if (mapped == MAP_FAILED)
        return fail(ErrorCode::limit, format("the system has no {} bytes of memory to share", made.size_));
    made.data_ = static_cast<const std::byte*>(mapped);
    return made;
}

} // namespace trellis
