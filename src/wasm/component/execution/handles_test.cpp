// Handles, sets of waitables, streams and futures, as the guest sees them: through built-ins.
#include "base/format.hpp"
#include "wasm/component/execution/copies.hpp"
#include "wasm/component/execution/host_types.hpp"
#include "wasm/component/execution/test_side.hpp"

using namespace trellis;
using namespace trellis::wasm;
using namespace trellis::wasm::component;

namespace {

constexpr std::uint32_t blocked_copy = 0xffff'ffff;
constexpr std::uint32_t completed = 0, dropped = 1, cancelled = 2;

class wasm_component_handles : public SideTest { // NOLINT: as tests are named
protected:
    wasm_component_handles()
    {
        type.instance = &owner.instance();
        for (TestSide* one : {&owner, &other})
            one->instance().resources = {{resource, &type}};
    }
    Answer of_resource(TestSide& side, Builtin builtin, std::uint32_t argument)
    {
        CanonBuiltin definition = builtin_of(builtin);
        definition.resource = resource;
        return call(side, std::move(definition), {argument});
    }
    CanonBuiltin of_copy(Builtin builtin, bool is_future = false, ValueKind element = ValueKind::u8)
    {
        CanonBuiltin definition = builtin_of(builtin);
        definition.is_async = true;
        const auto kind = is_future ? ValueKind::future : ValueKind::stream;
        definition.value = arena->intern(ValueType{.kind = kind, .element = primitive(element)});
        return definition;
    }
    /// Readable and writable end.
    std::pair<std::uint32_t, std::uint32_t> new_ends(TestSide& side, bool is_future = false,
                                                     ValueKind element = ValueKind::u8)
    {
        const auto made =
            call(side, of_copy(is_future ? Builtin::future_new : Builtin::stream_new, is_future, element));
        return {static_cast<std::uint32_t>(made.value), static_cast<std::uint32_t>(made.value >> 32)};
    }
    static ElementType bytes(TestSide& side) { return {&side.instance(), primitive(ValueKind::u8)}; }
    /// The readable end goes to the other side.
    std::uint32_t pass_end(TestSide& from, TestSide& to, std::uint32_t index, bool is_future = false)
    {
        std::shared_ptr<SharedCopy> shared;
        EXPECT_FALSE(failed(lift_copy_end({store, from.side()}, is_future, bytes(from), index, shared)));
        std::uint32_t passed = 0;
        EXPECT_FALSE(failed(lower_copy_end({store, to.side()}, shared, passed)));
        return passed;
    }

    ResourceId resource = arena->new_resource().id;
    RuntimeResourceType type;
    TestSide owner{store, arena}, other{store, arena};
};

} // namespace

TEST_F(wasm_component_handles, own_handles_move)
{
    const auto index = static_cast<std::uint32_t>(of_resource(owner, Builtin::resource_new, 77).value);
    EXPECT_EQ(of_resource(owner, Builtin::resource_rep, index).value, 77u);
    std::uint32_t rep = 0, there = 0;
    ASSERT_FALSE(failed(lift_own({store, owner.side()}, &type, index, rep)));
    ASSERT_FALSE(failed(lower_own({store, other.side()}, &type, rep, there)));
    EXPECT_EQ(of_resource(owner, Builtin::resource_rep, index).message, format("unknown handle index {}", index));
    EXPECT_EQ(other.instance().handles.find(there)->representation, 77u);
}

TEST_F(wasm_component_handles, what_is_lent_stays)
{
    const auto index = static_cast<std::uint32_t>(of_resource(owner, Builtin::resource_new, 5).value);
    Subtask lending(owner.instance());
    std::uint32_t rep = 0;
    ASSERT_FALSE(failed(lift_borrow({store, owner.side(), &lending}, &type, index, rep)));
    EXPECT_TRUE(failed(lift_own({store, owner.side()}, &type, index, rep)));
    EXPECT_EQ(core.host_error, "cannot remove owned resource while borrowed");
    EXPECT_EQ(of_resource(owner, Builtin::resource_drop, index).message, "cannot remove owned resource while borrowed");
    lending.deliver_resolve();
    EXPECT_FALSE(failed(lift_own({store, owner.side()}, &type, index, rep)));
}

