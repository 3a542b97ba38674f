#include "wasm/native/module.hpp"

namespace trellis::wasm::native {

NativeModule::NativeModule(const Module& module)
    : function_count_(module.functions.size()),
      functions_(std::make_unique<std::atomic<void*>[]>(module.functions.size())), wrappers_(module.types.size())
{
}

bool NativeModule::claim(std::uint32_t mode)
{
    auto now = ~0u;
    return mode_.compare_exchange_strong(now, mode) || now == mode;
}

void NativeModule::add(std::shared_ptr<const CodeImage> image)
{
    const std::scoped_lock lock(adding_);
    const auto* const before = images_.load(std::memory_order_relaxed);
    auto now = before ? std::make_unique<Images>(*before) : std::make_unique<Images>();
    now->push_back(image);
    for (std::uint32_t i = 0; !before && i < wrappers_.size(); ++i)
        wrappers_[i] = image->wrapper(TypeIndex(i));
    images_.store(now.get(), std::memory_order_release);
    versions_.push_back(std::move(now));
    for (std::uint32_t i = 0; i < function_count_; ++i)
        if (void* const entry = image->function(i))
            functions_[i].store(entry, std::memory_order_release);
}

void* NativeModule::adapter(TypeIndex type) const
{
    return images_.load(std::memory_order_acquire)->front()->adapter(type);
}

const CodeImage* NativeModule::image_at(const void* address) const
{
    const auto* const images = images_.load(std::memory_order_acquire);
    for (std::size_t i = images ? images->size() : 0; i-- > 0;)
        if ((*images)[i]->contains(address))
            return (*images)[i].get();
    return nullptr;
}

CodeMode NativeModule::mode() const
{
    return images_.load(std::memory_order_acquire)->front()->mode();
}

} // namespace trellis::wasm::native
