// How guests of a component store wait for descriptors and moments of the host: fibers of the host say what for, and
// when no thread of the store can go on, one call of a Waiter waits for all of it. One thread at a time, the store's.
#pragma once

#include "sandbox/waiting.hpp"
#include "wasm/component/execution/host_functions.hpp"
#include "wasm/component/execution/host_streams.hpp"

#include <vector>

namespace trellis::sandbox::preview3 {

using wasm::Trap;
using wasm::component::ComponentStore;

class Events final : public wasm::component::HostEvents {
public:
    explicit Events(Waiter& waiter) : waiter_(waiter) {}

    /// Before the first guest runs.
    void watch(ComponentStore& store)
    {
        core_ = &store.core;
        store.events = this;
    }
    [[nodiscard]] bool is_pending() const override { return !entries_.empty(); }
    Trap wait() override;

    // On a fiber of the host. `unless`: what ends the wait, too.
    Trap until_ready(ComponentStore& store, pollfd what, const std::function<bool()>& unless = {});
    Trap until(ComponentStore& store, Instant when);
    Trap until_ready(ComponentStore& store, pollfd what, std::optional<Instant> deadline,
                     const std::function<bool()>& unless);
    [[nodiscard]] Waiter& waiter() const { return waiter_; }

private:
    struct Entry {
        std::optional<pollfd> what;
        std::optional<Instant> deadline;
        bool has_come = false;
    };
    Trap await(ComponentStore& store, Entry& entry, const std::function<bool()>& unless);

    Waiter& waiter_;
    wasm::Store* core_ = nullptr;
    std::vector<Entry*> entries_;
};

} // namespace trellis::sandbox::preview3
