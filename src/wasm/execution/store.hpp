// The run-time objects: what a module becomes when it is instantiated. A Store owns them all and belongs to one thread
// at a time; stores share modules and code only. Objects have stable addresses and live as long as their store.
// The fields are laid out for the tiers, which read them directly; everyone else uses the functions.
// https://webassembly.github.io/spec/core/exec/runtime.html
#pragma once

#include "base/result.hpp"
#include "wasm/execution/trap.hpp"
#include "wasm/execution/value.hpp"
#include "wasm/syntax/module.hpp"
#include "wasm/syntax/type_registry.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace trellis::wasm {

class Store;
class Heap;
class Memory;
struct Instance;
struct Function;
struct Tier;

/// How much of everything the guests of one store may use. Units are in the names. 0 never means unlimited.
struct StoreLimits {
    std::uint64_t memory_bytes = std::uint64_t(4) << 30; ///< per memory
    std::uint64_t total_memory_bytes = std::uint64_t(16) << 30;
    std::uint64_t table_elements = 10'000'000;          ///< per table
    std::uint64_t stack_bytes = std::uint64_t(8) << 20; ///< guest stack: depth of calls
    std::uint64_t gc_heap_bytes = std::uint64_t(1) << 30;
    std::uint32_t instances = 10'000;
    std::optional<std::uint64_t> fuel; ///< absent: not counted
};

/// What a host function may use of its caller.
struct Caller {
    Store& store;
    Instance* instance; ///< the calling instance; null when the host itself calls
};

/// A function of the host. Arguments are read from `frame` and results written over them, both from frame[0] on (a v128
/// takes two slots). Never throws. May call into guests and may suspend its fiber.
using HostFunction = Trap (*)(void* context, Caller caller, Slot* frame);

struct Function {
    const CanonicalType* type;
    Instance* instance = nullptr; ///< null: a host function
    FuncIndex index{};            ///< in its instance's module
    HostFunction host = nullptr;
    void* context = nullptr; ///< first argument of `host`; owned by whoever made the function, outlives the store
    void* code = nullptr;    ///< the tier's business
};

struct Global {
    GlobalType type;
    std::span<const std::shared_ptr<const CanonicalType>> types; ///< what type indices in `type` mean
    alignas(16) std::array<Slot, 2> value{};
};

struct Table {
    TableType type;
    std::span<const std::shared_ptr<const CanonicalType>> types;
    std::uint64_t size = 0;  ///< elements
    Ref* elements = nullptr; ///< moves when the table grows
    std::vector<Ref> storage;
};

struct Tag {
    const CanonicalType* type;
};

/// Anything importable. All pointers, owned by a store.
using Extern = std::variant<Function*, Table*, Memory*, Global*, Tag*>;

/// A module instance. Index spaces are arrays of pointers, imports first.
struct Instance {
    std::byte* memory0_base = nullptr; ///< of memory 0; stable, memories never move
    Memory** memories = nullptr;
    Slot** globals = nullptr; ///< addresses of the values
    Table** tables = nullptr;
    Function** functions = nullptr; ///< made on demand for defined functions: function_of()
    Tag** tags = nullptr;
    Store* store = nullptr;
    const std::atomic<std::uintptr_t>* stack_limit =
        nullptr;                                 ///< of the store's InterruptHandle::State; polled by guest code
    const CanonicalType* const* types = nullptr; ///< canonical types of the module, by type index

    std::shared_ptr<const Module> module;
    void* code = nullptr; ///< the tier's per-module code, kept alive by code_owner
    std::shared_ptr<void> code_owner;
    std::vector<bool> dropped_data;
    std::vector<bool> dropped_elements;
    std::vector<std::vector<Ref>> elements; ///< evaluated passive segments
    std::string name;                       ///< for backtraces; may be empty

    // Backing of the arrays above.
    std::vector<Memory*> memory_list;
    std::vector<Slot*> global_list;
    std::vector<Global*> global_objects;
    std::vector<Table*> table_list;
    std::vector<Function*> function_list;
    std::vector<Tag*> tag_list;
    std::vector<const CanonicalType*> type_list;
};

/// The function object of any function of the instance; made when first asked for.
Function* function_of(Instance& instance, FuncIndex index);

/// The export of that name, if there is one.
std::optional<Extern> find_export(Instance& instance, std::string_view name);

/// One guest frame of a backtrace, innermost first.
struct BacktraceFrame {
    const Instance* instance;
    FuncIndex function;
    std::uint32_t offset; ///< of the instruction in the module's binary, bytes
};

/// What a tier provides. `execution` calls it through this; it knows no tier.
struct Tier {
    std::string_view name;
    /// Called once per instance before its start function.
    Result<> (*prepare)(Instance& instance);
    /// Calls a guest function; `frame` as for HostFunction, with room for the larger of parameters and results.
    Trap (*call)(Store& store, Function& function, Slot* frame);
};

