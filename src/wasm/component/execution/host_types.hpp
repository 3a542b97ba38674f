// C++ types as types of components: how a function of the host is declared. A C++ function
//     Trap read(Context&, Borrow<Stream>, std::uint64_t, std::expected<std::vector<std::uint8_t>, Problem>& result)
// is of the component type func(self: borrow<stream>, len: u64) -> result<list<u8>, problem>;
// host_function<read>("name") makes the row for it. Records have `fields`, enums `case_names`, variants and flags a tag
// with `names`.
#pragma once

#include "base/format.hpp"
#include "wasm/component/execution/copies.hpp"
#include "wasm/component/execution/host.hpp"
#include "wasm/component/syntax/limits.hpp"

#include <expected>
#include <tuple>

namespace trellis::wasm::component {

/// A handle that the guest gives away, or gets: the object is in ComponentStore::objects.
template <class T>
struct Own {
    std::uint32_t rep = 0;
};
template <class T>
struct Borrow {
    std::uint32_t rep = 0;
};

/// Which host type it is.
template <class T>
inline constexpr char host_type_mark = 0;
template <class T>
constexpr const void* host_type_of()
{
    return &host_type_mark<T>;
}

/// The readable end of a stream or future.
template <class T>
struct StreamOf {
    std::shared_ptr<SharedCopy> shared;
};
template <class T>
struct FutureOf {
    std::shared_ptr<SharedCopy> shared;
};

/// Names of an enum's cases in order: specialised for each enum.
template <class Enum>
inline constexpr std::array<std::string_view, 0> case_names = {};

/// Flags; Tag::names in order from bit 0 on.
template <class Tag>
struct Flags {
    std::uint32_t bits = 0;
};

/// A variant; Tag::names in order. A case without payload is std::monostate.
template <class Tag, class... Cases>
struct Variant {
    std::variant<Cases...> value;
};

template <class Class, class Member>
struct Field {
    std::string_view name;
    Member Class::* place;
};
template <class Class, class Member>
Field(const char*, Member Class::*) -> Field<Class, Member>;

// Layout and conversion

template <class T>
struct HostType;

struct HostLayout {
    std::uint32_t size, alignment, flat;
};

constexpr std::uint32_t aligned(std::uint32_t offset, std::uint32_t alignment)
{
    return (offset + alignment - 1) / alignment * alignment;
}

template <class T, ValueKind value_kind>
struct NumberHostType {
    static constexpr HostLayout layout = {sizeof(T), sizeof(T), 1};
    static bool check(const HostTypeCheck&, const ValueType& type) { return type.kind == value_kind; }
    static Trap lift(const Lifting&, Place& place, T& value)
    {
        const std::uint64_t bits = place.read(sizeof(T));
        std::memcpy(&value, &bits, sizeof(T));
        return Trap::none;
    }
    static Trap lower(const Lowering&, const T& value, Place& place)
    {
        std::uint64_t bits = 0;
        if constexpr (std::signed_integral<T> && sizeof(T) < 4) {
            bits = static_cast<std::uint32_t>(static_cast<std::int32_t>(value));
        } else {
            std::memcpy(&bits, &value, sizeof(T));
        }
        place.write(bits, sizeof(T));
        return Trap::none;
    }
};
// clang-format off
template <> struct HostType<std::int8_t> : NumberHostType<std::int8_t, ValueKind::s8> {};
template <> struct HostType<std::uint8_t> : NumberHostType<std::uint8_t, ValueKind::u8> {};
template <> struct HostType<std::int16_t> : NumberHostType<std::int16_t, ValueKind::s16> {};
template <> struct HostType<std::uint16_t> : NumberHostType<std::uint16_t, ValueKind::u16> {};
template <> struct HostType<std::int32_t> : NumberHostType<std::int32_t, ValueKind::s32> {};
template <> struct HostType<std::uint32_t> : NumberHostType<std::uint32_t, ValueKind::u32> {};
template <> struct HostType<std::int64_t> : NumberHostType<std::int64_t, ValueKind::s64> {};
template <> struct HostType<std::uint64_t> : NumberHostType<std::uint64_t, ValueKind::u64> {};
template <> struct HostType<float> : NumberHostType<float, ValueKind::f32> {};
template <> struct HostType<double> : NumberHostType<double, ValueKind::f64> {};
// clang-format on

template <>
struct HostType<bool> {
    static constexpr HostLayout layout = {1, 1, 1};
    static bool check(const HostTypeCheck&, const ValueType& type) { return type.kind == ValueKind::bool_; }
    static Trap lift(const Lifting&, Place& place, bool& value)
    {
        value = place.read(place.is_flat() ? 4 : 1) != 0;
        return Trap::none;
    }
    static Trap lower(const Lowering&, bool value, Place& place)
    {
        place.write(value, 1);
        return Trap::none;
    }
};

template <>
struct HostType<char32_t> {
    static constexpr HostLayout layout = {4, 4, 1};
    static bool check(const HostTypeCheck&, const ValueType& type) { return type.kind == ValueKind::char_; }
    static Trap lift(const Lifting& from, Place& place, char32_t& value)
    {
        value = static_cast<char32_t>(place.read(4));
        const bool is_scalar = value < 0x110000 && (value < 0xd800 || value > 0xdfff);
        return is_scalar ? Trap::none : from.store.trap("invalid `char` bit pattern");
    }
    static Trap lower(const Lowering&, char32_t value, Place& place)
    {
        place.write(value, 4);
        return Trap::none;
    }
};

/// Pointer and length.
inline Range read_range(Place& place)
{
    Range range;
    with_part(place, 0, [&](Place& part) { range.at = static_cast<std::uint32_t>(part.read(4)); });
    with_part(place, 4, [&](Place& part) { range.length = static_cast<std::uint32_t>(part.read(4)); });
    return range;
}
inline void write_range(Range range, Place& place)
{
    with_part(place, 0, [&](Place& part) { part.write(range.at, 4); });
    with_part(place, 4, [&](Place& part) { part.write(range.length, 4); });
}

template <>
struct HostType<std::string> {
    static constexpr HostLayout layout = {8, 4, 2};
    static bool check(const HostTypeCheck&, const ValueType& type) { return type.kind == ValueKind::string; }
    static Trap lift(const Lifting& from, Place& place, std::string& value)
    {
        return lift_string(from, read_range(place), value);
    }
    static Trap lower(const Lowering& to, const std::string& value, Place& place)
    {
        Range range;
        const Trap trap = lower_string(to, value, range);
        write_range(range, place);
        return trap;
    }
};

template <class T>
struct HostType<std::vector<T>> {
    static constexpr HostLayout layout = {8, 4, 2};
    static constexpr HostLayout element = HostType<T>::layout;
    static constexpr bool is_plain = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

