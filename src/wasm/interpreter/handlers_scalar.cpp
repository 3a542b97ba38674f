// Handlers of the numeric instructions without vectors.
#include "wasm/interpreter/handlers_arithmetic.hpp"

namespace trellis::wasm::interpreter {
namespace {

constexpr bool is_scalar(std::string_view signature)
{
    return signature.find('v') == std::string_view::npos;
}

std::uint32_t test(std::uint32_t value)
{
    return value;
}
std::uint32_t is_null(std::uint64_t ref)
{
    return ref == null_ref;
}
std::uint32_t same_reference(std::uint64_t a, std::uint64_t b)
{
    return a == b;
}

#define TRELLIS_ROWS_pure(name, signature)                                                                             \
    if constexpr (is_scalar(signature))                                                                                \
        rows[static_cast<std::size_t>(Op::name)] = pure_rows<&numeric::name>();
#define TRELLIS_ROWS_trapping(name, signature)                                                                         \
    if constexpr (is_scalar(signature))                                                                                \
        rows[static_cast<std::size_t>(Op::name)] = trapping_rows<&numeric::name>();
#include "wasm/interpreter/no_rows.inc"

template <class Unused = void> // a template, so that rows of the other kind are not even looked at
constexpr auto make_table()
{
    std::array<OperationRows, static_cast<std::size_t>(Op::count_)> rows{};
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape)                            \
    TRELLIS_ROWS_##shape(name, signature)
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
    return rows;
}

constexpr auto table = pack<[] { return make_table(); }>();
constexpr auto test_rows = pack<[] { return std::array{unary_rows<&test, true>()}; }>();
constexpr auto is_null_rows = pack<[] { return std::array{unary_rows<&is_null, true>()}; }>();
constexpr auto ref_eq_rows = pack<[] { return std::array{binary_rows<&same_reference, MakeBinary, true>()}; }>();

} // namespace

HandlerRow scalar_handlers(Op op, Source a, Source b)
{
    return table.row(static_cast<std::size_t>(op), a, b);
}
HandlerRow test_handlers(Source a)
{
    return test_rows.row(0, a, a);
}
HandlerRow is_null_handlers(Source a)
{
    return is_null_rows.row(0, a, a);
}
HandlerRow ref_eq_handlers(Source a, Source b)
{
    return ref_eq_rows.row(0, a, b);
}

} // namespace trellis::wasm::interpreter
