// The handlers of instructions that compute a value from one, two or three operands, made from the functions of
// numeric.hpp: one handler per combination of sources and destination, laid out in rows that operands.hpp hands out.
#pragma once

#include "wasm/execution/numeric.hpp"
#include "wasm/interpreter/handler_state.hpp"

#include <array>
#include <type_traits>
#include <utility>

namespace trellis::wasm::interpreter {

template <class F>
struct Signature;
template <class R, class... Args>
struct Signature<R (*)(Args...)> {
    using Result = R;
    template <std::size_t i>
    using Arg = std::tuple_element_t<i, std::tuple<Args...>>;
    static constexpr std::size_t arity = sizeof...(Args);
};
template <class R, class... Args>
struct Signature<R (*)(Args...) noexcept> : Signature<R (*)(Args...)> {};
template <auto function>
using SignatureOf = Signature<decltype(function)>;

template <auto function, Source a, Destination destination>
TRELLIS_HANDLER Trap unary(TRELLIS_STATE)
{
    using A = typename SignatureOf<function>::template Arg<0>;
    constexpr int size = operands_at + operand_size<a, A>;
    TRELLIS_FINISH(destination, size, function(operand<a, A>(pc + operands_at, fp, acc, vacc)));
}

template <auto function, Source a, Source b, Destination destination>
TRELLIS_HANDLER Trap binary(TRELLIS_STATE)
{
    using A = typename SignatureOf<function>::template Arg<0>;
    using B = typename SignatureOf<function>::template Arg<1>;
    constexpr int b_at = operands_at + operand_size<a, A>;
    constexpr int size = b_at + operand_size<b, B>;
    const auto x = operand<a, A>(pc + operands_at, fp, acc, vacc);
    const auto y = operand<b, B>(pc + b_at, fp, acc, vacc);
    TRELLIS_FINISH(destination, size, function(x, y));
}

template <auto function, Source a, Destination destination>
TRELLIS_HANDLER Trap trapping_unary(TRELLIS_STATE)
{
    using A = typename SignatureOf<function>::template Arg<0>;
    using R = std::remove_reference_t<typename SignatureOf<function>::template Arg<1>>;
    constexpr int size = operands_at + operand_size<a, A>;
    R result;
    const auto trap = function(operand<a, A>(pc + operands_at, fp, acc, vacc), result);
    if (failed(trap)) [[unlikely]]
        return raise(pc, fp, inst, trap);
    TRELLIS_FINISH(destination, size, result);
}

template <auto function, Source a, Source b, Destination destination>
TRELLIS_HANDLER Trap trapping_binary(TRELLIS_STATE)
{
    using A = typename SignatureOf<function>::template Arg<0>;
    using B = typename SignatureOf<function>::template Arg<1>;
    using R = std::remove_reference_t<typename SignatureOf<function>::template Arg<2>>;
    constexpr int b_at = operands_at + operand_size<a, A>;
    constexpr int size = b_at + operand_size<b, B>;
    R result;
    const auto x = operand<a, A>(pc + operands_at, fp, acc, vacc);
    const auto trap = function(x, operand<b, B>(pc + b_at, fp, acc, vacc), result);
    if (failed(trap)) [[unlikely]]
        return raise(pc, fp, inst, trap);
    TRELLIS_FINISH(destination, size, result);
}

/// Three vectors, all in slots.
template <auto function, Destination destination>
TRELLIS_HANDLER Trap ternary(TRELLIS_STATE)
{
    const auto x = operand<Source::slot, Vector>(pc + operands_at, fp, acc, vacc);
    const auto y = operand<Source::slot, Vector>(pc + operands_at + 4, fp, acc, vacc);
    const auto z = operand<Source::slot, Vector>(pc + operands_at + 8, fp, acc, vacc);
    TRELLIS_FINISH(destination, operands_at + 12, function(x, y, z));
}

inline constexpr Source sources[] = {Source::slot, Source::accumulator, Source::immediate};
inline constexpr std::size_t source_count = 3;

/// Which handlers one operation has: an index into a shared array of rows per combination of sources.
struct OperationRows {
    /// [a * 3 + b]; null where the combination does not exist.
    std::array<const Handler*, source_count * source_count> rows{};
    bool can_branch = false;
};

template <class R>
inline constexpr bool is_condition = std::is_same_v<R, std::uint32_t>;

/// The handlers of one combination of sources, by destination.
template <template <Destination> class Make, bool branches>
struct Row {
    static constexpr std::size_t count = branches ? branch_destinations : plain_destinations;
    static constexpr std::array<Handler, count> handlers = []<std::size_t... d>(std::index_sequence<d...>) {
        return std::array<Handler, count>{Make<static_cast<Destination>(d)>::handler...};
    }(std::make_index_sequence<count>());
};

template <auto function, Source a>
struct MakeUnary {
    template <Destination d>
    struct For {
        static constexpr Handler handler = unary<function, a, d>;
    };
};
template <auto function, Source a, Source b>
struct MakeBinary {
    template <Destination d>
    struct For {
        static constexpr Handler handler = binary<function, a, b, d>;
    };
};
template <auto function, Source a>
struct MakeTrappingUnary {
    template <Destination d>
    struct For {
        static constexpr Handler handler = trapping_unary<function, a, d>;
    };
};
template <auto function, Source a, Source b>
struct MakeTrappingBinary {
    template <Destination d>
    struct For {
        static constexpr Handler handler = trapping_binary<function, a, b, d>;
    };
};
template <auto function>
struct MakeTernary {
    template <Destination d>
    struct For {
        static constexpr Handler handler = ternary<function, d>;
    };
};

/// Two operands can't share an accumulator, two constants are computed otherwise, and vectors are never immediates.
template <class A, class B>
constexpr bool combination_exists(Source a, Source b)
{
    const bool same_accumulator = in_vector_accumulator<A> == in_vector_accumulator<B>;
    if (a == Source::accumulator && b == Source::accumulator && same_accumulator)
        return false;
    if (a == Source::immediate && (b == Source::immediate || std::is_same_v<A, Vector>))
        return false;
    return b != Source::immediate || !std::is_same_v<B, Vector>;
}

template <auto function, bool branches>
constexpr OperationRows unary_rows()
{
    OperationRows rows{.can_branch = branches};
    const auto add = [&]<Source a>() {
        for (std::size_t b = 0; b < source_count; ++b)
            rows.rows[static_cast<std::size_t>(a) * source_count + b] =
                Row<MakeUnary<function, a>::template For, branches>::handlers.data();
    };
    add.template operator()<Source::slot>();
    add.template operator()<Source::accumulator>();
    return rows;
}

template <auto function>
constexpr OperationRows trapping_unary_rows()
{
    OperationRows rows;
    const auto add = [&]<Source a>() {
        for (std::size_t b = 0; b < source_count; ++b)
            rows.rows[static_cast<std::size_t>(a) * source_count + b] =
                Row<MakeTrappingUnary<function, a>::template For, false>::handlers.data();
    };
    add.template operator()<Source::slot>();
    add.template operator()<Source::accumulator>();
    return rows;
}

template <auto function, template <auto, Source, Source> class Maker, bool branches>
constexpr OperationRows binary_rows()
{
    using A = typename SignatureOf<function>::template Arg<0>;
    using B = typename SignatureOf<function>::template Arg<1>;
    OperationRows rows{.can_branch = branches};
    [&]<std::size_t... i>(std::index_sequence<i...>) {
        (
            [&] {
                constexpr Source a = sources[i / source_count], b = sources[i % source_count];
                if constexpr (combination_exists<A, B>(a, b))
                    rows.rows[i] = Row<Maker<function, a, b>::template For, branches>::handlers.data();
            }(),
            ...);
    }(std::make_index_sequence<source_count * source_count>());
    return rows;
}

template <auto function>
constexpr OperationRows ternary_rows()
{
    OperationRows rows;
    rows.rows[0] = Row<MakeTernary<function>::template For, false>::handlers.data();
    return rows;
}

template <auto function>
constexpr OperationRows pure_rows()
{
    using S = SignatureOf<function>;
    if constexpr (S::arity == 1)
        return unary_rows<function, is_condition<typename S::Result>>();
    else if constexpr (S::arity == 2)
        return binary_rows<function, MakeBinary, is_condition<typename S::Result>>();
    else
        return ternary_rows<function>();
}

template <auto function>
constexpr OperationRows trapping_rows()
{
    if constexpr (SignatureOf<function>::arity == 2)
        return trapping_unary_rows<function>();
    else
        return binary_rows<function, MakeTrappingBinary, false>();
}

/// One handler per source, for handlers without a destination.
template <template <Source> class Maker>
Handler by_source(Source source)
{
    static constexpr std::array handlers{Maker<Source::slot>::handler, Maker<Source::accumulator>::handler,
                                         Maker<Source::immediate>::handler};
    return handlers[static_cast<std::size_t>(source)];
}

/// Rows of many operations as the program keeps them: all handlers in one array, found by numbers. Addresses have to be
/// relocated at start, page by page; numbers don't.
template <std::size_t operations, std::size_t handlers>
struct PackedRows {
    struct Operation {
        std::array<std::uint16_t, source_count * source_count> first{}; ///< plus 1; 0: does not exist
        bool can_branch = false;
    };
    std::array<Operation, operations> of{};
    std::array<Handler, handlers> all{};

