#include "wasm/component/execution/value.hpp"

#include "base/format.hpp"
#include "wasm/component/execution/copies.hpp"
#include "wasm/component/syntax/limits.hpp"

namespace trellis::wasm::component {
namespace {

/// Where the parts of a map's entries are.
struct EntryLayout {
    std::uint32_t second, step, alignment;

    EntryLayout(Layout key, Layout mapped) : alignment(std::max(key.alignment, mapped.alignment))
    {
        const auto up = [](std::uint32_t offset, std::uint32_t to) { return (offset + to - 1) / to * to; };
        second = up(key.size, mapped.alignment);
        step = up(second + mapped.size, alignment);
    }
};

class Lifter {
public:
    Lifter(const Lifting& from, const ComponentInstance& types) : from_(from), types_(types), arena_(types.arena()) {}

    Trap lift(ValueTypeId id, Place& place, Value& value)
    {
        using enum ValueKind;
        const ValueType& type = arena_[id];
        switch (type.kind) {
        case bool_:
            value.bits = place.read(place.is_flat() ? 4 : 1) != 0;
            return Trap::none;
        case char_:
            value.bits = place.read(4);
            if (value.bits >= 0x110000 || (value.bits >= 0xd800 && value.bits <= 0xdfff))
                return from_.store.trap("invalid `char` bit pattern");
            return Trap::none;
        case string: {
            const Trap trap = lift_string(from_, range(place), value.text);
            return failed(trap) ? trap : charge(value.text.size());
        }
        case list:
        case map:
            return lift_list(type, place, value);
        case fixed_list:
            return each(type.length, [&](std::uint32_t i) {
                return with_part(place, i * arena_[type.element].layout.size,
                                 [&](Place& part) { return lift(type.element, part, value.parts.emplace_back()); });
            });
        case record:
        case tuple:
            return each(static_cast<std::uint32_t>(type.members->size()), [&](std::uint32_t i) {
                const Member& member = (*type.members)[i];
                return with_part(place, member.offset,
                                 [&](Place& part) { return lift(member.type, part, value.parts.emplace_back()); });
            });
        case variant:
        case enum_:
        case option:
        case result:
            return lift_case(type, place, value);
        case flags: {
            const auto count = type.members->size();
            value.bits = place.read(type.layout.size) & ((std::uint64_t(1) << count) - 1);
            return Trap::none;
        }
        case own:
        case borrow:
        case stream:
        case future:
        case error_context:
            return lift_handle(type, static_cast<std::uint32_t>(place.read(4)), value);
        default:
            value.bits = place.read(type.layout.size);
            return Trap::none;
        }
    }

private:
    template <class Action>
    static Trap each(std::uint32_t count, Action&& action)
    {
        for (std::uint32_t i = 0; i < count; ++i)
            if (const Trap trap = action(i); failed(trap))
                return trap;
        return Trap::none;
    }
    static Range range(Place& place)
    {
        Range range;
        with_part(place, 0, [&](Place& part) { range.at = static_cast<std::uint32_t>(part.read(4)); });
        with_part(place, 4, [&](Place& part) { range.length = static_cast<std::uint32_t>(part.read(4)); });
        return range;
    }
    template <class Action>
    Trap list_of(Range range, std::uint32_t step, std::uint32_t alignment, Action&& action)
    {
        if (const Trap trap =
                check_range(from_.store, from_.side, range.at, std::uint64_t(range.length) * step, alignment, "list");
            failed(trap))
            return trap;
        if (const Trap trap = charge(std::uint64_t(range.length) * sizeof(Value)); failed(trap))
            return trap;
        std::byte* const base = from_.side.memory->base() + range.at;
        return each(range.length, [&](std::uint32_t i) { return action(base + std::size_t(i) * step); });
    }
    Trap lift_list(const ValueType& type, Place& place, Value& value)
    {
        const Layout element = arena_[type.element].layout;
        if (type.kind == ValueKind::list)
            return list_of(range(place), element.size, element.alignment, [&](std::byte* at) {
                Place one = Place::of(at);
                return lift(type.element, one, value.parts.emplace_back());
            });
        const EntryLayout entry(element, arena_[type.other].layout);
        return list_of(range(place), entry.step, entry.alignment, [&](std::byte* at) {
            Place key = Place::of(at), mapped = Place::of(at + entry.second);
            const Trap trap = lift(type.element, key, value.parts.emplace_back());
            return failed(trap) ? trap : lift(type.other, mapped, value.parts.emplace_back());
        });
    }
    Trap lift_case(const ValueType& type, Place& place, Value& value)
    {
        Slot* const end = place.is_flat() ? place.flat + type.flat.count : nullptr;
        value.bits = place.read(place.is_flat() ? 4 : type.discriminant_bytes);
        if (value.bits >= cases_of(type))
            return from_.store.trap(format("invalid variant discriminant: discriminant {} out of range [0..{})",
                                           value.bits, cases_of(type)));
        Trap trap = Trap::none;
        if (const ValueTypeId payload = payload_of(type, static_cast<std::uint32_t>(value.bits)); payload != no_type)
            trap = with_part(place, type.payload_offset,
                             [&](Place& part) { return lift(payload, part, value.parts.emplace_back()); });
        if (end)
            place.flat = end;
        return trap;
    }
    Trap lift_handle(const ValueType& type, std::uint32_t index, Value& value)
    {
        using enum ValueKind;
        if (type.kind == error_context)
            return lift_error_context(from_, index, value.error);
        if (type.kind == stream || type.kind == future)
            return lift_copy_end(from_, type.kind == future, {&types_, type.element}, index, value.copy);
        std::uint32_t rep = 0;
        const Trap trap =
            (type.kind == own ? lift_own : lift_borrow)(from_, types_.resource(type.resource), index, rep);
        value.bits = rep;
        return trap;
    }

