// C++ functions as functions of the host: host_function<read>("[method]stream.read") makes the row of
//     Trap read(Context&, ComponentStore&, Borrow<Stream>, std::uint64_t, std::expected<Bytes, Problem>& result)
// which takes its arguments and gives its result as host_types.hpp says.
#pragma once

#include "wasm/component/execution/host_types.hpp"

namespace trellis::wasm::component {

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
    call.store.lifted_bytes = 0;
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

template <class Context, class... Parameters>
using HostSignature = Trap (*)(Context&, ComponentStore&, Parameters...);

/// Of `Trap function(HostContext&, ComponentStore&, arguments..., result&)`.
template <auto function, class Signature = decltype(function)>
struct BoundHostFunction;

template <auto function, class Context, class... Parameters>
struct BoundHostFunction<function, HostSignature<Context, Parameters...>> {
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
