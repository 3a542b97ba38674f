// From the slots of a host call to a typed C++ function and back, for every face through which guests call the host. A
// function of a face is `result name(Call&, arguments...)`; its signature in WebAssembly follows from the arguments'
// types, and every pointer has been checked before it runs, so that a bad one has no effect. Nothing here allocates.
// Guest memory may change under us (shared memories): it is read once and copied.
//
// A face's Call has:
//   Call(void* context, wasm::Caller)
//   Outcome<std::span<std::byte>> bytes(address, length) const   guest memory, or why not
//   using Returned = ...                                         of its functions; constructible from Outcome's error
//   wasm::Trap finish(const Returned&, wasm::Slot& result)       the guest's result
#pragma once

#include "sandbox/system.hpp"
#include "wasm/execution/memory.hpp"
#include "wasm/execution/store.hpp"

#include <cstring>
#include <tuple>

namespace trellis::sandbox {

/// Memory 0 of the caller; null: it has none.
inline wasm::Memory* memory_of(const wasm::Caller& caller)
{
    const bool has_memory = caller.instance != nullptr && !caller.instance->memory_list.empty();
    return has_memory ? caller.instance->memories[0] : nullptr;
}

/// The address of something whose size other arguments tell.
struct Address {
    std::uint32_t value;
};

/// Where a result goes.
template <class T>
class Out {
public:
    Out() = default;
    explicit Out(std::byte* at) : at_(at) {}
    void operator=(const T& value) { std::memcpy(at_, &value, sizeof value); }

private:
    std::byte* at_ = nullptr;
};

/// Bytes given by address and length.
struct Buffer {
    std::span<std::byte> bytes;
};

/// Values in a row.
template <class T>
class List {
public:
    List() = default;
    explicit List(std::span<std::byte> raw) : raw_(raw) {}
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(raw_.size() / sizeof(T)); }
    [[nodiscard]] T operator[](std::uint32_t index) const
    {
        T value;
        std::memcpy(&value, raw_.data() + std::size_t(index) * sizeof(T), sizeof value);
        return value;
    }
    void set(std::uint32_t index, const T& value)
    {
        std::memcpy(raw_.data() + std::size_t(index) * sizeof(T), &value, sizeof value);
    }

private:
    std::span<std::byte> raw_;
};

/// How an argument type is passed: `add_types` to the signature, `load` from the slots (which it steps over).
template <class T>
struct Passing;

template <>
struct Passing<std::uint32_t> {
    static void add_types(std::vector<wasm::ValType>& types) { types.push_back(wasm::i32); }
    static Outcome<> load(const auto&, const wasm::Slot*& slot, std::uint32_t& value)
    {
        value = (slot++)->u32;
        return {};
    }
};

template <>
struct Passing<std::uint64_t> {
    static void add_types(std::vector<wasm::ValType>& types) { types.push_back(wasm::i64); }
    static Outcome<> load(const auto&, const wasm::Slot*& slot, std::uint64_t& value)
    {
        value = (slot++)->u64;
        return {};
    }
};

template <>
struct Passing<Address> {
    static void add_types(std::vector<wasm::ValType>& types) { types.push_back(wasm::i32); }
    static Outcome<> load(const auto&, const wasm::Slot*& slot, Address& address)
    {
        address.value = (slot++)->u32;
        return {};
    }
};

template <class T>
struct Passing<Out<T>> {
    static void add_types(std::vector<wasm::ValType>& types) { types.push_back(wasm::i32); }
    static Outcome<> load(const auto& call, const wasm::Slot*& slot, Out<T>& out)
    {
        out = Out<T>(TRELLIS_TRY(call.bytes((slot++)->u32, sizeof(T))).data());
        return {};
    }
};

/// Address and number of elements of `element_size` bytes.
Outcome<std::span<std::byte>> load_range(const auto& call, const wasm::Slot*& slot, std::size_t element_size)
{
    const auto address = (slot++)->u32;
    const std::uint64_t count = (slot++)->u32;
    return call.bytes(address, count * element_size);
}

inline void add_range_types(std::vector<wasm::ValType>& types)
{
    types.insert(types.end(), {wasm::i32, wasm::i32});
}

template <>
struct Passing<Buffer> {
    static void add_types(std::vector<wasm::ValType>& types) { add_range_types(types); }
    static Outcome<> load(const auto& call, const wasm::Slot*& slot, Buffer& buffer)
    {
        buffer.bytes = TRELLIS_TRY(load_range(call, slot, 1));
        return {};
    }
};

template <class T>
struct Passing<List<T>> {
    static void add_types(std::vector<wasm::ValType>& types) { add_range_types(types); }
    static Outcome<> load(const auto& call, const wasm::Slot*& slot, List<T>& list)
    {
        list = List<T>(TRELLIS_TRY(load_range(call, slot, sizeof(T))));
        return {};
    }
};

/// The WebAssembly side of a function.
struct HostEntry {
    wasm::HostFunction function = nullptr;
    wasm::FuncType (*type)() = nullptr;
};

template <auto function, class Call, class... Arguments>
struct Adapter {
    static wasm::FuncType type()
    {
        wasm::FuncType type;
        (Passing<Arguments>::add_types(type.params), ...);
        type.results.push_back(wasm::i32);
        return type;
    }

    static typename Call::Returned run(Call& call, const wasm::Slot* slot)
    {
        std::tuple<Arguments...> arguments;
        Outcome<> loaded;
        const auto load = [&](auto& argument) {
            loaded = Passing<std::remove_reference_t<decltype(argument)>>::load(call, slot, argument);
            return loaded.has_value();
        };
        if (!std::apply([&](auto&... each) { return (load(each) && ...); }, arguments))
            return std::unexpected(loaded.error());
        return std::apply([&](const auto&... each) { return function(call, each...); }, arguments);
    }

    static wasm::Trap enter(void* context, wasm::Caller caller, wasm::Slot* frame)
    {
        Call call(context, caller);
        return call.finish(run(call, frame), frame[0]);
    }
};

template <auto function, class Call, class... Arguments>
constexpr HostEntry make_entry(typename Call::Returned (*)(Call&, Arguments...))
{
    using Entry = Adapter<function, Call, std::remove_cvref_t<Arguments>...>;
    return {.function = Entry::enter, .type = Entry::type};
}

template <auto function>
constexpr HostEntry entry = make_entry<function>(function);

} // namespace trellis::sandbox
