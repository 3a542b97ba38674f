// Names to addresses for guests: asked on a thread of the host's resolver while the guest goes on, or waits for
// readable() by whatever Waiter it has. What is found is what the names of the guest's grant lead to from then on.
// One thread at a time, the store's; the resolver is shared, and outlives the look-ups.
#pragma once

#include "net/resolver.hpp"
#include "sandbox/network/network.hpp"

#include <expected>
#include <poll.h>

namespace trellis::sandbox {

enum class LookupError : std::uint8_t {
    would_block,       ///< no answer yet
    denied,            ///< that name is not granted
    invalid_name,      ///< neither the name of a host nor an address. Names of other scripts must come encoded (xn--)
    unresolvable,      ///< there is no such name, or it has no address
    temporary_failure, ///< may go better later
    permanent_failure, ///< the servers refuse to say
    too_many,          ///< look-ups and sockets, for this guest or for the host
};

class NameLookup {
public:
    /// An address in text is its own answer, and needs no grant. Errors: all but would_block.
    static std::expected<NameLookup, LookupError> start(Network& network, net::Resolver& resolver,
                                                        std::string_view name);
    NameLookup(NameLookup&&) noexcept = default;
    NameLookup& operator=(NameLookup&& other) noexcept
    {
        std::swap(network_, other.network_);
        std::swap(question_, other.question_);
        std::swap(is_learned_, other.is_learned_);
        return *this;
    }
    /// Nobody waits for the answer any more.
    ~NameLookup();

    /// Readable once there is an answer, or the failure.
    [[nodiscard]] pollfd readable() const;
    /// The answer, the same every time; never empty.
    std::expected<std::vector<net::IpAddress>, LookupError> addresses();

private:
    struct Question;
    using Answer = std::expected<std::vector<net::IpAddress>, LookupError>;
    NameLookup(Network& network, std::shared_ptr<Question> question)
        : network_(&network), question_(std::move(question))
    {
    }

    Network* network_;
    std::shared_ptr<Question> question_;
    bool is_learned_ = false;
};

} // namespace trellis::sandbox