TEST_F(wasm_component_handles, a_borrowed_handle_is_of_its_task)
{
    const component::FuncType none;
    const ComponentFunction function{.type = &none, .types = &other.instance(), .side = other.side()};
    class Nobody final : public CallOrigin {
        Trap start(const ComponentFunction&, Task*, Slot*) override { return Trap::none; }
        Trap resolve(const CanonicalSide&, Slot*, std::size_t) override { return Trap::none; }
    } nobody;
    Task task(function, &nobody);
    std::uint32_t index = 0, rep = 0;
    ASSERT_FALSE(failed(lower_borrow({store, other.side(), &task}, &type, 9, index)));
    EXPECT_EQ(task.borrows, 1u);
    EXPECT_TRUE(failed(lift_own({store, other.side()}, &type, index, rep)));
    EXPECT_EQ(core.host_error, "cannot lift own resource from a borrow");
    Slot frame[1] = {};
    EXPECT_TRUE(failed(task.return_(frame, 1)));
    EXPECT_EQ(core.host_error, "borrow handles still remain at the end of the call");
    EXPECT_EQ(of_resource(other, Builtin::resource_drop, index).message, "");
    EXPECT_FALSE(failed(task.return_(frame, 1)));
    std::uint32_t own_rep = 0;
    ASSERT_FALSE(failed(lower_borrow({store, owner.side(), &task}, &type, 9, own_rep)));
    EXPECT_EQ(own_rep, 9u) << "who defines it gets the representation";
}