    static bool check(const HostTypeCheck& context, const ValueType& type)
    {
        return type.kind == ValueKind::list && HostType<T>::check(context, context.arena[type.element]);
    }
    static Trap lift(const Lifting& from, Place& place, std::vector<T>& value)
    {
        const Range range = read_range(place);
        const std::uint64_t bytes = std::uint64_t(range.length) * element.size;
        if (const Trap trap = check_range(from.store, from.side, range.at, bytes, element.alignment, "list");
            failed(trap))
            return trap;
        std::byte* const base = from.side.memory->base() + range.at;
        value.resize(range.length);
        if constexpr (is_plain) {
            if (bytes != 0)
                std::memcpy(value.data(), base, bytes);
        } else {
            for (std::uint32_t i = 0; i < range.length; ++i) {
                Place one = Place::of(base + std::size_t(i) * element.size);
                if (const Trap trap = HostType<T>::lift(from, one, value[i]); failed(trap))
                    return trap;
            }
        }
        return Trap::none;
    }
    static Trap lower(const Lowering& to, const std::vector<T>& value, Place& place)
    {
        Range range{0, static_cast<std::uint32_t>(value.size())};
        const std::uint64_t bytes = std::uint64_t(range.length) * element.size;
        if (const Trap trap = allocate(to, element.alignment, bytes, range.at); failed(trap))
            return trap;
        std::byte* const base = to.side.memory->base() + range.at;
        if constexpr (is_plain) {
            if (bytes != 0)
                std::memcpy(base, value.data(), bytes);
        } else {
            for (std::uint32_t i = 0; i < range.length; ++i) {
                Place one = Place::of(base + std::size_t(i) * element.size);
                if (const Trap trap = HostType<T>::lower(to, value[i], one); failed(trap))
                    return trap;
            }
        }
        write_range(range, place);
        return Trap::none;
    }
};

/// Several values one behind the other: tuples and records.
template <class... Parts>
struct PartsLayout {
    static constexpr HostLayout layout = [] {
        HostLayout all = {0, 1, 0};
        ((all.size = aligned(all.size, HostType<Parts>::layout.alignment) + HostType<Parts>::layout.size,
          all.alignment = std::max(all.alignment, HostType<Parts>::layout.alignment),
          all.flat += HostType<Parts>::layout.flat),
         ...);
        all.size = aligned(all.size, all.alignment);
        return all;
    }();

