// One guest's network: its grant, what the names in the grant have led to so far, and how many sockets it has open.
// Every socket and every look-up of the guest asks here first. One thread at a time, the store's; outlives the guest's
// sockets and look-ups.
#pragma once

#include "sandbox/network/network_grant.hpp"
#include "sandbox/network/socket_address.hpp"

#include <atomic>
#include <deque>
#include <memory>
#include <span>

namespace trellis::sandbox {

/// One of the sockets or look-ups that a guest may have; given back at its end, by any thread.
class SocketPlace {
public:
    using Count = std::atomic<std::uint32_t>;
    explicit SocketPlace(std::shared_ptr<Count> taken) : taken_(std::move(taken)) {}
    SocketPlace(SocketPlace&&) noexcept = default;
    SocketPlace& operator=(SocketPlace&& other) noexcept
    {
        std::swap(taken_, other.taken_);
        return *this;
    }
    ~SocketPlace()
    {
        if (taken_)
            --*taken_;
    }

private:
    std::shared_ptr<Count> taken_;
};

class Network {
public:
    explicit Network(std::shared_ptr<const NetworkGrant> grant) : grant_(std::move(grant)) {}

    [[nodiscard]] bool may_connect(const SocketAddress& to) const { return leads_to(grant_->connect, to); }
    [[nodiscard]] bool may_listen(const SocketAddress& at) const;
    [[nodiscard]] bool may_send(const SocketAddress& to) const { return leads_to(grant_->send, to); }
    [[nodiscard]] bool may_bind(const SocketAddress& at) const;
    [[nodiscard]] bool may_look_up(std::string_view name) const { return grant_->allows_lookup(name); }

    /// What a look-up of the guest, or the host for it, has found: entries with that name lead there from now on. The
    /// last 1024 addresses are known.
    void learn(std::string_view name, std::span<const net::IpAddress> addresses);

    /// Errors: EMFILE.
    Outcome<SocketPlace> take_place();
    [[nodiscard]] std::uint32_t places_taken() const { return *taken_; }

private:
    struct Learned {
        std::string name;
        net::IpAddress address;
        bool operator==(const Learned&) const = default;
    };
    [[nodiscard]] bool leads_to(std::span<const Endpoint> endpoints, const SocketAddress& to) const;

    std::shared_ptr<const NetworkGrant> grant_;
    std::deque<Learned> learned_;
    std::shared_ptr<SocketPlace::Count> taken_ = std::make_shared<SocketPlace::Count>(0);
};

} // namespace trellis::sandbox
