// The run-time objects: what a module becomes when it is instantiated. A Store owns them all and belongs to one thread
// at a time; stores share modules and code only. Objects have stable addresses and live as long as their store.
// The fields are laid out for the tiers, which read them directly; everyone else uses the functions.
// https://webassembly.github.io/spec/core/exec/runtime.html
#pragma once

#include "base/pages.hpp"
#include "base/result.hpp"
#include "wasm/execution/stable_list.hpp"
#include "wasm/execution/trap.hpp"
#include "wasm/execution/value.hpp"
#include "wasm/syntax/module.hpp"
#include "wasm/syntax/type_registry.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace trellis::wasm {

class Store;
class Heap;
class SlotPool;
class Memory;
class MemoryImage;
struct StartUp;    // start_up.hpp
struct StackState; // signal_handler.hpp
struct Strand;     // strand.hpp
struct Instance;
struct Function;
struct ObjectLayout; // heap.hpp
struct Tier;

/// How much of everything the guests of one store may use. Units are in the names. 0 never means unlimited.
struct StoreLimits {
    std::uint64_t memory_bytes = std::uint64_t(4) << 30; ///< per memory
    std::uint64_t total_memory_bytes = std::uint64_t(16) << 30;
    std::uint64_t table_elements = 10'000'000;          ///< per table
    std::uint64_t stack_bytes = std::uint64_t(8) << 20; ///< guest stack: depth of calls
    std::uint64_t gc_heap_bytes = std::uint64_t(1) << 30;
    std::uint32_t instances = 10'000;
    std::optional<std::uint64_t> fuel = {}; ///< absent: not counted
    bool deterministic = false; ///< the deterministic profile: NaNs that instructions generate are canonical
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
    // How compiled code calls it; null until somebody did: native/instance.hpp.
    void* native_entry = nullptr;
    void* native_context = nullptr;
    void* native_wrapper = nullptr; ///< how others than compiled code do
};

struct Global {
    GlobalType type;
    std::span<const std::shared_ptr<const CanonicalType>> types; ///< what type indices in `type` mean
    alignas(16) std::array<Slot, 2> value{};
};

struct Table {
    TableType type;
    std::span<const std::shared_ptr<const CanonicalType>> types;
    std::uint64_t size = 0;     ///< elements
    Ref* elements = nullptr;    ///< moves when the table grows
    std::uint64_t room = 0;     ///< elements there is room for now
    std::uint64_t capacity = 0; ///< elements it may grow to: smallest of declared maximum, limit and room
    std::variant<Pages, std::unique_ptr<Ref[]>> storage; ///< small tables are plain allocations
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
    const StartUp* start_up = nullptr; ///< the module keeps it
    void* code = nullptr;              ///< the tier's per-module code, kept alive by code_owner
    std::shared_ptr<void> code_owner;
    std::shared_ptr<void> native;      ///< the native tier's business
    std::uint32_t imaged_segments = 0; ///< so many data segments are in memory since it was made
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
    std::vector<const ObjectLayout*> layouts; ///< of heap objects, by type index; filled on demand
};

/// Slots that its parameters, its results take in a frame.
std::uint32_t parameter_slots(const FuncType& type);
std::uint32_t result_slots(const FuncType& type);

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

/// Asked when a guest polls after an interruption was requested or its time slice has ended, on the guest's own thread
/// and stack; may suspend the fiber and return later. Trap::none goes on; anything else traps.
using PollHandler = std::function<Trap()>;

/// Requests an interruption of whatever runs in a store; from any thread, also from a signal handler; outlives the
/// store.
class InterruptHandle {
public:
    struct State;
    explicit InterruptHandle(std::shared_ptr<State> state) : state_(std::move(state)) {}
    /// The guest polls within a millisecond and the store's poll handler decides; by default it traps `interrupted`.
    void interrupt() const noexcept;
    /// The guest has run long enough for now: the store's slice handler decides, by default it goes on.
    void end_slice() const noexcept;
    /// The store's sample handler is called at the guest's next poll. A guest that waits goes on waiting.
    void sample() const noexcept;
    /// The guest's next poll traps `deadline_exceeded`, and so does every call until the deadline is set anew.
    void end_time() const noexcept;

private:
    std::shared_ptr<State> state_;
};