    /// Calls use(part, place) for each; `offset` goes on.
    template <class T, class Use>
    static Trap part(Place& place, std::uint32_t& offset, T& value, Use&& use)
    {
        constexpr HostLayout one = HostType<std::remove_const_t<T>>::layout;
        offset = aligned(offset, one.alignment);
        const Trap trap = with_part(place, offset, [&](Place& at) { return use(value, at); });
        offset += one.size;
        return trap;
    }
};

template <class T>
Trap lift_value(const Lifting& from, Place& place, T& value)
{
    return HostType<T>::lift(from, place, value);
}
template <class T>
Trap lower_value(const Lowering& to, const T& value, Place& place)
{
    return HostType<T>::lower(to, value, place);
}

template <class... Parts>
struct HostType<std::tuple<Parts...>> {
    using All = PartsLayout<Parts...>;
    static constexpr HostLayout layout = All::layout;

    static bool check(const HostTypeCheck& context, const ValueType& type)
    {
        if (type.kind != ValueKind::tuple || type.members->size() != sizeof...(Parts))
            return false;
        std::size_t i = 0;
        return (HostType<Parts>::check(context, context.arena[(*type.members)[i++].type]) && ...);
    }
    static Trap lift(const Lifting& from, Place& place, std::tuple<Parts...>& value)
    {
        std::uint32_t offset = 0;
        Trap trap = Trap::none;
        std::apply(
            [&](auto&... parts) {
                ((trap = All::part(place, offset, parts,
                                   [&](auto& part, Place& at) { return lift_value(from, at, part); }),
                  failed(trap)) ||
                 ...);
            },
            value);
        return trap;
    }
    static Trap lower(const Lowering& to, const std::tuple<Parts...>& value, Place& place)
    {
        std::uint32_t offset = 0;
        Trap trap = Trap::none;
        std::apply(
            [&](const auto&... parts) {
                ((trap = All::part(place, offset, parts,
                                   [&](const auto& part, Place& at) { return lower_value(to, part, at); }),
                  failed(trap)) ||
                 ...);
            },
            value);
        return trap;
    }
};

template <class T>
concept HostRecord = requires { T::fields; };

template <HostRecord T>
struct HostType<T> {
    template <class... Members>
    static PartsLayout<Members...> parts_of(const std::tuple<Field<T, Members>...>&);
    using All = decltype(parts_of(T::fields));
    static constexpr HostLayout layout = All::layout;