    /// Lists may name the same bytes again and again, and a byte becomes a whole Value.
    Trap charge(std::uint64_t bytes)
    {
        charged_ += bytes;
        return charged_ <= most_bytes ? Trap::none : from_.store.trap("the value is too large");
    }

    static constexpr std::uint64_t most_bytes = std::uint64_t(256) << 20;

    const Lifting& from_;
    const ComponentInstance& types_;
    const TypeArena& arena_;
    std::uint64_t charged_ = 0;
};

/// As core values have it: small numbers are extended.
std::uint64_t extended(ValueKind kind, std::uint64_t bits)
{
    switch (kind) {
    case ValueKind::s8:
        return static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<std::int8_t>(bits)));
    case ValueKind::s16:
        return static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<std::int16_t>(bits)));
    case ValueKind::u8:
        return static_cast<std::uint8_t>(bits);
    case ValueKind::u16:
        return static_cast<std::uint16_t>(bits);
    default:
        return bits;
    }
}

class Lowerer {
public:
    Lowerer(const Lowering& to, const ComponentInstance& types) : to_(to), types_(types), arena_(types.arena()) {}

    Trap lower(ValueTypeId id, const Value& value, Place& place)
    {
        using enum ValueKind;
        const ValueType& type = arena_[id];
        switch (type.kind) {
        case string: {
            Range range;
            const Trap trap = lower_string(to_, value.text, range);
            write(range, place);
            return trap;
        }
        case list:
        case map:
            return lower_list(type, value, place);
        case fixed_list:
        case record:
        case tuple:
            return lower_parts(type, value, place);
        case variant:
        case enum_:
        case option:
        case result:
            return lower_case(type, value, place);
        case own:
        case borrow:
        case stream:
        case future:
        case error_context:
            return lower_handle(type, value, place);
        default:
            place.write(extended(type.kind, value.bits), type.layout.size);
            return Trap::none;
        }
    }

private:
    static void write(Range range, Place& place)
    {
        with_part(place, 0, [&](Place& part) { part.write(range.at, 4); });
        with_part(place, 4, [&](Place& part) { part.write(range.length, 4); });
    }
    Trap lower_list(const ValueType& type, const Value& value, Place& place)
    {
        const bool is_map = type.kind == ValueKind::map;
        const Layout element = arena_[type.element].layout;
        const EntryLayout entry(element, is_map ? arena_[type.other].layout : Layout());
        const std::uint32_t step = is_map ? entry.step : element.size;
        const std::uint32_t alignment = is_map ? entry.alignment : element.alignment;
        const auto count = static_cast<std::uint32_t>(value.parts.size() / (is_map ? 2 : 1));
        Range range{0, count};
        if (const Trap trap = allocate(to_, alignment, std::uint64_t(count) * step, range.at); failed(trap))
            return trap;
        std::byte* const base = to_.side.memory->base() + range.at;
        for (std::uint32_t i = 0; i < value.parts.size(); ++i) {
            const bool second = is_map && i % 2 == 1;
            Place one = Place::of(base + std::size_t(is_map ? i / 2 : i) * step + (second ? entry.second : 0));
            if (const Trap trap = lower(second ? type.other : type.element, value.parts[i], one); failed(trap))
                return trap;
        }
        write(range, place);
        return Trap::none;
    }
    Trap lower_parts(const ValueType& type, const Value& value, Place& place)
    {
        const bool is_list = type.kind == ValueKind::fixed_list;
        for (std::uint32_t i = 0; i < value.parts.size(); ++i) {
            const ValueTypeId part_type = is_list ? type.element : (*type.members)[i].type;
            const std::uint32_t offset = is_list ? i * arena_[type.element].layout.size : (*type.members)[i].offset;
            const Trap trap =
                with_part(place, offset, [&](Place& part) { return lower(part_type, value.parts[i], part); });
            if (failed(trap))
                return trap;
        }
        return Trap::none;
    }
    Trap lower_case(const ValueType& type, const Value& value, Place& place)
    {
        Slot* const end = place.is_flat() ? place.flat + type.flat.count : nullptr;
        place.write(value.bits, type.discriminant_bytes);
        Trap trap = Trap::none;
        if (const ValueTypeId payload = payload_of(type, static_cast<std::uint32_t>(value.bits)); payload != no_type)
            trap = with_part(place, type.payload_offset,
                             [&](Place& part) { return lower(payload, value.parts.front(), part); });
        while (end && place.flat < end)
            (place.flat++)->u64 = 0;
        return trap;
    }
    Trap lower_handle(const ValueType& type, const Value& value, Place& place)
    {
        using enum ValueKind;
        std::uint32_t index = 0;
        Trap trap = Trap::none;
        const auto rep = static_cast<std::uint32_t>(value.bits);
        if (type.kind == own || type.kind == borrow)
            trap = (type.kind == own ? lower_own : lower_borrow)(to_, types_.resource(type.resource), rep, index);
        else if (type.kind == error_context)
            trap = add_handle(to_.store, *to_.side.instance,
                              {.kind = Handle::Kind::error_context, .error = value.error}, index);
        else
            trap = lower_copy_end(to_, value.copy, index);
        place.write(index, 4);
        return trap;
    }

