// The table of an instance: what its core modules know as numbers. Resource handles stand in the table itself; what can
// be waited for, sets of that and error contexts stand behind a pointer. One thread at a time.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#table-state
#pragma once

#include "wasm/component/execution/waitable.hpp"
#include "wasm/execution/store.hpp"

#include <memory>
#include <vector>

namespace trellis::wasm::component {

struct ComponentInstance;
class Task;

/// A resource type at run time: equal ones are the same object.
struct RuntimeResourceType {
    ComponentInstance* instance = nullptr;                               ///< that defines it; null: the host does
    const struct ComponentFunction* destructor = nullptr;                ///< may be null
    void (*drop)(void* context, std::uint32_t representation) = nullptr; ///< of the host's
    void* context = nullptr;                                             ///< of drop
    const void* host_type = nullptr;                                     ///< tells host types apart: host_type_of<T>
};

struct ErrorContext {
    std::string message; ///< UTF-8
};

struct Handle {
    enum class Kind : std::uint8_t { free, resource, waitable, waitable_set, error_context };

    Kind kind = Kind::free;
    bool is_own = false;
    std::uint32_t representation = 0; ///< of a resource; of a free place, the next one
    std::uint32_t lends = 0;
    RuntimeResourceType* type = nullptr;
    Task* borrow_scope = nullptr; ///< of a borrowed handle: the task whose end it may not outlive
    std::shared_ptr<Waitable> waitable = {};
    std::shared_ptr<WaitableSet> set = {};
    std::shared_ptr<ErrorContext> error = {};
};

class HandleTable {
public:
    static constexpr std::uint32_t most = (1u << 28) - 1;

    /// 0: the table is full.
    std::uint32_t add(Handle handle);
    /// Null where there is nothing of that number.
    Handle* find(std::uint32_t index)
    {
        return index < handles_.size() && handles_[index].kind != Handle::Kind::free ? &handles_[index] : nullptr;
    }
    void remove(std::uint32_t index);
    void set_capacity(std::uint32_t capacity) { capacity_ = std::min(capacity, most); }
    [[nodiscard]] std::span<Handle> all() { return handles_; }

private:
    std::vector<Handle> handles_ = std::vector<Handle>(1); ///< 0 is nobody's
    std::uint32_t first_free_ = 0;
    std::uint32_t capacity_ = 1'000'000;
};

} // namespace trellis::wasm::component