    static bool check(const HostTypeCheck& context, const ValueType& type)
    {
        return type.kind == ValueKind::record &&
               std::apply(
                   [&](const auto&... fields) {
                       std::size_t i = 0;
                       return type.members->size() == sizeof...(fields) &&
                              (check_field(context, (*type.members)[i++], fields) && ...);
                   },
                   T::fields);
    }
    static Trap lift(const Lifting& from, Place& place, T& value)
    {
        std::uint32_t offset = 0;
        Trap trap = Trap::none;
        std::apply(
            [&](const auto&... fields) {
                ((trap = All::part(place, offset, value.*fields.place,
                                   [&](auto& part, Place& at) { return lift_value(from, at, part); }),
                  failed(trap)) ||
                 ...);
            },
            T::fields);
        return trap;
    }
    static Trap lower(const Lowering& to, const T& value, Place& place)
    {
        std::uint32_t offset = 0;
        Trap trap = Trap::none;
        std::apply(
            [&](const auto&... fields) {
                ((trap = All::part(place, offset, value.*fields.place,
                                   [&](const auto& part, Place& at) { return lower_value(to, part, at); }),
                  failed(trap)) ||
                 ...);
            },
            T::fields);
        return trap;
    }

private:
    template <class Member>
    static bool check_field(const HostTypeCheck& context, const component::Member& there, const Field<T, Member>& field)
    {
        return there.name == field.name && HostType<Member>::check(context, context.arena[there.type]);
    }
};

template <class T>
concept HostEnum = std::is_enum_v<T> && case_names<T>.size() != 0;

inline bool names_match(const ValueType& type, std::span<const std::string_view> names)
{
    return std::ranges::equal(*type.members, names, {}, [](const Member& one) { return one.name; });
}

constexpr std::uint32_t discriminant_size(std::size_t cases)
{
    return cases <= 0x100 ? 1 : cases <= 0x1'0000 ? 2 : 4;
}

inline Trap lift_discriminant(const Lifting& from, Place& place, std::uint32_t cases, std::uint32_t& which)
{
    which = static_cast<std::uint32_t>(place.read(place.is_flat() ? 4 : discriminant_size(cases)));
    if (which < cases)
        return Trap::none;
    return from.store.trap(format("invalid variant discriminant: discriminant {} out of range [0..{})", which, cases));
}

template <HostEnum T>
struct HostType<T> {
    static constexpr std::uint32_t count = case_names<T>.size();
    static constexpr HostLayout layout = {discriminant_size(count), discriminant_size(count), 1};

    static bool check(const HostTypeCheck&, const ValueType& type)
    {
        return type.kind == ValueKind::enum_ && names_match(type, case_names<T>);
    }
    static Trap lift(const Lifting& from, Place& place, T& value)
    {
        std::uint32_t which = 0;
        const Trap trap = lift_discriminant(from, place, count, which);
        value = static_cast<T>(which);
        return trap;
    }
    static Trap lower(const Lowering&, const T& value, Place& place)
    {
        place.write(static_cast<std::uint32_t>(value), layout.size);
        return Trap::none;
    }
};

template <class Tag>
struct HostType<Flags<Tag>> {
    static constexpr std::uint32_t size = Tag::names.size() <= 8 ? 1 : Tag::names.size() <= 16 ? 2 : 4;
    static constexpr HostLayout layout = {size, size, 1};

    static bool check(const HostTypeCheck&, const ValueType& type)
    {
        return type.kind == ValueKind::flags && names_match(type, Tag::names);
    }
    static Trap lift(const Lifting&, Place& place, Flags<Tag>& value)
    {
        value.bits = static_cast<std::uint32_t>(place.read(size) & ((std::uint64_t(1) << Tag::names.size()) - 1));
        return Trap::none;
    }
    static Trap lower(const Lowering&, const Flags<Tag>& value, Place& place)
    {
        place.write(value.bits, size);
        return Trap::none;
    }
};

// What has cases

/// Of no payload: std::monostate and void.
template <class T>
struct PayloadType {
    static constexpr HostLayout layout = HostType<T>::layout;
};
template <>
struct PayloadType<std::monostate> {
    static constexpr HostLayout layout = {0, 1, 0};
};

template <class... Payloads>
struct CasesLayout {
    static constexpr std::uint32_t count = sizeof...(Payloads);
    static constexpr std::uint32_t discriminant = discriminant_size(count);
    static constexpr std::uint32_t alignment = std::max({discriminant, PayloadType<Payloads>::layout.alignment...});
    static constexpr std::uint32_t payload_offset =
        aligned(discriminant, std::max({1u, PayloadType<Payloads>::layout.alignment...}));
    static constexpr std::uint32_t flat = 1 + std::max({0u, PayloadType<Payloads>::layout.flat...});
    static constexpr HostLayout layout = {
        aligned(payload_offset + std::max({0u, PayloadType<Payloads>::layout.size...}), alignment), alignment, flat};

