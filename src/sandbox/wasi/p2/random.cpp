// wasi:random: random, insecure, insecure-seed.
#include "base/format.hpp"
#include "sandbox/wasi/p2/interfaces.hpp"

#include <bit>

namespace trellis::sandbox::preview2 {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// The interface has no way to give fewer than were asked for.
constexpr std::uint64_t most_bytes = std::uint64_t(64) << 20;

Trap make_room(ComponentStore& store, std::uint64_t length, Bytes& bytes)
{
    if (length > most_bytes)
        return store.trap(format("wasi:random: {} bytes asked for at once, more than {}", length, most_bytes));
    bytes.resize(length);
    return Trap::none;
}

Trap fill_securely(Guest& guest, ComponentStore& store, std::span<std::byte> bytes)
{
    Wait wait = wait_of(guest, store);
    const auto filled = fill_with_randomness(bytes, wait);
    if (!filled && filled.error() == SystemError::guest_trapped)
        return wait.trap;
    return filled ? Trap::none : store.trap("wasi:random: the system has no randomness");
}

Trap get_random_bytes(Guest& guest, ComponentStore& store, std::uint64_t length, Bytes& result)
{
    if (const Trap trap = make_room(store, length, result); failed(trap))
        return trap;
    return fill_securely(guest, store, std::as_writable_bytes(std::span(result)));
}

Trap get_random_u64(Guest& guest, ComponentStore& store, std::uint64_t& result)
{
    return fill_securely(guest, store, std::as_writable_bytes(std::span(&result, 1)));
}

Trap get_insecure_random_bytes(Guest& guest, ComponentStore& store, std::uint64_t length, Bytes& result)
{
    if (const Trap trap = make_room(store, length, result); failed(trap))
        return trap;
    guest.insecure.fill(std::as_writable_bytes(std::span(result)));
    return Trap::none;
}

Trap get_insecure_random_u64(Guest& guest, ComponentStore&, std::uint64_t& result)
{
    result = guest.insecure.next();
    return Trap::none;
}

Trap insecure_seed(Guest& guest, ComponentStore&, std::tuple<std::uint64_t, std::uint64_t>& result)
{
    const auto& seed = guest.insecure.seed_for_hashing();
    result = {seed[0], seed[1]};
    return Trap::none;
}

constexpr HostFunction random_functions[] = {
    host_function<get_random_bytes>("get-random-bytes"),
    host_function<get_random_u64>("get-random-u64"),
};
constexpr HostFunction insecure_functions[] = {
    host_function<get_insecure_random_bytes>("get-insecure-random-bytes"),
    host_function<get_insecure_random_u64>("get-insecure-random-u64"),
};
constexpr HostFunction seed_functions[] = {host_function<insecure_seed>("insecure-seed")};

} // namespace

const HostInterface random_random = {"wasi:random/random@0.2.12", random_functions};
const HostInterface random_insecure = {"wasi:random/insecure@0.2.12", insecure_functions};
const HostInterface random_insecure_seed = {"wasi:random/insecure-seed@0.2.12", seed_functions};

} // namespace trellis::sandbox::preview2