struct InterruptHandle::State {
    /// Guest code polls when its frame would reach beyond this address; interrupt() sets it to 0, so that one
    /// comparison serves stack depth and interruption.
    std::atomic<std::uintptr_t> stack_limit = ~std::uintptr_t(0);
    std::atomic<bool> requested = false; ///< something is to be looked at in poll(); set before stack_limit becomes 0
    // What: set before `requested`.
    std::atomic<bool> interrupted = false;
    std::atomic<bool> slice_ended = false;
    std::atomic<bool> sample_wanted = false;
    std::atomic<bool> deadline_reached = false;
    /// A guest in memory.atomic.wait sleeps on this word (a futex); counted up and woken by whoever wants it awake.
    std::atomic<std::uint32_t> wake_ups = 0;
    /// An eventfd that wakes a guest which waits for descriptors of the host, where the sandbox has set one: it stays
    /// until the state goes, which closes it.
    std::atomic<int> wake_descriptor = -1;

    State() = default;
    ~State();
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    void request(std::atomic<bool> State::* what) noexcept;
    void request_and_wake(std::atomic<bool> State::* what) noexcept;
    void wake() noexcept;
};

/// Everything that a failed call leaves behind, for people.
struct TrapReport { ///< written by the tier that met the trap; a host function's has no backtrace
    Trap trap = Trap::none;
    std::vector<BacktraceFrame> backtrace;
};

class Store {
public:
    /// With a pool, which outlives the store, memories of guests and the guest stack come from there and go back.
    Store(std::shared_ptr<TypeRegistry> registry, const Tier& tier, StoreLimits limits = {}, SlotPool* pool = nullptr);
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // Objects of the host's own, to be imported by guests.
    Function* make_host_function(const FuncType& type, HostFunction function, void* context);
    Global* make_global(GlobalType type, Value value);
    /// `types` is what indices in the type mean; host tables need none. Errors: limit.
    Result<Table*> make_table(TableType type, Ref initial = null_ref,
                              std::span<const std::shared_ptr<const CanonicalType>> types = {});
    Result<Memory*> make_memory(MemoryType type); ///< Errors: limit.
    Tag* make_tag(const FuncType& type);
    /// A reference to something of the host's: equal payloads are different references unless the same Ref is passed
    /// on. It is pinned: it lives until unpin(). Errors: limit.
    Result<Ref> make_host_ref(std::uint64_t payload);
    /// The payload of such a reference, if it is one.
    std::optional<std::uint64_t> host_payload(Ref ref);

    /// Keeps a heap object that only the host refers to; pins count. Null and i31 need none and are accepted.
    void pin(Ref ref);
    void unpin(Ref ref);

    [[nodiscard]] InterruptHandle interrupt_handle() const { return InterruptHandle(interrupt_state_); }
    /// Replaces what happens at a poll after interrupt(). Default: trap `interrupted`.
    void set_poll_handler(PollHandler handler) { poll_handler_ = std::move(handler); }
    /// What happens at a poll after InterruptHandle::end_slice(). Default: nothing.
    void set_slice_handler(PollHandler handler) { slice_handler_ = std::move(handler); }
    /// What happens at a poll after InterruptHandle::sample(); looks at current_activation. Default: nothing.
    void set_sample_handler(std::function<void()> handler) { sample_handler_ = std::move(handler); }
    /// Forgets a deadline that was reached. To set one: DeadlineTimer.
    void clear_deadline() { interrupt_state_->deadline_reached = false; }
    /// Called by tiers and by long operations at least every millisecond of work: clears the request and asks the
    /// handler.
    Trap poll();
    /// Called by a tier where a frame would reach beyond stack_limit: whether the stack has room up to `needed_top`; if
    /// so, what poll() says.
    Trap check_stack(const Slot* needed_top);
    /// A trap that an operation without a Trap result met: the guest gets it at its next poll.
    void postpone(Trap trap);
    [[nodiscard]] bool interrupt_requested() const
    {
        return interrupt_state_->requested.load(std::memory_order_relaxed);
    }

    [[nodiscard]] const StoreLimits& limits() const { return limits_; }
    [[nodiscard]] TypeRegistry& registry() { return *registry_; }
    [[nodiscard]] const Tier& tier() const { return *tier_; }
    [[nodiscard]] Heap& heap() { return heap_ ? *heap_ : make_heap(); }

