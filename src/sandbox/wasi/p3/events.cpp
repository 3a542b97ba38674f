#include "sandbox/wasi/p3/events.hpp"

namespace trellis::sandbox::preview3 {

Trap Events::wait()
{
    std::vector<pollfd> descriptors;
    std::vector<Entry*> asked;
    std::optional<Instant> deadline;
    for (Entry* const entry : entries_) {
        if (entry->deadline)
            deadline = std::min(deadline.value_or(*entry->deadline), *entry->deadline);
        if (entry->what) {
            descriptors.push_back(*entry->what);
            asked.push_back(entry);
        }
    }
    if (const Trap trap = waiter_.wait(*core_, descriptors, deadline); failed(trap))
        return trap;
    for (std::size_t i = 0; i < asked.size(); ++i)
        asked[i]->has_come = descriptors[i].revents != 0;
    const Instant now = std::chrono::steady_clock::now();
    for (Entry* const entry : entries_)
        entry->has_come |= entry->deadline && *entry->deadline <= now;
    return Trap::none;
}

Trap Events::await(ComponentStore& store, Entry& entry, const std::function<bool()>& unless)
{
    entries_.push_back(&entry);
    const Trap trap =
        wasm::component::wait_for(store, [&entry, &unless] { return entry.has_come || (unless && unless()); });
    std::erase(entries_, &entry);
    return trap;
}

Trap Events::until_ready(ComponentStore& store, pollfd what, const std::function<bool()>& unless)
{
    return until_ready(store, what, std::nullopt, unless);
}

Trap Events::until_ready(ComponentStore& store, pollfd what, std::optional<Instant> deadline,
                         const std::function<bool()>& unless)
{
    Entry entry{.what = what, .deadline = deadline};
    return await(store, entry, unless);
}

Trap Events::until(ComponentStore& store, Instant when)
{
    Entry entry{.what = {}, .deadline = when};
    return await(store, entry, {});
}

} // namespace trellis::sandbox::preview3
