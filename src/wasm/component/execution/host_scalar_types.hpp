// C++ types as types of components, the simple ones: numbers, strings, lists; and what records, enums, variants and
// flags are described with. host_types.hpp has the others.
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

/// Lists may name the same bytes again and again, so a small memory of a guest could become a large one of the host.
inline Trap charge_lifting(const Lifting& from, std::uint64_t bytes)
{
    constexpr std::uint64_t most = std::uint64_t(256) << 20;
    from.store.lifted_bytes += bytes;
    return from.store.lifted_bytes <= most ? Trap::none : from.store.trap("arguments of a host function are too large");
}

template <>
struct HostType<std::string> {
    static constexpr HostLayout layout = {8, 4, 2};
    static bool check(const HostTypeCheck&, const ValueType& type) { return type.kind == ValueKind::string; }
    static Trap lift(const Lifting& from, Place& place, std::string& value)
    {
        const Range range = read_range(place);
        constexpr std::uint32_t tag = 1u << 31; // of latin1+utf16
        if (const Trap trap = charge_lifting(from, range.length & ~tag); failed(trap))
            return trap;
        return lift_string(from, range, value);
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
        if (const Trap trap = charge_lifting(from, range.length * std::uint64_t(sizeof(T))); failed(trap))
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

} // namespace trellis::wasm::component