    // State that guests and host functions leave for their caller.
    Ref pending_exception = null_ref; ///< with Trap::uncaught_exception
    /// A guest throws. What was reported of another exception, which was caught since, is no more of interest.
    Trap raise(Ref exception)
    {
        last_trap.trap = Trap::none;
        pending_exception = exception;
        return Trap::uncaught_exception;
    }
    std::string host_error;     ///< with Trap::host_error
    std::int32_t exit_code = 0; ///< with Trap::exit
    std::uint64_t fuel = 0;     ///< left, when limits().fuel is set
    TrapReport last_trap;       ///< of the innermost call that trapped last

    // For execution and the tiers.
    std::shared_ptr<void> tier_state; ///< what a tier keeps per store
    struct Stack;                     ///< guest stack: a mapped region with a guard page; one per fiber
    Stack* stack = nullptr;           ///< of the running fiber; made by the first call
    /// Of the running strand's frames of compiled code; the native tier's. Null: there are none.
    StackState* compiled_stack = nullptr;
    /// Makes the stack if there is none yet. Errors: limit.
    Result<Stack*> guest_stack();
    /// Goes on with the guest frames of another fiber: the present ones are kept in `from`. Errors: limit, and then
    /// nothing has changed.
    Result<> switch_strand(Strand& from, Strand& to);
    /// Of a strand that has no frames and is not running: its stack is for others.
    void release(Strand& strand);
    /// All stacks of the store, those of parked fibers too.
    template <class Visit>
    void for_each_stack(Visit visit) const
    {
        for (const auto& one : stacks_)
            visit(*one);
    }
    /// The strands that wait while another one runs.
    [[nodiscard]] const std::vector<const Strand*>& parked_strands() const { return parked_; }
    /// Whether that many bytes of memory more stay inside total_memory_bytes; if so they count from now on.
    bool take_memory_bytes(std::uint64_t bytes);
    void give_back_memory_bytes(std::uint64_t bytes) { memory_bytes_in_use_ -= bytes; }
    /// A memory of another store or thread, or one that was just made, becomes this store's too.
    Memory* adopt_memory(std::shared_ptr<Memory> memory);
    [[nodiscard]] SlotPool* pool() const { return pool_; }
    /// A guest's own memory, from the pool, with the image (or none) in it. Errors: limit.
    Result<Memory*> take_from_pool(MemoryType type, std::shared_ptr<const MemoryImage> image);
    InterruptHandle::State& interrupt_state() { return *interrupt_state_; }
    StableList<Instance, 2> instances;
    StableList<Function, 16> functions;
    StableList<Global, 12> globals;
    StableList<Table, 4> tables;
    StableList<Tag, 16> tags;
    std::vector<std::shared_ptr<Memory>> memories;
    std::vector<std::shared_ptr<const CanonicalType>> held_types;

private:
    Result<> count(const Memory& memory);
    Heap& make_heap();
    Result<Stack*> take_stack();
    void adopt_stack_limit();

    std::shared_ptr<TypeRegistry> registry_;
    const Tier* tier_;
    StoreLimits limits_;
    SlotPool* pool_;
    std::vector<std::shared_ptr<Memory>> pooled_memories_; ///< which of the memories are the pool's
    std::shared_ptr<InterruptHandle::State> interrupt_state_;
    PollHandler poll_handler_;
    PollHandler slice_handler_;
    std::function<void()> sample_handler_;
    Trap postponed_ = Trap::none;
    std::uint64_t memory_bytes_in_use_ = 0;
    std::vector<std::unique_ptr<Stack>> stacks_;
    std::vector<Stack*> idle_stacks_; ///< of strands that have ended
    std::vector<const Strand*> parked_;
    std::unique_ptr<Heap> heap_; ///< made when somebody asks for it
};

/// Links and initialises: imports are matched by order of module->imports. Errors: unlinkable, trap, limit.
/// What an instantiation that traps wrote into imported tables and memories stays written.
Result<Instance*> instantiate(Store& store, std::shared_ptr<const Module> module, std::span<const Extern> imports);

/// Calls a function with flat slots: `frame` has room for the larger of parameters and results. References in a frame
/// outside the guest stack are roots of the collector only once the function has them.
Trap call(Store& store, Function& function, Slot* frame);

/// Checks the arguments' types, calls, and gives the results. Errors: usage (wrong arguments), trap (message with the
/// specification's words; store.last_trap has the backtrace).
Result<std::vector<Value>> invoke(Store& store, Function& function, std::span<const Value> arguments);

/// A message for people: the trap's words and one line per frame with function names from the name section.
std::string describe(const Store& store, const TrapReport& report);

} // namespace trellis::wasm