    template <class T>
    static Trap lift_payload(const Lifting& from, Place& place, T& value)
    {
        if constexpr (std::is_same_v<T, std::monostate>)
            return Trap::none;
        else
            return with_part(place, payload_offset, [&](Place& at) { return HostType<T>::lift(from, at, value); });
    }
    template <class T>
    static Trap lower_case(const Lowering& to, std::uint32_t which, const T& value, Place& place)
    {
        Slot* const end = place.is_flat() ? place.flat + flat : nullptr;
        place.write(which, discriminant);
        Trap trap = Trap::none;
        if constexpr (!std::is_same_v<T, std::monostate>)
            trap = with_part(place, payload_offset, [&](Place& at) { return HostType<T>::lower(to, value, at); });
        if (place.is_flat())
            while (place.flat < end)
                (place.flat++)->u64 = 0;
        return trap;
    }
    /// Behind a flat value whose cases need not all be as long.
    struct End {
        Place& place;
        Slot* flat;
        explicit End(Place& at) : place(at), flat(at.is_flat() ? at.flat + CasesLayout::flat : nullptr) {}
        ~End()
        {
            if (flat)
                place.flat = flat;
        }
        End(const End&) = delete;
        End& operator=(const End&) = delete;
    };
};

template <class T>
struct HostType<std::optional<T>> {
    using Cases = CasesLayout<std::monostate, T>;
    static constexpr HostLayout layout = Cases::layout;

    static bool check(const HostTypeCheck& context, const ValueType& type)
    {
        return type.kind == ValueKind::option && HostType<T>::check(context, context.arena[type.element]);
    }
    static Trap lift(const Lifting& from, Place& place, std::optional<T>& value)
    {
        const typename Cases::End end(place);
        std::uint32_t which = 0;
        if (const Trap trap = lift_discriminant(from, place, 2, which); failed(trap))
            return trap;
        value.reset();
        return which == 0 ? Trap::none : Cases::lift_payload(from, place, value.emplace());
    }
    static Trap lower(const Lowering& to, const std::optional<T>& value, Place& place)
    {
        return value ? Cases::lower_case(to, 1, *value, place) : Cases::lower_case(to, 0, std::monostate(), place);
    }
};

template <class T>
using PayloadOf = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T, class E>
struct HostType<std::expected<T, E>> {
    using Cases = CasesLayout<PayloadOf<T>, E>;
    static constexpr HostLayout layout = Cases::layout;

    template <class P>
    static bool check_payload(const HostTypeCheck& context, ValueTypeId id)
    {
        if constexpr (std::is_same_v<P, std::monostate>)
            return id == no_type;
        else
            return id != no_type && HostType<P>::check(context, context.arena[id]);
    }
    static bool check(const HostTypeCheck& context, const ValueType& type)
    {
        return type.kind == ValueKind::result && check_payload<PayloadOf<T>>(context, type.element) &&
               check_payload<E>(context, type.other);
    }
    static Trap lift(const Lifting& from, Place& place, std::expected<T, E>& value)
    {
        const typename Cases::End end(place);
        std::uint32_t which = 0;
        if (const Trap trap = lift_discriminant(from, place, 2, which); failed(trap))
            return trap;
        Trap trap = Trap::none;
        if (which == 0) {
            PayloadOf<T> payload{};
            trap = Cases::lift_payload(from, place, payload);
            if constexpr (std::is_void_v<T>)
                value = {};
            else
                value = std::move(payload);
        } else {
            E payload{};
            trap = Cases::lift_payload(from, place, payload);
            value = std::unexpected(std::move(payload));
        }
        return trap;
    }
    static Trap lower(const Lowering& to, const std::expected<T, E>& value, Place& place)
    {
        if (!value)
            return Cases::lower_case(to, 1, value.error(), place);
        if constexpr (std::is_void_v<T>)
            return Cases::lower_case(to, 0, std::monostate(), place);
        else
            return Cases::lower_case(to, 0, *value, place);
    }
};

template <class Tag, class... Payloads>
struct HostType<Variant<Tag, Payloads...>> {
    using Cases = CasesLayout<Payloads...>;
    static constexpr HostLayout layout = Cases::layout;

