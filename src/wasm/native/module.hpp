// All compiled code of one module. It may arrive in pieces while the module runs: a function without code is run by
// another tier. Any thread.
#pragma once

#include "wasm/native/image.hpp"

#include <mutex>

namespace trellis::wasm::native {

class NativeModule {
public:
    explicit NativeModule(const Module& module);

    /// From now on its functions are what instances call. It is of this module.
    void add(std::shared_ptr<const CodeImage> image);

    /// All its code is made for one mode, which the first caller names: whether it is this one.
    bool claim(std::uint32_t mode);
    /// Entry of a defined function, or null.
    [[nodiscard]] void* function(std::uint32_t defined) const
    {
        return functions_[defined].load(std::memory_order_acquire);
    }
    /// Of all types as soon as there is any image.
    [[nodiscard]] void* wrapper(TypeIndex type) const { return wrappers_[number(type)]; }
    [[nodiscard]] void* adapter(TypeIndex type) const;
    /// By defined function: what compiled code of another image calls.
    [[nodiscard]] const std::atomic<void*>* functions() const { return functions_.get(); }

    /// The image around an address, or null.
    [[nodiscard]] const CodeImage* image_at(const void* address) const;
    [[nodiscard]] bool has_code() const { return images_.load(std::memory_order_acquire) != nullptr; }
    /// Of all its images.
    [[nodiscard]] CodeMode mode() const;

private:
    using Images = std::vector<std::shared_ptr<const CodeImage>>;

    std::size_t function_count_;
    std::unique_ptr<std::atomic<void*>[]> functions_;
    std::vector<void*> wrappers_; ///< written before anybody knows that there is an image
    std::atomic<std::uint32_t> mode_ = ~0u;
    std::mutex adding_;
    std::vector<std::unique_ptr<const Images>> versions_; ///< readers may still look at old ones
    std::atomic<const Images*> images_ = nullptr;         ///< the one with wrappers and adapters first
};

} // namespace trellis::wasm::native
