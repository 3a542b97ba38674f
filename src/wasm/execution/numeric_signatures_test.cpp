#include "wasm/execution/numeric.hpp"

#include <string_view>

#include <type_traits>

namespace trellis::wasm::numeric {
namespace {

// Every row of instructions.def that is a plain function has it, with the type that its signature says.

template <char letter>
auto type_of_letter()
{
    if constexpr (letter == 'i')
        return u32{};
    else if constexpr (letter == 'I')
        return u64{};
    else if constexpr (letter == 'f')
        return f32{};
    else if constexpr (letter == 'F')
        return f64{};
    else if constexpr (letter == 'v')
        return Vector{};
}

template <char letter>
using TypeOf = decltype(type_of_letter<letter>());

struct Signature {
    char text[10] = {};
    consteval Signature(const char* signature)
    {
        for (int i = 0; signature[i] != '\0'; ++i)
            text[i] = signature[i];
    }
    [[nodiscard]] consteval std::size_t operands() const { return std::string_view(text).find(':'); }
};

template <Signature signature>
struct Expected {
    static constexpr std::size_t operands = signature.operands();
    using Result = TypeOf<signature.text[operands + 1]>;

    template <std::size_t... i>
    static auto pure(std::index_sequence<i...>) -> Result (*)(TypeOf<signature.text[i]>...);
    template <std::size_t... i>
    static auto trapping(std::index_sequence<i...>) -> Trap (*)(TypeOf<signature.text[i]>..., Result&);
    template <std::size_t... i>
    static auto wide(std::index_sequence<i...>) -> void (*)(TypeOf<signature.text[i]>..., u64&, u64&);
    template <std::size_t... i>
    static auto lane(std::index_sequence<i...>) -> Result (*)(TypeOf<signature.text[i]>..., u8);
};

// clang-format off
#define EXPECT_TYPE(name, signature, shape)                                                                            \
    static_assert(std::is_same_v<decltype(&name), decltype(Expected<signature>::shape(                                 \
                                                      std::make_index_sequence<Expected<signature>::operands>()))>);
#define CHECK_pure(name, signature) EXPECT_TYPE(name, signature, pure)
#define CHECK_trapping(name, signature) EXPECT_TYPE(name, signature, trapping)
#define CHECK_wide(name, signature) EXPECT_TYPE(name, signature, wide)
#define CHECK_extract_lane(name, signature) EXPECT_TYPE(name, signature, lane)
#define CHECK_replace_lane(name, signature) EXPECT_TYPE(name, signature, lane)
#define CHECK_load(name, signature)
#define CHECK_store(name, signature)
#define CHECK_load_lane(name, signature)
#define CHECK_store_lane(name, signature)
#define CHECK_atomic_load(name, signature)
#define CHECK_atomic_store(name, signature)
#define CHECK_atomic_rmw(name, signature)
#define CHECK_atomic_cmpxchg(name, signature)
#define CHECK_special(name, signature)
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape)                            \
    CHECK_##shape(name, signature)
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
// clang-format on

} // namespace
} // namespace trellis::wasm::numeric
