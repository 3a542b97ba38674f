// One guest and its calls: from the slots of a host call to a typed C++ function and back. A function of this face is
// `Outcome<> name(Call&, arguments...)`; its signature in WebAssembly follows from the arguments' types, and every
// pointer has been checked before it runs, so that a bad one has no effect (errno fault). Nothing here allocates.
// Guest memory may change under us (shared memories): it is read once and copied.
#pragma once

#include "base/result.hpp"
#include "sandbox/sockets.hpp"
#include "sandbox/wasi/descriptors.hpp"
#include "sandbox/wasi/errno.hpp"
#include "wasm/execution/memory.hpp"

#include <climits>
#include <cstring>
#include <string>
#include <tuple>

namespace trellis::sandbox::preview1 {

/// Everything one guest has.
struct Guest {
    std::vector<std::string> arguments;
    std::vector<std::string> environment; ///< "name=value"
    DescriptorTable descriptors;
    Waiter* waiter;
};

/// One call of a host function.
struct Call {
    Guest& guest;
    Wait wait;
    wasm::Memory* memory; ///< null: the caller has none

    /// Guest memory, or EFAULT.
    [[nodiscard]] Outcome<std::span<std::byte>> bytes(std::uint32_t address, std::uint64_t length) const
    {
        const auto range = memory == nullptr ? std::nullopt : memory->range(address, length);
        if (!range)
            return failure(EFAULT);
        return *range;
    }
};

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

/// A path, copied out of guest memory. Errors: ENAMETOOLONG, EINVAL for an embedded NUL.
class Path {
public:
    Path() {} // NOLINT: leaves the characters as they are
    Outcome<> assign(std::span<const std::byte> bytes)
    {
        if (bytes.size() >= sizeof characters_)
            return failure(ENAMETOOLONG);
        std::memcpy(characters_, bytes.data(), bytes.size());
        if (std::memchr(characters_, 0, bytes.size()) != nullptr)
            return failure(EINVAL);
        characters_[bytes.size()] = 0;
        return {};
    }
    [[nodiscard]] const char* c_str() const { return characters_; }

private:
    char characters_[PATH_MAX];
};

/// How an argument type is passed: `add_types` to the signature, `load` from the slots (which it steps over).
template <class T>
struct Passing;

template <>
struct Passing<std::uint32_t> {
    static void add_types(std::vector<wasm::ValType>& types) { types.push_back(wasm::i32); }
    static Outcome<> load(const Call&, const wasm::Slot*& slot, std::uint32_t& value)
    {
        value = (slot++)->u32;
        return {};
    }
};

template <>
struct Passing<std::uint64_t> {
    static void add_types(std::vector<wasm::ValType>& types) { types.push_back(wasm::i64); }
    static Outcome<> load(const Call&, const wasm::Slot*& slot, std::uint64_t& value)
    {
        value = (slot++)->u64;
        return {};
    }
};

template <>
struct Passing<Address> {
    static void add_types(std::vector<wasm::ValType>& types) { types.push_back(wasm::i32); }
    static Outcome<> load(const Call&, const wasm::Slot*& slot, Address& address)
    {
        address.value = (slot++)->u32;
        return {};
    }
};

template <class T>
struct Passing<Out<T>> {
    static void add_types(std::vector<wasm::ValType>& types) { types.push_back(wasm::i32); }
    static Outcome<> load(const Call& call, const wasm::Slot*& slot, Out<T>& out)
    {
        out = Out<T>(TRELLIS_TRY(call.bytes((slot++)->u32, sizeof(T))).data());
        return {};
    }
};

/// Address and number of elements of `element_size` bytes.
inline Outcome<std::span<std::byte>> load_range(const Call& call, const wasm::Slot*& slot, std::size_t element_size)
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
    static Outcome<> load(const Call& call, const wasm::Slot*& slot, Buffer& buffer)
    {
        buffer.bytes = TRELLIS_TRY(load_range(call, slot, 1));
        return {};
    }
};

template <class T>
struct Passing<List<T>> {
    static void add_types(std::vector<wasm::ValType>& types) { add_range_types(types); }
    static Outcome<> load(const Call& call, const wasm::Slot*& slot, List<T>& list)
    {
        list = List<T>(TRELLIS_TRY(load_range(call, slot, sizeof(T))));
        return {};
    }
};

template <>
struct Passing<Path> {
    static void add_types(std::vector<wasm::ValType>& types) { add_range_types(types); }
    static Outcome<> load(const Call& call, const wasm::Slot*& slot, Path& path)
    {
        return path.assign(TRELLIS_TRY(load_range(call, slot, 1)));
    }
};

/// The WebAssembly side of a function of this face.
struct HostEntry {
    wasm::HostFunction function = nullptr;
    wasm::FuncType (*type)() = nullptr;
};

template <auto function, class... Arguments>
struct Adapter {
    static wasm::FuncType type()
    {
        wasm::FuncType type;
        (Passing<Arguments>::add_types(type.params), ...);
        type.results.push_back(wasm::i32);
        return type;
    }

    static Outcome<> run(Call& call, const wasm::Slot* slot)
    {
        std::tuple<Arguments...> arguments;
        Outcome<> loaded;
        const auto load = [&](auto& argument) {
            loaded = Passing<std::remove_reference_t<decltype(argument)>>::load(call, slot, argument);
            return loaded.has_value();
        };
        if (!std::apply([&](auto&... each) { return (load(each) && ...); }, arguments))
            return loaded;
        return std::apply([&](const auto&... each) { return function(call, each...); }, arguments);
    }

    static wasm::Trap enter(void* context, wasm::Caller caller, wasm::Slot* frame)
    {
        auto& guest = *static_cast<Guest*>(context);
        const bool has_memory = caller.instance != nullptr && !caller.instance->memory_list.empty();
        Call call = {.guest = guest,
                     .wait = {.store = caller.store, .waiter = *guest.waiter},
                     .memory = has_memory ? caller.instance->memories[0] : nullptr};
        const auto result = run(call, frame);
        frame[0].u64 = static_cast<std::uint64_t>(result ? Errno::success : errno_of(result.error()));
        return call.wait.trap;
    }
};

template <auto function, class... Arguments>
constexpr HostEntry make_entry(Outcome<> (*)(Call&, Arguments...))
{
    using Entry = Adapter<function, std::remove_cvref_t<Arguments>...>;
    return {.function = Entry::enter, .type = Entry::type};
}

template <auto function>
constexpr HostEntry entry = make_entry<function>(function);

} // namespace trellis::sandbox::preview1
