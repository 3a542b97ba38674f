// For tests: a guest without code. Calls functions of WASI as a guest would, over a real store and memory, and knows
// which bytes of memory a call changed.
#pragma once

#include "base/format.hpp"
#include "sandbox/scratch_directory.hpp"
#include "sandbox/wasi/types.hpp"
#include "sandbox/wasi/wasi.hpp"
#include "wasm/execution/memory.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <initializer_list>

namespace trellis::sandbox::preview1 {

/// A tier that runs nothing.
inline constexpr wasm::Tier no_tier = {
    .name = "none",
    .prepare = [](wasm::Instance&) -> Result<> { return {}; },
    .call = [](wasm::Store&, wasm::Function&, wasm::Slot*) { return wasm::Trap::unreachable; },
};

class GuestHarness {
public:
    static constexpr std::uint8_t guard = 0xa5;
    static constexpr std::uint32_t memory_size = 65'536;

    explicit GuestHarness(WasiConfig config = {}, std::string module = "wasi_snapshot_preview1")
        : module_(std::move(module)), wasi_(std::move(Wasi::make(std::move(config)).value())),
          provider_(wasi_->provider())
    {
        instance_.memory_list.push_back(store.make_memory({.limits = {.min = 1, .max = 1}}).value());
        instance_.memories = instance_.memory_list.data();
        instance_.store = &store;
        std::memset(bytes(), guard, memory_size);
    }

    wasm::Store store{std::make_shared<wasm::TypeRegistry>(), no_tier};
    wasm::Trap trap = wasm::Trap::none; ///< of the last call

    /// The function's errno; arguments are i32 or i64 as the function has them.
    Errno call(const std::string& name, std::initializer_list<std::uint64_t> arguments)
    {
        const auto found = provider_(store, module_, name);
        EXPECT_TRUE(found.has_value()) << name;
        auto* function = std::get<wasm::Function*>(*found);
        EXPECT_EQ(function->type->function().params.size(), arguments.size()) << name;
        std::array<wasm::Slot, 16> frame;
        std::size_t count = 0;
        for (const auto argument : arguments)
            frame[count++].u64 = argument;
        before_.assign(bytes(), bytes() + memory_size);
        trap = function->host(function->context, {store, &instance_}, frame.data());
        return static_cast<Errno>(frame[0].u32);
    }

    std::uint8_t* bytes() { return reinterpret_cast<std::uint8_t*>(instance_.memories[0]->base()); }
    template <class T>
    T at(std::uint32_t address)
    {
        T value;
        std::memcpy(&value, bytes() + address, sizeof value);
        return value;
    }
    template <class T>
    void put(std::uint32_t address, const T& value)
    {
        std::memcpy(bytes() + address, &value, sizeof value);
    }
    std::uint64_t put_text(std::uint32_t address, std::string_view text)
    {
        std::memcpy(bytes() + address, text.data(), text.size());
        return text.size();
    }
    std::string text(std::uint32_t address, std::size_t size)
    {
        return {reinterpret_cast<const char*>(bytes() + address), size};
    }

    /// The stretches of memory that the last call changed, as "address+size address+size".
    std::string changes()
    {
        std::string found;
        for (std::uint32_t at = 0; at < memory_size;) {
            std::uint32_t end = at;
            while (end < memory_size && bytes()[end] != before_[end])
                ++end;
            if (end != at)
                found += (found.empty() ? "" : " ") + format("{}+{}", at, end - at);
            at = end + 1;
        }
        return found;
    }

    /// Opens with every right that makes sense; the descriptor, or 0 with the error in `last_error`.
    std::uint32_t open(std::uint32_t directory, std::string_view path, std::uint32_t open_flags = 0,
                       Rights rights = right::regular_file, std::uint32_t fd_flags = 0)
    {
        const auto size = put_text(60'000, path);
        put<std::uint32_t>(59'996, 0);
        last_error = call("path_open", {directory, lookupflags::symlink_follow, 60'000, size, open_flags, rights,
                                        right::directory_inheriting, fd_flags, 59'996});
        return last_error == Errno::success ? at<std::uint32_t>(59'996) : 0;
    }
    /// Writes through one vector; the errno.
    Errno write(std::uint32_t fd, std::string_view data)
    {
        put(50'000, GuestVector{50'100, static_cast<std::uint32_t>(put_text(50'100, data))});
        return call("fd_write", {fd, 50'000, 1, 50'008});
    }
    Errno last_error = Errno::success;

private:
    std::string module_;
    std::unique_ptr<Wasi> wasi_;
    wasm::ImportProvider provider_;
    wasm::Instance instance_;
    std::vector<std::uint8_t> before_;
};

} // namespace trellis::sandbox::preview1
