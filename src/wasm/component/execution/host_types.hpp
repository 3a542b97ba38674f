// C++ types as types of components: how values of the host are declared. Records have `fields`, enums `case_names`,
// variants and flags a tag with `names`; optional, expected, tuple, vector and string are what they say. The functions
// they are for: host_functions.hpp.
#pragma once

#include "wasm/component/execution/host_scalar_types.hpp"

namespace trellis::wasm::component {

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

template <class T>
inline constexpr HostElement host_element = {
    {HostType<T>::layout.size, HostType<T>::layout.alignment}, [](const HostTypeCheck& context, ValueTypeId element) {
        return HostType<std::expected<T, std::monostate>>::template check_payload<PayloadOf<T>>(context, element);
    }};
template <class T>
constexpr ElementType host_elements()
{
    return {.host = &host_element<PayloadOf<T>>};
}

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
        return lift_copy_end(from, is_future, host_elements<T>(), static_cast<std::uint32_t>(place.read(4)),
                             value.shared);
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

} // namespace trellis::wasm::component
