#include "wasm/component/execution/canonical_abi.hpp"

#include "base/format.hpp"
#include "wasm/component/execution/copies.hpp"
#include "wasm/component/syntax/limits.hpp"

namespace trellis::wasm::component {
namespace {

constexpr std::uint64_t most_bytes = limits::value_bytes - 1;

/// After element `i`: a value may be as large as a memory, and its elements need not call any guest.
Trap poll_after(ComponentStore& store, std::uint32_t i)
{
    return i % 1024 == 1023 && store.core.interrupt_requested() ? store.core.poll() : Trap::none;
}

} // namespace

Trap allocate(const Lowering& to, std::uint32_t alignment, std::uint64_t bytes, std::uint32_t& at)
{
    ComponentInstance& instance = *to.side.instance;
    Slot frame[4] = {{.u64 = 0}, {.u64 = 0}, {.u64 = alignment}, {.u64 = bytes}};
    return reallocate(to, instance, frame, at);
}

Trap reallocate(const Lowering& to, ComponentInstance& instance, Slot* frame, std::uint32_t& at)
{
    const std::uint64_t alignment = frame[2].u64, bytes = frame[3].u64;
    instance.may_leave = false;
    auto* const thread = to.store.current();
    const auto storage = thread ? std::exchange(thread->storage, {}) : std::array<std::uint32_t, 2>();
    const Trap trap = call_core(to.store, *to.side.realloc, frame);
    if (failed(trap))
        return trap;
    if (thread)
        thread->storage = storage;
    instance.may_leave = true;
    at = frame[0].u32;
    if (at % alignment != 0)
        return to.store.trap("realloc return: result not aligned: unaligned pointer");
    if (!to.side.memory->range(at, bytes))
        return to.store.trap(
            "realloc return: beyond end of memory: string content out-of-bounds, or list content out-of-bounds");
    return Trap::none;
}

Trap check_range(ComponentStore& store, const CanonicalSide& side, std::uint32_t at, std::uint64_t bytes,
                 std::uint32_t alignment, std::string_view what)
{
    if (bytes > most_bytes)
        return store.trap(format("{} content out-of-bounds: {} bytes are too long", what, bytes));
    if (at % alignment != 0)
        return store.trap(what == "string" ? format("string pointer not aligned to {}: unaligned pointer", alignment)
                                           : std::string("unaligned pointer"));
    if (!side.memory->range(at, bytes))
        return store.trap(format("{0} content out-of-bounds: {0} pointer/length out of bounds of memory", what));
    return Trap::none;
}

bool is_plain(const ValueType& type)
{
    using enum ValueKind;
    return type.kind >= s8 && type.kind <= f64;
}

std::uint32_t cases_of(const ValueType& type)
{
    using enum ValueKind;
    return type.kind == option || type.kind == result ? 2 : static_cast<std::uint32_t>(type.members->size());
}

ValueTypeId payload_of(const ValueType& type, std::uint32_t case_index)
{
    switch (type.kind) {
    case ValueKind::option:
        return case_index == 1 ? type.element : no_type;
    case ValueKind::result:
        return case_index == 0 ? type.element : type.other;
    default:
        return (*type.members)[case_index].type;
    }
}

namespace {

struct RangeInPlace {
    Range range;
    explicit RangeInPlace(Place& place)
    {
        with_part(place, 0, [&](Place& part) { range.at = static_cast<std::uint32_t>(part.read(4)); });
        with_part(place, 4, [&](Place& part) { range.length = static_cast<std::uint32_t>(part.read(4)); });
    }
};

void write_range(Place& place, Range range)
{
    with_part(place, 0, [&](Place& part) { part.write(range.at, 4); });
    with_part(place, 4, [&](Place& part) { part.write(range.length, 4); });
}

} // namespace

/// A value of a primitive type, but for strings.
Trap Transfer::scalar(const ValueType& type, Place& source, Place& target)
{
    using enum ValueKind;
    const std::uint32_t size = type.layout.size;
    std::uint64_t value = source.read(type.kind == bool_ && source.is_flat() ? 4 : size);
    if (type.kind == bool_)
        value = value != 0;
    else if (type.kind == s8)
        value = static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<std::int8_t>(value)));
    else if (type.kind == s16)
        value = static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<std::int16_t>(value)));
    else if (type.kind == char_ && (value >= 0x110000 || (value >= 0xd800 && value <= 0xdfff)))
        return from_.store.trap("invalid `char` bit pattern");
    target.write(value, size);
    return Trap::none;
}

Trap Transfer::string(Place& source, Place& target)
{
    Range there;
    const Trap trap = transfer_string(from_, to_, RangeInPlace(source).range, there);
    write_range(target, there);
    return trap;
}