/// Asked when a guest polls after an interruption was requested, on the guest's own thread and stack; may suspend the
/// fiber and return later. Trap::none goes on; anything else traps.
using PollHandler = std::function<Trap()>;

/// Requests an interruption of whatever runs in a store; from any thread, also from a signal handler; outlives the
/// store.
class InterruptHandle {
public:
    struct State;
    explicit InterruptHandle(std::shared_ptr<State> state) : state_(std::move(state)) {}
    /// The guest polls within a millisecond and the store's poll handler decides; by default it traps `interrupted`.
    void interrupt() const noexcept;

private:
    std::shared_ptr<State> state_;
};

struct InterruptHandle::State {
    /// Guest code polls when its frame would reach beyond this address; interrupt() sets it to 0, so that one
    /// comparison serves stack depth and interruption.
    std::atomic<std::uintptr_t> stack_limit;
    std::atomic<bool> requested = false;
};

/// Everything that a failed call leaves behind, for people.
struct TrapReport {
    Trap trap = Trap::none;
    std::vector<BacktraceFrame> backtrace;
};

class Store {
public:
    Store(std::shared_ptr<TypeRegistry> registry, const Tier& tier, StoreLimits limits = {});
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // Objects of the host's own, to be imported by guests.
    Function* make_host_function(const FuncType& type, HostFunction function, void* context);
    Global* make_global(GlobalType type, Value value);
    Result<Table*> make_table(TableType type, Ref initial = null_ref);
    Result<Memory*> make_memory(MemoryType type);
    Tag* make_tag(const FuncType& type);
    /// A reference to something of the host's: equal payloads are different references unless the same Ref is passed
    /// on.
    Result<Ref> make_host_ref(std::uint64_t payload);
    /// The payload of such a reference, if it is one.
    std::optional<std::uint64_t> host_payload(Ref ref);

    [[nodiscard]] InterruptHandle interrupt_handle() const { return InterruptHandle(interrupt_state_); }
    /// Replaces what happens at a poll after interrupt(). Default: trap `interrupted`.
    void set_poll_handler(PollHandler handler) { poll_handler_ = std::move(handler); }
    /// Called by tiers and by long operations at least every millisecond of work: clears the request and asks the
    /// handler.
    Trap poll();
    [[nodiscard]] bool interrupt_requested() const
    {
        return interrupt_state_->requested.load(std::memory_order_relaxed);
    }

    [[nodiscard]] const StoreLimits& limits() const { return limits_; }
    [[nodiscard]] TypeRegistry& registry() { return *registry_; }
    [[nodiscard]] const Tier& tier() const { return *tier_; }
    [[nodiscard]] Heap& heap() { return *heap_; }

    // State that guests and host functions leave for their caller.
    Ref pending_exception = null_ref; ///< with Trap::uncaught_exception
    std::string host_error;           ///< with Trap::host_error
    std::int32_t exit_code = 0;       ///< with Trap::exit
    std::uint64_t fuel = 0;           ///< left, when limits().fuel is set
    TrapReport last_trap;             ///< of the innermost call that trapped last

    // For execution and the tiers.
    struct Stack; ///< guest stack: a mapped region with a guard page; one per fiber
    Stack* stack = nullptr;
    InterruptHandle::State& interrupt_state() { return *interrupt_state_; }
    std::deque<Instance> instances;
    std::deque<Function> functions;
    std::deque<Global> globals;
    std::deque<Table> tables;
    std::deque<Tag> tags;
    std::vector<std::shared_ptr<Memory>> memories;
    std::vector<std::shared_ptr<const CanonicalType>> held_types;

private:
    std::shared_ptr<TypeRegistry> registry_;
    const Tier* tier_;
    StoreLimits limits_;
    std::shared_ptr<InterruptHandle::State> interrupt_state_;
    PollHandler poll_handler_;
    std::unique_ptr<Heap> heap_;
};

/// Links and initialises: imports are matched by order of module->imports. Errors: unlinkable, trap, limit.
/// What an instantiation that traps wrote into imported tables and memories stays written.
Result<Instance*> instantiate(Store& store, std::shared_ptr<const Module> module, std::span<const Extern> imports);

/// Calls a function with flat slots: `frame` has room for the larger of parameters and results.
Trap call(Store& store, Function& function, Slot* frame);

/// Checks the arguments' types, calls, and gives the results. Errors: usage (wrong arguments), trap (message with the
/// specification's words; store.last_trap has the backtrace).
Result<std::vector<Value>> invoke(Store& store, Function& function, std::span<const Value> arguments);

/// A message for people: the trap's words and one line per frame with function names from the name section.
std::string describe(const Store& store, const TrapReport& report);

} // namespace trellis::wasm
