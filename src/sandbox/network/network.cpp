#include "sandbox/network/network.hpp"

#include <algorithm>

namespace trellis::sandbox {

namespace {

constexpr std::size_t most_learned = 1024;

bool any_contains(std::span<const Endpoint> endpoints, const SocketAddress& at)
{
    return std::ranges::any_of(endpoints, [&](const Endpoint& one) { return one.contains(at.address, at.port); });
}

/// Whoever owns a name decides where it leads; not into networks that only the host can reach.
bool may_lead(std::string_view name, const net::IpAddress& address)
{
    return address.is_public() || (name == "localhost" && address.is_loopback());
}

} // namespace

bool Network::may_listen(const SocketAddress& at) const
{
    return any_contains(grant_->listen, at);
}

bool Network::may_bind(const SocketAddress& at) const
{
    return any_contains(grant_->bind, at);
}

bool Network::leads_to(std::span<const Endpoint> endpoints, const SocketAddress& to) const
{
    return any_contains(endpoints, to) || std::ranges::any_of(learned_, [&](const Learned& learned) {
               return learned.address == to.address && std::ranges::any_of(endpoints, [&](const Endpoint& endpoint) {
                          return endpoint.names(learned.name, to.port);
                      });
           });
}

void Network::learn(std::string_view name, std::span<const net::IpAddress> addresses)
{
    for (const auto& address : addresses) {
        Learned learned = {.name = std::string(name), .address = address};
        if (!may_lead(name, address) || std::ranges::find(learned_, learned) != learned_.end())
            continue;
        learned_.push_back(std::move(learned));
        if (learned_.size() > most_learned)
            learned_.pop_front();
    }
}

Outcome<SocketPlace> Network::take_place()
{
    if (*taken_ >= grant_->max_sockets)
        return failure(EMFILE);
    ++*taken_;
    return SocketPlace(taken_);
}

} // namespace trellis::sandbox