Trap Transfer::fixed_list(const ValueType& type, Place& source, Place& target)
{
    const std::uint32_t step = types_.arena()[type.element].layout.size;
    for (std::uint32_t i = 0; i < type.length; ++i) {
        const Trap trap = with_part(source, i * step, [&](Place& in) {
            return with_part(target, i * step, [&](Place& out) { return value(type.element, in, out); });
        });
        if (failed(trap))
            return trap;
        if (const Trap stopped = poll_after(from_.store, i); failed(stopped))
            return stopped;
    }
    return Trap::none;
}

Trap Transfer::flags(const ValueType& type, Place& source, Place& target)
{
    const auto mask = (std::uint64_t(1) << type.members->size()) - 1;
    target.write(source.read(type.layout.size) & mask, type.layout.size);
    return Trap::none;
}

Trap Transfer::value(ValueTypeId id, Place& source, Place& target)
{
    const ValueType& type = types_.arena()[id];
    switch (type.kind) {
    case ValueKind::string:
        return string(source, target);
    case ValueKind::list:
        return range(type.element, source, target);
    case ValueKind::map:
        return map(type, source, target);
    case ValueKind::fixed_list:
        return fixed_list(type, source, target);
    case ValueKind::record:
    case ValueKind::tuple:
        return record(type, source, target);
    case ValueKind::variant:
    case ValueKind::enum_:
    case ValueKind::option:
    case ValueKind::result:
        return variant(type, source, target);
    case ValueKind::flags:
        return flags(type, source, target);
    case ValueKind::own:
    case ValueKind::borrow:
    case ValueKind::stream:
    case ValueKind::future:
    case ValueKind::error_context:
        return handle(type, source, target);
    default:
        return scalar(type, source, target);
    }
}

Trap Transfer::elements(ValueTypeId id, const std::byte* source, std::byte* target, std::uint32_t count)
{
    const ValueType& type = types_.arena()[id];
    if (is_plain(type)) {
        std::memmove(target, source, std::size_t(count) * type.layout.size);
        return Trap::none;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        Place in = Place::of(const_cast<std::byte*>(source) + std::size_t(i) * type.layout.size);
        Place out = Place::of(target + std::size_t(i) * type.layout.size);
        if (const Trap trap = value(id, in, out); failed(trap))
            return trap;
        if (const Trap trap = poll_after(from_.store, i); failed(trap))
            return trap;
    }
    return Trap::none;
}

Trap Transfer::range(ValueTypeId element, Place& source, Place& target)
{
    const Layout layout = types_.arena()[element].layout;
    const Range here = RangeInPlace(source).range;
    const std::uint64_t bytes = std::uint64_t(here.length) * layout.size;
    if (const Trap trap = check_range(from_.store, from_.side, here.at, bytes, layout.alignment, "list"); failed(trap))
        return trap;
    Range there{0, here.length};
    if (const Trap trap = allocate(to_, layout.alignment, bytes, there.at); failed(trap))
        return trap;
    if (const Trap trap =
            elements(element, from_.side.memory->base() + here.at, to_.side.memory->base() + there.at, here.length);
        failed(trap))
        return trap;
    write_range(target, there);
    return Trap::none;
}

/// As a list of tuples of key and value.
Trap Transfer::map(const ValueType& type, Place& source, Place& target)
{
    const Layout key = types_.arena()[type.element].layout, mapped = types_.arena()[type.other].layout;
    const std::uint32_t alignment = std::max(key.alignment, mapped.alignment);
    const auto up = [](std::uint32_t offset, std::uint32_t to) { return (offset + to - 1) / to * to; };
    const std::uint32_t second = up(key.size, mapped.alignment), step = up(second + mapped.size, alignment);
    const Range here = RangeInPlace(source).range;
    const std::uint64_t bytes = std::uint64_t(here.length) * step;
    if (const Trap trap = check_range(from_.store, from_.side, here.at, bytes, alignment, "list"); failed(trap))
        return trap;
    Range there{0, here.length};
    if (const Trap trap = allocate(to_, alignment, bytes, there.at); failed(trap))
        return trap;
    for (std::uint32_t i = 0; i < here.length; ++i) {
        std::byte* const in = from_.side.memory->base() + here.at + std::size_t(i) * step;
        std::byte* const out = to_.side.memory->base() + there.at + std::size_t(i) * step;
        for (const auto& [offset, id] : {std::pair(0u, type.element), std::pair(second, type.other)}) {
            Place from = Place::of(in + offset), to = Place::of(out + offset);
            if (const Trap trap = value(id, from, to); failed(trap))
                return trap;
        }
        if (const Trap trap = poll_after(from_.store, i); failed(trap))
            return trap;
    }
    write_range(target, there);
    return Trap::none;
}

Trap Transfer::record(const ValueType& type, Place& source, Place& target)
{
    for (const Member& member : *type.members) {
        const Trap trap = with_part(source, member.offset, [&](Place& in) {
            return with_part(target, member.offset, [&](Place& out) { return value(member.type, in, out); });
        });
        if (failed(trap))
            return trap;
    }
    return Trap::none;
}

