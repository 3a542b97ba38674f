// Sequences of built-ins with any arguments, called by two guests in turns, who pass each other the ends of their
// streams and futures. Nothing may crash or leave the tables in disorder; what breaks a rule traps, and ends the
// sequence. Input: a byte for the built-in, one for whose it is, and one for each argument.
#include "base/check.hpp"
#include "wasm/component/execution/builtins.hpp"
#include "wasm/component/execution/copies.hpp"
#include "wasm/component/execution/fuzz_guest.hpp"

using namespace trellis;
using namespace trellis::wasm;
using namespace trellis::wasm::component;

namespace {

constexpr Tier no_tier = {
    .name = "none",
    .prepare = [](Instance&) -> Result<> { return {}; },
    .call = [](Store&, Function&, Slot*) { return Trap::unreachable; },
};

/// Without those of tasks and threads, which need code that runs.
constexpr Builtin callable[] = {
    Builtin::resource_new,         Builtin::resource_drop,
    Builtin::resource_rep,         Builtin::context_get,
    Builtin::context_set,          Builtin::stream_new,
    Builtin::stream_read,          Builtin::stream_write,
    Builtin::stream_cancel_read,   Builtin::stream_cancel_write,
    Builtin::stream_drop_readable, Builtin::stream_drop_writable,
    Builtin::future_new,           Builtin::future_read,
    Builtin::future_write,         Builtin::future_cancel_read,
    Builtin::future_cancel_write,  Builtin::future_drop_readable,
    Builtin::future_drop_writable, Builtin::error_context_new,
    Builtin::error_context_drop,   Builtin::error_context_debug_message,
    Builtin::waitable_set_new,     Builtin::waitable_set_poll,
    Builtin::waitable_set_drop,    Builtin::waitable_join,
    Builtin::backpressure_inc,     Builtin::backpressure_dec,
    Builtin::subtask_cancel,       Builtin::subtask_drop,
};

/// What lives longer than one sequence.
struct World {
    std::shared_ptr<TypeRegistry> registry = std::make_shared<TypeRegistry>();
    Store store{registry, no_tier};
    std::array<std::unique_ptr<FuzzGuest>, 2> guests = {FuzzGuest::make(store).value(), FuzzGuest::make(store).value()};
    std::shared_ptr<TypeArena> arena = std::make_shared<TypeArena>(SharedBytes());
    ResourceId resource = arena->new_resource().id;
    std::vector<ValueTypeId> elements = {no_type, primitive(ValueKind::u8), primitive(ValueKind::u64),
                                         primitive(ValueKind::string)};
    std::vector<CanonBuiltin> builtins = {}; ///< each for each type of elements, and asynchronous or not
    std::shared_ptr<const CanonicalType> signature = registry->intern(wasm::FuncType());

    World()
    {
        elements.push_back(arena->intern(ValueType{.kind = ValueKind::list, .element = elements.back()}));
        elements.push_back(arena->intern(ValueType{.kind = ValueKind::own, .resource = resource}));
        elements.push_back(arena->intern(ValueType{.kind = ValueKind::stream, .element = elements[1]}));
        for (const Builtin builtin : callable)
            for (const ValueTypeId element : elements)
                for (const bool is_async : {true, false})
                    add(builtin, element, is_async);
    }

private:
    void add(Builtin builtin, ValueTypeId element, bool is_async)
    {
        CanonBuiltin& made = builtins.emplace_back();
        made.builtin = builtin;
        made.is_async = is_async;
        made.resource = resource;
        const bool is_stream = row_of(builtin).name.starts_with("stream");
        made.value =
            arena->intern(ValueType{.kind = is_stream ? ValueKind::stream : ValueKind::future, .element = element});
        made.signature = signature;
        made.options.memory = CoreMemoryIndex(0);
        made.options.realloc = CoreFuncIndex(0);
        made.options.is_async = is_async;
    }
};

class Sequence {
public:
    Sequence(World& world, FuzzInput& input) : world_(world), input_(input)
    {
        for (std::size_t i = 0; i < sides_.size(); ++i) {
            plans_[i] = GuestPlan::random(input, input.one_in(2));
            world.guests[i]->reset(plans_[i]);
            world.guests[i]->start_answering();
            sides_[i] = &add_instance(*world.guests[i]);
        }
        type_.instance = sides_[0];
    }