    [[nodiscard]] HandlerRow row(std::size_t operation, Source a, Source b) const
    {
        const auto& found = of[operation];
        const auto first = found.first[static_cast<std::size_t>(a) * source_count + static_cast<std::size_t>(b)];
        return {first == 0 ? nullptr : &all[first - 1u], found.can_branch};
    }
};

constexpr std::size_t destinations_of(const OperationRows& rows)
{
    return rows.can_branch ? branch_destinations : plain_destinations;
}
/// Rows of the same operation may be one and the same.
constexpr bool is_repeated(const OperationRows& rows, std::size_t i)
{
    return i != 0 && rows.rows[i] == rows.rows[i - 1];
}

/// Packs what `make()` gives, an array of OperationRows.
template <auto make>
constexpr auto pack()
{
    constexpr auto loose = make();
    constexpr std::size_t size = [&] {
        std::size_t sum = 0;
        for (const auto& rows : loose)
            for (std::size_t i = 0; i < rows.rows.size(); ++i)
                sum += rows.rows[i] && !is_repeated(rows, i) ? destinations_of(rows) : 0;
        return sum;
    }();
    static_assert(size < 0xffff);
    PackedRows<loose.size(), size> packed;
    std::size_t used = 0;
    for (std::size_t op = 0; op < loose.size(); ++op) {
        const auto& rows = loose[op];
        auto& to = packed.of[op];
        to.can_branch = rows.can_branch;
        for (std::size_t i = 0; i < rows.rows.size(); ++i) {
            if (is_repeated(rows, i))
                to.first[i] = to.first[i - 1];
            else if (rows.rows[i]) {
                to.first[i] = static_cast<std::uint16_t>(used + 1);
                for (std::size_t d = 0; d < destinations_of(rows); ++d)
                    packed.all[used++] = rows.rows[i][d];
            }
        }
    }
    return packed;
}

} // namespace trellis::wasm::interpreter