    const Lowering& to_;
    const ComponentInstance& types_;
    const TypeArena& arena_;
};

/// Whether a value has the parts that its type speaks of.
bool has_form(const TypeArena& arena, ValueTypeId id, const Value& value)
{
    using enum ValueKind;
    const ValueType& type = arena[id];
    const auto all = [&](auto type_of) {
        for (std::size_t i = 0; i < value.parts.size(); ++i)
            if (!has_form(arena, type_of(i), value.parts[i]))
                return false;
        return true;
    };
    switch (type.kind) {
    case list:
        return all([&](std::size_t) { return type.element; });
    case fixed_list:
        return value.parts.size() == type.length && all([&](std::size_t) { return type.element; });
    case map:
        return value.parts.size() % 2 == 0 &&
               all([&](std::size_t i) { return i % 2 == 0 ? type.element : type.other; });
    case record:
    case tuple:
        return value.parts.size() == type.members->size() &&
               all([&](std::size_t i) { return (*type.members)[i].type; });
    case variant:
    case enum_:
    case option:
    case result: {
        if (value.bits >= cases_of(type))
            return false;
        const ValueTypeId payload = payload_of(type, static_cast<std::uint32_t>(value.bits));
        return value.parts.size() == (payload == no_type ? 0u : 1u) && all([&](std::size_t) { return payload; });
    }
    case stream:
    case future:
        return value.copy != nullptr;
    case error_context:
        return value.error != nullptr;
    default:
        return true;
    }
}

/// A call from outside.
class Invocation final : public CallOrigin {
public:
    Invocation(ComponentStore& store, std::span<const Value> arguments) : store_(store), arguments_(arguments) {}

