// Handlers of the vector instructions that compute a value; lanes are part of the handler.
#include "wasm/interpreter/handlers_arithmetic.hpp"
#include "wasm/interpreter/handlers_control.hpp"

namespace trellis::wasm::interpreter {
namespace {

constexpr bool is_vector(std::string_view signature)
{
    return signature.find('v') != std::string_view::npos;
}

template <auto function, std::uint8_t lane>
auto extract(Vector vector)
{
    return function(vector, lane);
}
template <auto function, std::uint8_t lane>
Vector replace(Vector vector, typename SignatureOf<function>::template Arg<1> value)
{
    return function(vector, value, lane);
}

/// "i16x8..." has 8 lanes.
constexpr std::size_t lanes_of(std::string_view text)
{
    return text[1] == '8' ? 16 : static_cast<std::size_t>(text[text.find('x') + 1] - '0');
}

template <auto function, std::size_t lanes>
constexpr auto extract_rows()
{
    std::array<OperationRows, lanes> rows{}; // by lane
    [&]<std::size_t... lane>(std::index_sequence<lane...>) {
        ((rows[lane] = pure_rows<&extract<function, lane>>()), ...);
    }(std::make_index_sequence<lanes>());
    return rows;
}

template <auto function, std::size_t lanes>
constexpr auto replace_rows()
{
    std::array<OperationRows, lanes> rows{};
    [&]<std::size_t... lane>(std::index_sequence<lane...>) {
        ((rows[lane] = pure_rows<&replace<function, lane>>()), ...);
    }(std::make_index_sequence<lanes>());
    return rows;
}

#define TRELLIS_ROWS_pure(name, text, signature)                                                                       \
    if constexpr (is_vector(signature))                                                                                \
        rows[static_cast<std::size_t>(Op::name)] = pure_rows<&numeric::name>();
#define TRELLIS_ROWS_extract_lane(name, text, signature)
#define TRELLIS_ROWS_replace_lane(name, text, signature)
#define TRELLIS_ROWS_trapping(name, text, signature)
#include "wasm/interpreter/no_rows.inc"

template <class Unused = void>
constexpr auto make_table()
{
    std::array<OperationRows, static_cast<std::size_t>(Op::count_)> rows{};
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape)                            \
    TRELLIS_ROWS_##shape(name, text, signature)
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
    return rows;
}

constexpr auto table = pack<[] { return make_table(); }>();

HandlerRow lane_handlers(Op op, std::uint8_t lane, Source a, Source b)
{
    switch (op) {
#define TRELLIS_LANES(name, text, maker)                                                                               \
    case Op::name: {                                                                                                   \
        static constexpr auto rows = pack<[] { return maker<&numeric::name, lanes_of(text)>(); }>();                   \
        return rows.row(lane, a, b);                                                                                   \
    }
#undef TRELLIS_ROWS_extract_lane
#undef TRELLIS_ROWS_replace_lane
#undef TRELLIS_ROWS_pure
#define TRELLIS_ROWS_pure(name, text, signature)
#define TRELLIS_ROWS_extract_lane(name, text, signature) TRELLIS_LANES(name, text, extract_rows)
#define TRELLIS_ROWS_replace_lane(name, text, signature) TRELLIS_LANES(name, text, replace_rows)
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape)                            \
    TRELLIS_ROWS_##shape(name, text, signature)
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
    default:
        break;
    }
    return {};
}

template <class V, Destination destination>
TRELLIS_HANDLER Trap do_shuffle(TRELLIS_STATE)
{
    const auto a = operand<Source::slot, V>(pc + operands_at, fp, acc, vacc);
    const auto b = operand<Source::slot, V>(pc + operands_at + 4, fp, acc, vacc);
    const auto* const lanes = reinterpret_cast<const std::uint8_t*>(pc + operands_at + 8);
    TRELLIS_FINISH(destination, operands_at + 24, numeric::i8x16_shuffle(a, b, lanes));
}

struct MakeShuffle {
    template <Destination d>
    struct For {
        static constexpr Handler handler = do_shuffle<Vector, d>;
    };
};

} // namespace

HandlerRow handlers::shuffle()
{
    return {Row<MakeShuffle::For, false>::handlers.data()};
}

HandlerRow vector_handlers(Op op, Source a, Source b)
{
    return table.row(static_cast<std::size_t>(op), a, b);
}
HandlerRow extract_lane_handlers(Op op, std::uint8_t lane, Source a)
{
    return lane_handlers(op, lane, a, a);
}
HandlerRow replace_lane_handlers(Op op, std::uint8_t lane, Source a, Source b)
{
    return lane_handlers(op, lane, a, b);
}

} // namespace trellis::wasm::interpreter
