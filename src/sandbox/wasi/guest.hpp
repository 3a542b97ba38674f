// One guest and its calls of WASI: functions of this face are `Outcome<> name(Call&, arguments...)`
// (sandbox/host_call), and a bad pointer is errno fault. One thread at a time.
#pragma once

#include "base/result.hpp"
#include "sandbox/host_call.hpp"
#include "sandbox/sockets.hpp"
#include "sandbox/wasi/descriptors.hpp"
#include "sandbox/wasi/errno.hpp"

#include <climits>
#include <cstring>
#include <string>
#include <vector>

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
    using Returned = Outcome<>;

    Call(void* context, wasm::Caller caller)
        : guest(*static_cast<Guest*>(context)), wait{.store = caller.store, .waiter = *guest.waiter},
          memory(memory_of(caller))
    {
    }
    /// Guest memory, or EFAULT.
    [[nodiscard]] Outcome<std::span<std::byte>> bytes(std::uint32_t address, std::uint64_t length) const
    {
        const auto range = memory == nullptr ? std::nullopt : memory->range(address, length);
        if (!range)
            return failure(EFAULT);
        return *range;
    }
    [[nodiscard]] wasm::Trap finish(const Outcome<>& outcome, wasm::Slot& result) const
    {
        result.u64 = static_cast<std::uint64_t>(outcome ? Errno::success : errno_of(outcome.error()));
        return wait.trap;
    }

    Guest& guest;
    Wait wait;
    wasm::Memory* memory; ///< null: the caller has none
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

} // namespace trellis::sandbox::preview1

namespace trellis::sandbox {

template <>
struct Passing<preview1::Path> {
    static void add_types(std::vector<wasm::ValType>& types) { add_range_types(types); }
    static Outcome<> load(const auto& call, const wasm::Slot*& slot, preview1::Path& path)
    {
        return path.assign(TRELLIS_TRY(load_range(call, slot, 1)));
    }
};

} // namespace trellis::sandbox
