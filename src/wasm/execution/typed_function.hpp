// A function of a store as one of C++: its type is compared once, and a call puts numbers into slots and nothing else.
// Belongs to its store's thread, and must not be called after the store is gone.
#pragma once

#include "base/format.hpp"
#include "wasm/execution/store.hpp"

#include <algorithm>
#include <array>
#include <concepts>

namespace trellis::wasm {

/// How a C++ number is passed: 32-bit and 64-bit integers of either sign, float, double.
template <class T>
struct NumberForm;

template <class T, const ValType& value_type, auto Slot::* member>
struct SlotForm {
    static constexpr ValType type = value_type;
    static Slot slot(T value)
    {
        Slot slot{};
        slot.*member = value;
        return slot;
    }
    static T number(Slot slot) { return slot.*member; }
};
template <>
struct NumberForm<std::int32_t> : SlotForm<std::int32_t, i32, &Slot::i32> {};
template <>
struct NumberForm<std::uint32_t> : SlotForm<std::uint32_t, i32, &Slot::u32> {};
template <>
struct NumberForm<std::int64_t> : SlotForm<std::int64_t, i64, &Slot::i64> {};
template <>
struct NumberForm<std::uint64_t> : SlotForm<std::uint64_t, i64, &Slot::u64> {};
template <>
struct NumberForm<float> : SlotForm<float, f32, &Slot::f32> {};
template <>
struct NumberForm<double> : SlotForm<double, f64, &Slot::f64> {};

template <class Signature>
class TypedFunction;

/// For example TypedFunction<std::int32_t(std::int32_t, double)>, or TypedFunction<void()>.
template <class Result_, class... Parameters>
class TypedFunction<Result_(Parameters...)> {
    static constexpr bool has_result = !std::same_as<Result_, void>;

public:
    /// Errors: usage (the function has another type).
    static Result<TypedFunction> of(Store& store, Function& function)
    {
        const auto& type = function.type->function();
        constexpr std::array<ValType, sizeof...(Parameters)> params = {NumberForm<Parameters>::type...};
        bool fits = std::ranges::equal(type.params, params) && type.results.size() == has_result;
        if constexpr (has_result)
            fits = fits && type.results[0] == NumberForm<Result_>::type;
        if (!fits)
            return fail(ErrorCode::usage,
                        format("a function with {} parameters and {} results is not of the type asked for",
                               type.params.size(), type.results.size()));
        return TypedFunction(store, function);
    }

    /// The result; or what stopped it, of which Store::last_trap tells more.
    std::expected<Result_, Trap> operator()(Parameters... arguments) const
    {
        std::array<Slot, std::max<std::size_t>({1, sizeof...(Parameters)})> frame = {
            NumberForm<Parameters>::slot(arguments)...};
        if (const auto trap = call(*store_, *function_, frame.data()); failed(trap)) [[unlikely]]
            return std::unexpected(trap);
        if constexpr (has_result)
            return NumberForm<Result_>::number(frame[0]);
        else
            return {};
    }

private:
    TypedFunction(Store& store, Function& function) : store_(&store), function_(&function) {}

    Store* store_;
    Function* function_;
};

} // namespace trellis::wasm