    Trap start(const ComponentFunction& callee, Task* task, Slot* flat) override
    {
        function_ = &callee;
        const Lowering to{store_, callee.side, task};
        const FuncType& type = *callee.type;
        Place place = Place::of(flat);
        if (!type.flat_params.fits(limits::flat_params)) {
            std::uint32_t at = 0;
            if (const Trap trap = allocate(to, type.params_layout.alignment, type.params_layout.size, at); failed(trap))
                return trap;
            place = Place::of(callee.side.memory->base() + at);
            flat->u64 = at;
        }
        std::uint32_t offset = 0;
        for (std::size_t i = 0; i < arguments_.size(); ++i) {
            const ValueTypeId id = type.params[i].type;
            const Layout layout = callee.types->arena()[id].layout;
            offset = (offset + layout.alignment - 1) / layout.alignment * layout.alignment;
            const Trap trap = with_part(
                place, offset, [&](Place& part) { return lower_value(to, *callee.types, id, arguments_[i], part); });
            if (failed(trap))
                return trap;
            offset += layout.size;
        }
        return Trap::none;
    }
    Trap resolve(const CanonicalSide& from, Slot* flat, std::size_t most_flat) override
    {
        is_resolved = true;
        const ValueTypeId id = function_->type->result;
        if (id == no_type || !flat)
            return Trap::none;
        Place place = Place::of(flat);
        const ValueType& type = function_->types->arena()[id];
        if (!type.flat.fits(most_flat))
            if (const Trap trap = tuple_at(store_, from, flat->u32, type.layout, place); failed(trap))
                return trap;
        return lift_value({store_, from}, *function_->types, id, place, result.emplace());
    }

    bool is_resolved = false;
    std::optional<Value> result = {};

private:
    ComponentStore& store_;
    std::span<const Value> arguments_;
    const ComponentFunction* function_ = nullptr;
};

/// A function of the host that a component only passes on: numbers go without any memory.
Result<std::optional<Value>> invoke_host(ComponentStore& store, const ComponentFunction& function,
                                         std::span<const Value> arguments)
{
    const FuncType& type = *function.type;
    if (!function.host->call || type.facts.has_pointer || type.facts.has_resource ||
        !type.flat_params.fits(limits::flat_params) || !type.flat_result.fits(limits::flat_results))
        return fail(ErrorCode::unsupported, "a function of the host can only be called by a component");
    std::array<Slot, FlatTypes::max> frame = {};
    Place place = Place::of(frame.data());
    const Lowering to{store, {}};
    for (std::size_t i = 0; i < arguments.size(); ++i)
        (void)lower_value(to, *function.types, type.params[i].type, arguments[i], place);
    HostCall call{store, function.host_context, {store, {}}, to, Place::of(frame.data()), Place::of(frame.data())};
    if (const Trap trap = function.host->call(call); failed(trap))
        return fail(ErrorCode::trap, trap == Trap::host_error ? store.core.host_error : std::string(message_of(trap)));
    std::optional<Value> result;
    place = Place::of(frame.data());
    if (type.result != no_type)
        (void)lift_value({store, {}}, *function.types, type.result, place, result.emplace());
    return result;
}

} // namespace

Trap lift_value(const Lifting& from, const ComponentInstance& types, ValueTypeId type, Place& place, Value& value)
{
    return Lifter(from, types).lift(type, place, value);
}

Trap lower_value(const Lowering& to, const ComponentInstance& types, ValueTypeId type, const Value& value, Place& place)
{
    return Lowerer(to, types).lower(type, value, place);
}

Result<std::optional<Value>> invoke(ComponentStore& store, const ComponentFunction& function,
                                    std::span<const Value> arguments)
{
    const FuncType& type = *function.type;
    bool fits = arguments.size() == type.params.size();
    for (std::size_t i = 0; fits && i < arguments.size(); ++i)
        fits = has_form(function.types->arena(), type.params[i].type, arguments[i]);
    if (!fits)
        return fail(ErrorCode::usage, "the arguments are not of the function's type");
    if (function.host)
        return invoke_host(store, function, arguments);
    store.core.host_error.clear();
    Invocation origin(store, arguments);
    Trap trap = store.call(function, origin, nullptr);
    if (!failed(trap) && !origin.is_resolved)
        trap = store.run_until([&] { return origin.is_resolved; });
    if (failed(trap))
        return fail(ErrorCode::trap, trap == Trap::host_error ? store.core.host_error : std::string(message_of(trap)));
    return std::move(origin.result);
}

} // namespace trellis::wasm::component
