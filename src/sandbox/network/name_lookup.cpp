#include "sandbox/network/name_lookup.hpp"

#include "net/host_name.hpp"

#include <mutex>
#include <sys/eventfd.h>

namespace trellis::sandbox {

/// Shared with the thread that answers: either may be the last. It takes a place of the guest until then, since it
/// costs the host as much.
struct NameLookup::Question {
    Question(std::string name, SocketPlace place, HostFd answered)
        : name(std::move(name)), place(std::move(place)), answered(std::move(answered))
    {
    }

    std::string name;
    SocketPlace place;
    HostFd answered; ///< an eventfd
    std::atomic<bool> is_wanted = true;
    std::mutex mutex;
    std::optional<Answer> answer;
};

namespace {

LookupError error_of(ErrorCode code)
{
    if (code == ErrorCode::not_found)
        return LookupError::unresolvable;
    return code == ErrorCode::denied ? LookupError::permanent_failure : LookupError::temporary_failure;
}

std::expected<std::vector<net::IpAddress>, LookupError> answer_of(net::Resolver::Answer found)
{
    if (!found)
        return std::unexpected(error_of(found.error().code));
    if (found->empty())
        return std::unexpected(LookupError::unresolvable);
    return std::move(*found);
}

} // namespace

std::expected<NameLookup, LookupError> NameLookup::start(Network& network, net::Resolver& resolver,
                                                         std::string_view text)
{
    if (const auto address = net::IpAddress::parse(text))
        return NameLookup(network, std::vector{*address});
    const auto name = net::host_name(text);
    if (!name || net::ends_in_a_number(*name))
        return std::unexpected(LookupError::invalid_name);
    if (!network.may_look_up(*name))
        return std::unexpected(LookupError::denied);
    auto place = network.take_place();
    auto answered = opened(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!place || !answered)
        return std::unexpected(LookupError::too_many);
    NameLookup lookup(network, std::unexpected(LookupError::would_block));
    lookup.question_ = std::make_shared<Question>(*name, std::move(*place), std::move(*answered));
    resolver.ask(
        *name, [question = lookup.question_] { return question->is_wanted.load(); },
        [question = lookup.question_](net::Resolver::Answer found) {
            {
                const std::lock_guard lock(question->mutex);
                question->answer = answer_of(std::move(found));
            }
            const std::uint64_t one = 1;
            (void)!::write(question->answered.number(), &one, sizeof one);
        });
    return lookup;
}

NameLookup::~NameLookup()
{
    if (question_)
        question_->is_wanted = false;
}

pollfd NameLookup::readable() const
{
    return {.fd = question_ ? question_->answered.number() : -1, .events = POLLIN, .revents = 0};
}

std::expected<std::vector<net::IpAddress>, LookupError> NameLookup::addresses()
{
    if (answer_ || answer_.error() != LookupError::would_block)
        return answer_;
    const std::lock_guard lock(question_->mutex);
    if (!question_->answer)
        return answer_;
    answer_ = *question_->answer;
    if (answer_)
        network_->learn(question_->name, *answer_);
    return answer_;
}

} // namespace trellis::sandbox