Trap Transfer::variant(const ValueType& type, Place& source, Place& target)
{
    const Slot* const flat_end = source.is_flat() ? source.flat + type.flat.count : nullptr;
    Slot* const target_end = target.is_flat() ? target.flat + type.flat.count : nullptr;
    const auto which = source.is_flat() ? source.read(4) : source.read(type.discriminant_bytes);
    if (which >= cases_of(type))
        return from_.store.trap(
            format("invalid variant discriminant: discriminant {} out of range [0..{})", which, cases_of(type)));
    target.write(which, type.discriminant_bytes);
    const ValueTypeId payload = payload_of(type, static_cast<std::uint32_t>(which));
    if (payload != no_type) {
        const Trap trap = with_part(source, type.payload_offset, [&](Place& in) {
            return with_part(target, type.payload_offset, [&](Place& out) { return value(payload, in, out); });
        });
        if (failed(trap))
            return trap;
    }
    if (source.is_flat())
        source.flat = const_cast<Slot*>(flat_end);
    if (target.is_flat())
        while (target.flat != target_end)
            (target.flat++)->u64 = 0;
    return Trap::none;
}

Trap Transfer::handle(const ValueType& type, Place& source, Place& target)
{
    const auto index = static_cast<std::uint32_t>(source.read(4));
    std::uint32_t passed = 0;
    const auto both = [](Trap first, auto&& second) { return failed(first) ? first : second(); };
    Trap trap = Trap::none;
    if (type.kind == ValueKind::own || type.kind == ValueKind::borrow) {
        RuntimeResourceType* const resource = types_.resource(type.resource);
        std::uint32_t rep = 0;
        const bool is_own = type.kind == ValueKind::own;
        trap = both((is_own ? lift_own : lift_borrow)(from_, resource, index, rep),
                    [&] { return (is_own ? lower_own : lower_borrow)(to_, resource, rep, passed); });
    } else if (type.kind == ValueKind::error_context) {
        std::shared_ptr<ErrorContext> error;
        trap = both(lift_error_context(from_, index, error), [&] {
            return add_handle(to_.store, *to_.side.instance,
                              {.kind = Handle::Kind::error_context, .error = std::move(error)}, passed);
        });
    } else {
        std::shared_ptr<SharedCopy> shared;
        trap = both(lift_copy_end(from_, type.kind == ValueKind::future, {&types_, type.element}, index, shared),
                    [&] { return lower_copy_end(to_, std::move(shared), passed); });
    }
    if (!failed(trap))
        target.write(passed, 4);
    return trap;
}

Trap tuple_at(ComponentStore& store, const CanonicalSide& side, std::uint32_t at, Layout layout, Place& place)
{
    if (at % layout.alignment != 0)
        return store.trap("unaligned pointer");
    const auto range = side.memory->range(at, layout.size);
    if (!range)
        return store.trap("pointer out of bounds of memory: out of bounds");
    place = Place::of(range->data());
    return Trap::none;
}

Trap pass_parameters(const Lifting& from, const Lowering& to, const ComponentFunction& function, Slot* source,
                     std::size_t most_source, Slot* target)
{
    const FuncType& type = *function.type;
    Place in = Place::of(source), out = Place::of(target);
    if (!type.flat_params.fits(most_source))
        if (const Trap trap = tuple_at(from.store, from.side, source->u32, type.params_layout, in); failed(trap))
            return trap;
    std::uint32_t at = 0;
    if (!type.flat_params.fits(limits::flat_params)) {
        if (const Trap trap = allocate(to, type.params_layout.alignment, type.params_layout.size, at); failed(trap))
            return trap;
        out = Place::of(to.side.memory->base() + at);
        target->u64 = at;
    }
    Transfer transfer(from, to, *function.types);
    std::uint32_t offset = 0;
    for (const Parameter& parameter : type.params) {
        const Layout layout = function.types->arena()[parameter.type].layout;
        offset = (offset + layout.alignment - 1) / layout.alignment * layout.alignment;
        const Trap trap = with_part(in, offset, [&](Place& here) {
            return with_part(out, offset, [&](Place& there) { return transfer.value(parameter.type, here, there); });
        });
        if (failed(trap))
            return trap;
        offset += layout.size;
    }
    return Trap::none;
}

Trap pass_result(const Lifting& from, const Lowering& to, const ComponentFunction& function, Slot* source,
                 std::size_t most_source, Slot* target, std::size_t most_target, const std::uint32_t* out)
{
    const FuncType& type = *function.type;
    if (type.result == no_type)
        return Trap::none;
    const Layout layout = function.types->arena()[type.result].layout;
    Place here = Place::of(source), there = Place::of(target);
    if (!type.flat_result.fits(most_source))
        if (const Trap trap = tuple_at(from.store, from.side, source->u32, layout, here); failed(trap))
            return trap;
    if (!type.flat_result.fits(most_target))
        if (const Trap trap = tuple_at(to.store, to.side, *out, layout, there); failed(trap))
            return trap;
    return Transfer(from, to, *function.types).value(type.result, here, there);
}

} // namespace trellis::wasm::component
