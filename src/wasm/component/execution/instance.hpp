// Component instances at run time, and what their index spaces hold. All of it belongs to a ComponentStore, has a
// stable address and lives as long as that. One thread at a time.
#pragma once

#include "wasm/component/execution/handles.hpp"
#include "wasm/component/syntax/component.hpp"
#include "wasm/execution/memory.hpp"

#include <map>

namespace trellis::wasm::component {

class ComponentStore;
class Thread;
struct HostFunction;
struct ComponentFunction;
struct InstanceValue;

/// A flag that compiled code reads and writes, too: as a global that it imports.
class GuestFlag {
public:
    explicit(false) GuestFlag(bool value) { *this = value; }
    explicit(false) operator bool() const { return global_.value[0].u32 != 0; }
    GuestFlag& operator=(bool value)
    {
        global_.value[0].u64 = value;
        return *this;
    }
    [[nodiscard]] Global& global() { return global_; }

private:
    Global global_{.type = {i32, true}, .types = {}};
};

/// A component and the instance whose definitions it may name.
struct ComponentValue {
    std::shared_ptr<const Component> component;
    ComponentInstance* around = nullptr;
};

struct TypeValue {
    RuntimeResourceType* resource = nullptr; ///< null: any other type, which is nothing at run time
};

using ItemValue = std::variant<std::shared_ptr<const Module>, ComponentFunction*, TypeValue, ComponentValue,
                               InstanceValue*>; ///< in the order of Item

struct InstanceValue {
    std::vector<std::pair<std::string_view, ItemValue>> exports;

    [[nodiscard]] const ItemValue* find(std::string_view name) const;
};

/// What core instances are to components: exports by name.
struct CoreInstanceValue {
    Instance* instance = nullptr; ///< null: `items` are all there is
    std::vector<std::pair<std::string_view, Extern>> items;

    [[nodiscard]] std::optional<Extern> find(std::string_view name) const;
};

/// Threads of an instance by the numbers that it knows them by.
class ThreadTable {
public:
    std::uint32_t add(Thread* thread);
    Thread* find(std::uint32_t index) { return index < threads_.size() ? threads_[index] : nullptr; }
    void remove(std::uint32_t index);

private:
    std::vector<Thread*> threads_ = {nullptr};
    std::vector<std::uint32_t> free_;
};

struct ComponentInstance {
    ComponentStore& store;
    ComponentInstance* parent; ///< that instantiated it; null: the host did
    std::shared_ptr<const Component> component;
    const ComponentInstance* around; ///< whose definitions outer aliases name

    GuestFlag may_enter = true;
    GuestFlag may_leave = true;
    std::uint32_t backpressure = 0;
    std::uint32_t waiting_to_enter = 0;
    Thread* exclusive_thread = nullptr;
    bool has_thread_builtins = false; ///< it may make threads, and ask which one runs
    HandleTable handles = {};
    ThreadTable threads = {};

    std::vector<CoreInstanceValue> core_instances = {};
    std::vector<Function*> core_functions = {};
    std::vector<Table*> core_tables = {};
    std::vector<Memory*> core_memories = {};
    std::vector<Global*> core_globals = {};
    std::vector<Tag*> core_tags = {};
    std::vector<std::shared_ptr<const Module>> core_modules = {};
    std::vector<ComponentFunction*> functions = {};
    std::vector<TypeValue> types = {};
    std::vector<ComponentValue> components = {};
    std::vector<InstanceValue*> instances = {};
    std::vector<std::pair<ResourceId, RuntimeResourceType*>> resources = {}; ///< sorted by id
    InstanceValue exports = {};

    [[nodiscard]] RuntimeResourceType* resource(ResourceId id) const;
    [[nodiscard]] const TypeArena& arena() const { return *component->types; }
    /// Whether `caller` (null: the host) may call in here: neither this nor an instance around it that the caller is
    /// not in runs already.
    [[nodiscard]] bool may_enter_from(const ComponentInstance* caller) const;
    /// Whether one of them is inside the other, or they are the same: they can't call each other.
    [[nodiscard]] bool is_around(const ComponentInstance* other) const;
    [[nodiscard]] bool is_related_to(const ComponentInstance& other) const
    {
        return is_around(&other) || other.is_around(this);
    }
    void enter_from(const ComponentInstance* caller) { set_entered(caller, false); }
    void leave_to(const ComponentInstance* caller) { set_entered(caller, true); }

private:
    void set_entered(const ComponentInstance* caller, bool may_enter_now);
};

/// Memory and functions that values pass through: options of a canonical definition, found.
struct CanonicalSide {
    ComponentInstance* instance = nullptr; ///< null: the host
    Memory* memory = nullptr;
    Function* realloc = nullptr;
    StringEncoding encoding = StringEncoding::utf8;

    friend bool operator==(const CanonicalSide&, const CanonicalSide&) = default;
};

/// What is called: lifted from a core function of a guest, or the host's.
struct ComponentFunction {
    const FuncType* type;
    const ComponentInstance* types; ///< the instance that `type` is of: which resources it means
    // Of guests:
    CanonicalSide side = {};
    Function* core = nullptr;
    Function* post_return = nullptr;
    Function* callback = nullptr;
    bool is_async_lifted = false;
    // Of the host:
    const HostFunction* host = nullptr;
    void* host_context = nullptr;
};

} // namespace trellis::wasm::component