    static bool check(const HostTypeCheck& context, const ValueType& type)
    {
        if (type.kind != ValueKind::variant || !names_match(type, Tag::names))
            return false;
        std::size_t i = 0;
        return (HostType<std::expected<Payloads, std::monostate>>::template check_payload<Payloads>(
                    context, (*type.members)[i++].type) &&
                ...);
    }
    static Trap lift(const Lifting& from, Place& place, Variant<Tag, Payloads...>& value)
    {
        const typename Cases::End end(place);
        std::uint32_t which = 0;
        if (const Trap trap = lift_discriminant(from, place, Cases::count, which); failed(trap))
            return trap;
        return lift_case(from, place, value, which, std::index_sequence_for<Payloads...>());
    }
    static Trap lower(const Lowering& to, const Variant<Tag, Payloads...>& value, Place& place)
    {
        return std::visit(
            [&](const auto& payload) {
                return Cases::lower_case(to, static_cast<std::uint32_t>(value.value.index()), payload, place);
            },
            value.value);
    }

private:
    template <std::size_t... I>
    static Trap lift_case(const Lifting& from, Place& place, Variant<Tag, Payloads...>& value, std::uint32_t which,
                          std::index_sequence<I...>)
    {
        Trap trap = Trap::none;
        ((which == I ? void(trap = Cases::lift_payload(from, place, value.value.template emplace<I>())) : void()), ...);
        return trap;
    }
};

// Handles

template <class T, bool owns>
struct HandleHostType {
    static constexpr HostLayout layout = {4, 4, 1};
    static bool check(const HostTypeCheck& context, const ValueType& type)
    {
        if (type.kind != (owns ? ValueKind::own : ValueKind::borrow))
            return false;
        const RuntimeResourceType* const there = context.types.resource(type.resource);
        return there && there->host_type == host_type_of<T>();
    }
    template <class Given>
    static Trap lift(const Lifting& from, Place& place, Given& value)
    {
        const auto index = static_cast<std::uint32_t>(place.read(4));
        const RuntimeResourceType* const type = from.store.host_resource(host_type_of<T>());
        return owns ? lift_own(from, type, index, value.rep) : lift_borrow(from, type, index, value.rep);
    }
    template <class Given>
    static Trap lower(const Lowering& to, const Given& value, Place& place)
    {
        std::uint32_t index = 0;
        const Trap trap = lower_own(to, to.store.host_resource(host_type_of<T>()), value.rep, index);
        place.write(index, 4);
        return trap;
    }
};
template <class T>
struct HostType<Own<T>> : HandleHostType<T, true> {};
template <class T>
struct HostType<Borrow<T>> : HandleHostType<T, false> {};

template <class T, bool is_future>
struct CopyEndHostType {
    static constexpr HostLayout layout = {4, 4, 1};
    static bool check(const HostTypeCheck& context, const ValueType& type)
    {
        if (type.kind != (is_future ? ValueKind::future : ValueKind::stream))
            return false;
        return HostType<std::expected<T, std::monostate>>::template check_payload<PayloadOf<T>>(context, type.element);
    }
    template <class End>
    static Trap lift(const Lifting& from, Place& place, End& value)
    {
        return lift_copy_end(from, is_future, static_cast<std::uint32_t>(place.read(4)), value.shared);
    }
    template <class End>
    static Trap lower(const Lowering& to, const End& value, Place& place)
    {
        std::uint32_t index = 0;
        const Trap trap = lower_copy_end(to, value.shared, index);
        place.write(index, 4);
        return trap;
    }
};
template <class T>
struct HostType<StreamOf<T>> : CopyEndHostType<T, false> {};
template <class T>
struct HostType<FutureOf<T>> : CopyEndHostType<T, true> {};

// Functions

/// Takes one argument after the other.
template <class T>
Trap take_argument(HostCall& call, T& value)
{
    constexpr HostLayout layout = HostType<T>::layout;
    call.offset = aligned(call.offset, layout.alignment);
    const Trap trap =
        with_part(call.parameters, call.offset, [&](Place& at) { return HostType<T>::lift(call.from, at, value); });
    call.offset += layout.size;
    return trap;
}

template <class... Arguments>
Trap take_arguments(HostCall& call, std::tuple<Arguments...>& arguments)
{
    Trap trap = Trap::none;
    std::apply([&](auto&... one) { (void)((trap = take_argument(call, one), failed(trap)) || ...); }, arguments);
    return trap;
}

template <class... Arguments>
bool check_parameters(const HostTypeCheck& context, const FuncType& type)
{
    if (type.params.size() != sizeof...(Arguments))
        return false;
    std::size_t i = 0;
    return (HostType<Arguments>::check(context, context.arena[type.params[i++].type]) && ...);
}

/// The last parameter of a C++ function, a reference that is not const, is its result.
template <class... Parameters>
struct SplitParameters {
    static constexpr std::size_t count = sizeof...(Parameters);
    using All = std::tuple<Parameters...>;
    static constexpr bool has_result = [] {
        if constexpr (count == 0)
            return false;
        else
            return std::is_lvalue_reference_v<std::tuple_element_t<count - 1, All>>;
    }();
    template <std::size_t... I>
    static std::tuple<std::remove_cvref_t<std::tuple_element_t<I, All>>...> arguments(std::index_sequence<I...>);
    using Arguments = decltype(arguments(std::make_index_sequence<count - (has_result ? 1 : 0)>()));
    static auto result_of()
    {
        if constexpr (has_result)
            return std::type_identity<std::remove_reference_t<std::tuple_element_t<count - 1, All>>>();
        else
            return std::type_identity<std::monostate>();
    }
    using Result_ = typename decltype(result_of())::type;
};

/// Of `Trap function(HostContext&, ComponentStore&, arguments..., result&)`.
template <auto function>
struct BoundHostFunction;

template <class Context, class... Parameters, Trap (*function)(Context&, ComponentStore&, Parameters...)>
struct BoundHostFunction<function> {
    using Split = SplitParameters<Parameters...>;
    using Arguments = typename Split::Arguments;
    using Result_ = typename Split::Result_;