TEST_F(wasm_component_handles, a_table_tells_types_and_kinds_apart)
{
    RuntimeResourceType unlike{.instance = &other.instance()};
    const auto index = static_cast<std::uint32_t>(of_resource(owner, Builtin::resource_new, 1).value);
    std::uint32_t rep = 0;
    EXPECT_TRUE(failed(lift_own({store, owner.side()}, &unlike, index, rep)));
    EXPECT_EQ(core.host_error, format("handle index {} used with the wrong type, expected guest-defined resource but "
                                      "found a different guest-defined resource",
                                      index));
    const auto set = static_cast<std::uint32_t>(call(owner, Builtin::waitable_set_new).value);
    EXPECT_EQ(of_resource(owner, Builtin::resource_drop, set).message,
              format("handle index {} used with the wrong type, expected resource but found waitable set", set));
    for (const std::uint32_t nothing : {0u, 100u, 0xffff'ffffu})
        EXPECT_EQ(of_resource(owner, Builtin::resource_drop, nothing).message,
                  format("unknown handle index {}", nothing));
}

TEST_F(wasm_component_handles, a_full_table_traps)
{
    store.set_handle_capacity(2);
    EXPECT_EQ(of_resource(owner, Builtin::resource_new, 1).value, 1u);
    EXPECT_EQ(of_resource(owner, Builtin::resource_new, 2).value, 2u);
    EXPECT_EQ(of_resource(owner, Builtin::resource_new, 3).message,
              "resource table has no free keys: too many handles");
    EXPECT_EQ(of_resource(owner, Builtin::resource_drop, 1).message, "");
    EXPECT_EQ(of_resource(owner, Builtin::resource_new, 3).value, 1u) << "numbers are used again";
}

TEST_F(wasm_component_handles, a_write_waits_for_its_reader)
{
    const auto [readable, writable] = new_ends(owner);
    const std::uint32_t there = pass_end(owner, other, readable);
    owner.put(100, "abcdef");
    EXPECT_EQ(call(owner, of_copy(Builtin::stream_write), {writable, 100, 6}).value, blocked_copy);
    EXPECT_EQ(call(other, of_copy(Builtin::stream_read), {there, 200, 4}).value, 4u << 4 | completed);
    EXPECT_EQ(other.text(200, 4), "abcd");
    EXPECT_EQ(call(other, of_copy(Builtin::stream_read), {there, 204, 4}).value, 2u << 4 | completed);
    EXPECT_EQ(other.text(200, 6), "abcdef");
    EXPECT_EQ(call(owner, of_copy(Builtin::stream_cancel_write), {writable}).value, 6u << 4 | cancelled);
    EXPECT_EQ(call(owner, of_copy(Builtin::stream_drop_writable), {writable}).message, "");
    EXPECT_EQ(call(other, of_copy(Builtin::stream_read), {there, 200, 4}).value, dropped);
    EXPECT_EQ(call(other, of_copy(Builtin::stream_read), {there, 200, 4}).message,
              "cannot read from stream after being notified that the writable end dropped: cannot read after being "
              "notified that the writable end dropped");
}

TEST_F(wasm_component_handles, events_of_copies_come_through_sets)
{
    const auto [readable, writable] = new_ends(owner);
    const std::uint32_t there = pass_end(owner, other, readable);
    const Builtin poll = Builtin::waitable_set_poll;
    const auto set = static_cast<std::uint32_t>(call(owner, Builtin::waitable_set_new).value);
    EXPECT_EQ(call(owner, Builtin::waitable_join, {writable, set}).message, "");
    EXPECT_EQ(call(owner, Builtin::waitable_set_drop, {set}).message, "cannot drop non-empty waitable set");
    EXPECT_EQ(call(owner, of_copy(Builtin::stream_write), {writable, 100, 3}).value, blocked_copy);
    EXPECT_EQ(call(owner, poll, {set, 8}).value, static_cast<std::uint64_t>(EventCode::none));
    EXPECT_EQ(call(other, of_copy(Builtin::stream_drop_readable), {there}).message, "");
    EXPECT_EQ(call(owner, poll, {set, 8}).value, static_cast<std::uint64_t>(EventCode::stream_write));
    std::array<std::uint32_t, 2> event;
    std::memcpy(event.data(), owner.at(8), sizeof event);
    EXPECT_EQ(event, (std::array{writable, dropped}));
    EXPECT_EQ(call(owner, poll, {set, 6}).message, "unaligned pointer");
    EXPECT_EQ(call(owner, poll, {set, 65'532}).message, "pointer out of bounds of memory: out of bounds");
    EXPECT_EQ(call(owner, Builtin::waitable_join, {writable, 0}).message, "");
    EXPECT_EQ(call(owner, Builtin::waitable_set_drop, {set}).message, "");
}

TEST_F(wasm_component_handles, a_copy_is_one_at_a_time)
{
    const auto [readable, writable] = new_ends(owner);
    EXPECT_EQ(call(owner, of_copy(Builtin::stream_write), {writable, 0, 1}).value, blocked_copy);
    EXPECT_EQ(call(owner, of_copy(Builtin::stream_write), {writable, 0, 1}).message,
              "cannot have concurrent operations active on a future/stream");
    EXPECT_EQ(call(owner, of_copy(Builtin::stream_drop_writable), {writable}).message,
              "cannot drop busy stream: cannot remove busy stream");
    EXPECT_EQ(call(owner, of_copy(Builtin::stream_read), {readable, 65'536, 1}).message,
              "read/write pointer out of bounds of memory: out of bounds");
    EXPECT_EQ(call(owner, of_copy(Builtin::stream_read), {readable, 0, 1u << 28}).message,
              "stream read/write count too large");
    EXPECT_EQ(call(owner, of_copy(Builtin::stream_read), {writable, 0, 1}).message,
              format("unknown handle index {}: of another kind of waitable", writable));
}

TEST_F(wasm_component_handles, a_guest_passes_only_numbers_to_itself)
{
    const auto [readable, writable] = new_ends(owner, false, ValueKind::string);
    EXPECT_EQ(call(owner, of_copy(Builtin::stream_write, false, ValueKind::string), {writable, 0, 1}).value,
              blocked_copy);
    EXPECT_EQ(call(owner, of_copy(Builtin::stream_read, false, ValueKind::string), {readable, 0, 1}).message,
              "cannot read from and write to intra-component future/stream with non-numeric payload");
}

TEST_F(wasm_component_handles, a_future_is_written_once_and_before_it_goes)
{
    const auto [readable, writable] = new_ends(owner, true);
    const std::uint32_t there = pass_end(owner, other, readable, true);
    EXPECT_EQ(call(owner, of_copy(Builtin::future_drop_writable, true), {writable}).message,
              "cannot drop future write end without first writing a value");
    EXPECT_EQ(call(other, of_copy(Builtin::future_read, true), {there, 50}).value, blocked_copy);
    owner.put(60, "v");
    EXPECT_EQ(call(owner, of_copy(Builtin::future_write, true), {writable, 60}).value, completed);
    EXPECT_EQ(other.text(50, 1), "v");
    EXPECT_EQ(call(owner, of_copy(Builtin::future_write, true), {writable, 60}).message,
              "cannot write to future after previous write succeeded or readable end dropped: cannot write after being "
              "notified that the readable end dropped");
    EXPECT_EQ(call(owner, of_copy(Builtin::future_drop_writable, true), {writable}).message, "");
}

TEST_F(wasm_component_handles, an_end_that_copies_or_waits_stays)
{
    const auto [readable, writable] = new_ends(owner);
    std::shared_ptr<SharedCopy> shared;
    EXPECT_TRUE(failed(lift_copy_end({store, owner.side()}, false, bytes(owner), writable, shared)));
    EXPECT_EQ(core.host_error, format("unknown handle index {}: expected the readable end of a stream, found stream or "
                                      "future",
                                      writable));
    const auto set = static_cast<std::uint32_t>(call(owner, Builtin::waitable_set_new).value);
    EXPECT_EQ(call(owner, Builtin::waitable_join, {readable, set}).message, "");
    EXPECT_TRUE(failed(lift_copy_end({store, owner.side()}, false, bytes(owner), readable, shared)));
    EXPECT_EQ(core.host_error, "cannot lift stream while it's in a waitable set");
    EXPECT_EQ(call(owner, Builtin::waitable_join, {readable, 0}).message, "");
    EXPECT_EQ(call(owner, of_copy(Builtin::stream_read), {readable, 0, 1}).value, blocked_copy);
    EXPECT_TRUE(failed(lift_copy_end({store, owner.side()}, false, bytes(owner), readable, shared)));
    EXPECT_EQ(core.host_error, "cannot remove busy stream");
}

TEST_F(wasm_component_handles, error_contexts_keep_their_message)
{
    owner.put(100, "what went wrong");
    const auto error = static_cast<std::uint32_t>(call(owner, Builtin::error_context_new, {100, 15}).value);
    EXPECT_EQ(call(owner, Builtin::error_context_debug_message, {error, 8}).message, "");
    std::array<std::uint32_t, 2> text;
    std::memcpy(text.data(), owner.at(8), sizeof text);
    EXPECT_EQ(owner.text(text[0], text[1]), "what went wrong");
    EXPECT_EQ(call(owner, Builtin::error_context_drop, {error}).message, "");
    EXPECT_EQ(call(owner, Builtin::error_context_drop, {error}).message, format("unknown handle index {}", error));
    owner.put(100, std::string(1023, 'a') + "\u00e9 and more");
    const auto long_one = static_cast<std::uint32_t>(call(owner, Builtin::error_context_new, {100, 1100}).value);
    EXPECT_EQ(owner.instance().handles.find(long_one)->error->message, std::string(1023, 'a')) << "all that is kept";
    EXPECT_EQ(call(owner, Builtin::error_context_new, {65'530, 15}).message,
              "string content out-of-bounds: string pointer/length out of bounds of memory");
}

TEST_F(wasm_component_handles, an_end_is_used_as_what_it_is)
{
    const auto [readable, writable] = new_ends(owner);
    const auto refusal = [](std::uint32_t index) {
        return format("handle index {} used with the wrong type: of other elements", index);
    };
    for (const auto kind : {ValueKind::s8, ValueKind::u64, ValueKind::string}) {
        EXPECT_EQ(call(owner, of_copy(Builtin::stream_read, false, kind), {readable, 0, 1}).message, refusal(readable));
        EXPECT_EQ(call(owner, of_copy(Builtin::stream_write, false, kind), {writable, 0, 1}).message,
                  refusal(writable));
        EXPECT_EQ(call(owner, of_copy(Builtin::stream_cancel_read, false, kind), {readable}).message,
                  refusal(readable));
        EXPECT_EQ(call(owner, of_copy(Builtin::stream_drop_readable, false, kind), {readable}).message,
                  refusal(readable));
        std::shared_ptr<SharedCopy> shared;
        const Lifting from{store, owner.side()};
        EXPECT_TRUE(failed(lift_copy_end(from, false, {&owner.instance(), primitive(kind)}, readable, shared)));
        EXPECT_EQ(core.host_error,
                  format("handle index {} used with the wrong type: a stream of other elements", readable));
    }
}

TEST_F(wasm_component_handles, elements_are_the_same_by_structure_and_by_resources)
{
    const auto other_arena = std::make_shared<TypeArena>(SharedBytes());
    const ResourceId other_resource = (other_arena->new_resource(), other_arena->new_resource().id);
    TestSide stranger(store, other_arena);
    stranger.instance().resources = {{other_resource, &type}};
    const auto pair_of = [](TypeArena& types, ResourceId id, std::string_view name) {
        const auto own = types.intern(ValueType{.kind = ValueKind::own, .resource = id});
        return types.intern(
            ValueType{.kind = ValueKind::record, .members = std::make_shared<Members>(Members{{name, own, 0}})});
    };
    const ElementType here{&owner.instance(), pair_of(*arena, resource, "a")};
    const ElementType there{&stranger.instance(), pair_of(*other_arena, other_resource, "a")};
    EXPECT_TRUE(is_same(here, there) && is_same(there, here) && is_same(here, here));
    EXPECT_FALSE(is_same(here, {&stranger.instance(), pair_of(*other_arena, other_resource, "b")}));
    EXPECT_FALSE(is_same(here, {&stranger.instance(), no_type}));
    RuntimeResourceType unlike{.instance = &owner.instance()};
    stranger.instance().resources = {{other_resource, &unlike}};
    EXPECT_FALSE(is_same(here, there));
}

TEST_F(wasm_component_handles, the_host_and_guests_mean_the_same_by_an_end)
{
    const auto [readable, writable] = new_ends(owner);
    Slot slot[1] = {{.u64 = readable}};
    Place place = Place::of(slot);
    StreamOf<std::uint16_t> wrong;
    EXPECT_TRUE(failed(HostType<StreamOf<std::uint16_t>>::lift({store, owner.side()}, place, wrong)));
    EXPECT_EQ(core.host_error,
              format("handle index {} used with the wrong type: a stream of other elements", readable));
    const ElementType bytes_of_host = host_elements<std::uint8_t>(), shorts_of_host = host_elements<std::uint16_t>();
    EXPECT_TRUE(is_same(bytes(owner), bytes_of_host) && is_same(bytes_of_host, bytes(owner)));
    EXPECT_FALSE(is_same(bytes(owner), shorts_of_host));
    EXPECT_FALSE(is_same(bytes_of_host, shorts_of_host));
    EXPECT_FALSE(is_same({&owner.instance(), no_type}, bytes_of_host));
}