    void run()
    {
        const std::uint32_t steps = 4 + input_.below(60);
        for (std::uint32_t i = 0; i < steps && !store_.has_ended(); ++i) {
            const std::uint32_t who = input_.below(2);
            if (input_.one_in(8))
                pass(who);
            else
                call(who);
            for (ComponentInstance* one : sides_)
                check(*one);
        }
    }

private:
    ComponentInstance& add_instance(const FuzzGuest& guest)
    {
        auto component = std::make_shared<Component>();
        component->types = world_.arena;
        ComponentInstance& made = *store_.add(std::make_unique<ComponentInstance>(ComponentInstance{
            .store = store_, .parent = nullptr, .component = std::move(component), .around = nullptr}));
        made.core_memories = {&guest.memory()};
        made.core_functions = {guest.realloc()};
        made.resources = {{world_.resource, &type_}};
        return made;
    }
    /// Mostly handles; sometimes an address or a length.
    std::uint32_t argument()
    {
        if (!input_.one_in(4))
            return input_.below(10);
        return FuzzGuest::heap_begin +
               (input_.one_in(8) ? static_cast<std::uint32_t>(input_.number(4)) : input_.below(64) * 8);
    }
    void call(std::uint32_t who)
    {
        const component::FuncType none;
        const ComponentFunction caller{.type = &none, .types = sides_[who], .side = {.instance = sides_[who]}};
        Task task(caller);
        Thread thread(std::shared_ptr<Task>(std::shared_ptr<Task>(), &task));
        thread.state = Thread::State::running;
        const auto running = store_.run_as(thread);
        const CanonBuiltin& builtin = world_.builtins[input_.below(static_cast<std::uint32_t>(world_.builtins.size()))];
        Function* const function = make_builtin(*sides_[who], builtin);
        Slot frame[4] = {{.u64 = argument()}, {.u64 = argument()}, {.u64 = argument()}};
        if (const Trap trap = call_core(store_, *function, frame); failed(trap))
            (void)store_.end(trap);
    }
    /// A readable end to the other guest, as a parameter would be.
    void pass(std::uint32_t who)
    {
        const bool is_future = input_.one_in(2);
        const ElementType elements{sides_[who], input_.any_of(std::span<const ValueTypeId>(world_.elements))};
        std::shared_ptr<SharedCopy> shared;
        const Lifting from{store_, {.instance = sides_[who]}};
        if (failed(lift_copy_end(from, is_future, elements, input_.below(10), shared)))
            return;
        std::uint32_t index = 0;
        (void)lower_copy_end({store_, {.instance = sides_[1 - who]}}, std::move(shared), index);
    }
    /// What the table says and what stands in it agree.
    static void check(ComponentInstance& instance)
    {
        const auto all = instance.handles.all();
        for (std::uint32_t i = 0; i < all.size(); ++i) {
            const Handle& handle = all[i];
            TRELLIS_CHECK((handle.kind == Handle::Kind::waitable) == (handle.waitable != nullptr));
            if (handle.kind == Handle::Kind::waitable_set)
                for (const Waitable* one : handle.set->waitables)
                    TRELLIS_CHECK(one->set == handle.set.get() && all[one->index].waitable.get() == one);
            if (handle.kind == Handle::Kind::waitable)
                check_end(instance, static_cast<const CopyEnd&>(*handle.waitable), i);
        }
    }
    static void check_end(const ComponentInstance& instance, const CopyEnd& end, std::uint32_t index)
    {
        TRELLIS_CHECK(end.index == index && end.progress <= end.length);
        if (!end.is_copying() || end.shared->layout.size == 0 || end.remain() == 0)
            return;
        TRELLIS_CHECK(end.side.instance == &instance);
        const auto offset = static_cast<std::uint64_t>(end.at - end.side.memory->base());
        TRELLIS_CHECK(end.side.memory->range(offset, std::uint64_t(end.remain()) * end.shared->layout.size));
    }

    World& world_;
    FuzzInput& input_;
    RuntimeResourceType type_;
    std::array<GuestPlan, 2> plans_;
    ComponentStore store_{world_.store};
    std::array<ComponentInstance*, 2> sides_ = {};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    constexpr std::uint32_t sequences = 8;
    static std::unique_ptr<World> world;
    static std::uint32_t uses = 0;
    if (!world || ++uses % 256 == 0)
        world = std::make_unique<World>(); // a store keeps all functions that were made in it
    FuzzInput input({data, size});
    for (std::uint32_t i = 0; i < sequences; ++i)
        Sequence(*world, input).run();
    return 0;
}
