// Calls that the host makes of functions of components, with C++ values as arguments and results (host_types.hpp).
// One thread at a time, the store's.
#pragma once

#include "wasm/component/execution/host_types.hpp"
#include "wasm/component/syntax/limits.hpp"

namespace trellis::wasm::component {

template <class Signature>
class TypedCall;

/// One call; outlives it. Result_ is void for a function without a result.
template <class Result_, class... Arguments>
class TypedCall<Result_(Arguments...)> final : public CallOrigin {
public:
    using Value = PayloadOf<Result_>;
    using Parts = PartsLayout<Arguments...>;

    TypedCall(ComponentStore& store, Arguments... arguments) : store_(store), arguments_(std::move(arguments)...) {}

    /// Errors: unlinkable, where the function is of another type.
    static Result<> check(const ComponentFunction& function)
    {
        const HostTypeCheck context{*function.types};
        const FuncType& type = *function.type;
        if (!check_parameters<Arguments...>(context, type) ||
            !HostType<std::expected<Value, std::monostate>>::template check_payload<Value>(context, type.result))
            return fail(ErrorCode::unlinkable, "function has the wrong type");
        return {};
    }
    /// Goes as far as it can without waiting.
    Trap begin(const ComponentFunction& function) { return store_.call(function, *this, nullptr); }
    /// The same, and runs the store until the result is there.
    Trap run(const ComponentFunction& function)
    {
        if (const Trap trap = begin(function); failed(trap))
            return trap;
        return store_.run_until([this] { return is_resolved_; });
    }

    [[nodiscard]] bool is_resolved() const { return is_resolved_; }
    /// Absent: not there yet, or the call was cancelled.
    [[nodiscard]] std::optional<Value>& value() { return value_; }

    Trap start(const ComponentFunction& callee, Task* task, Slot* flat) override
    {
        const Lowering to{store_, callee.side, task};
        Place place = Place::of(flat);
        if constexpr (Parts::layout.flat > limits::flat_params) {
            std::uint32_t at = 0;
            if (const Trap trap = allocate(to, Parts::layout.alignment, Parts::layout.size, at); failed(trap))
                return trap;
            flat->u64 = at;
            place = Place::of(callee.side.memory->base() + at);
        }
        if constexpr (sizeof...(Arguments) == 0)
            return Trap::none;
        else
            return HostType<std::tuple<Arguments...>>::lower(to, arguments_, place);
    }
    Trap resolve(const CanonicalSide& from, Slot* flat, std::size_t most_flat) override
    {
        is_resolved_ = true;
        if (!flat)
            return Trap::none;
        value_.emplace();
        if constexpr (!std::is_void_v<Result_>) {
            constexpr HostLayout layout = HostType<Value>::layout;
            Place place = Place::of(flat);
            if (layout.flat > most_flat)
                if (const Trap trap = tuple_at(store_, from, flat->u32, Layout{layout.size, layout.alignment}, place);
                    failed(trap))
                    return trap;
            return HostType<Value>::lift({store_, from}, place, *value_);
        }
        return Trap::none;
    }

private:
    ComponentStore& store_;
    std::tuple<Arguments...> arguments_;
    std::optional<Value> value_;
    bool is_resolved_ = false;
};

} // namespace trellis::wasm::component