    static Trap invoke(HostCall& call, Arguments& arguments, Result_& result)
    {
        auto& context = *static_cast<Context*>(call.context);
        return std::apply(
            [&](auto&... one) {
                if constexpr (Split::has_result)
                    return function(context, call.store, std::move(one)..., result);
                else
                    return function(context, call.store, std::move(one)...);
            },
            arguments);
    }
    static Trap give(HostCall& call, const Result_& result)
    {
        if constexpr (Split::has_result)
            return HostType<Result_>::lower(call.to, result, call.result);
        else
            return Trap::none;
    }
    static Trap call(HostCall& call)
    {
        Arguments arguments{};
        Result_ result{};
        if (const Trap trap = take_arguments(call, arguments); failed(trap))
            return trap;
        if (const Trap trap = invoke(call, arguments, result); failed(trap))
            return trap;
        return give(call, result);
    }

    class Running final : public RunningHostCall {
    public:
        Running(HostCall& call) : context_(*static_cast<Context*>(call.context)) {}
        Arguments arguments{};
        Trap run(ComponentStore& store) override
        {
            return std::apply(
                [&](auto&... one) {
                    if constexpr (Split::has_result)
                        return function(context_, store, std::move(one)..., result_);
                    else
                        return function(context_, store, std::move(one)...);
                },
                arguments);
        }
        Trap give_result(HostCall& call) override { return give(call, result_); }

    private:
        Context& context_;
        Result_ result_{};
    };
    static std::unique_ptr<RunningHostCall> start(HostCall& call, Trap& trap)
    {
        auto running = std::make_unique<Running>(call);
        trap = take_arguments(call, running->arguments);
        return running;
    }

    template <bool is_async>
    static Result<> check(const HostTypeCheck& context, const FuncType& type)
    {
        const bool fits = type.is_async == is_async &&
                          check_arguments(context, type, static_cast<Arguments*>(nullptr)) &&
                          (type.result != no_type) == Split::has_result;
        if constexpr (Split::has_result) {
            if (!fits || !HostType<Result_>::check(context, context.arena[type.result]))
                return fail(ErrorCode::unlinkable, "function has the wrong type");
        } else if (!fits)
            return fail(ErrorCode::unlinkable, "function has the wrong type");
        return {};
    }

private:
    template <class... Ts>
    static bool check_arguments(const HostTypeCheck& context, const FuncType& type, std::tuple<Ts...>*)
    {
        return check_parameters<Ts...>(context, type);
    }
};

/// The row of a function that gives its result at once.
template <auto function>
constexpr HostFunction host_function(std::string_view name)
{
    using Bound = BoundHostFunction<function>;
    return {name, Bound::call, nullptr, Bound::template check<false>};
}

/// The row of one that may wait: its import is an async function.
template <auto function>
constexpr HostFunction async_host_function(std::string_view name)
{
    using Bound = BoundHostFunction<function>;
    return {name, nullptr, Bound::start, Bound::template check<true>};
}

template <class T>
constexpr HostResource host_resource(std::string_view name)
{
    return {name, host_type_of<T>()};
}

} // namespace trellis::wasm::component
