#include "sandbox/network/name_lookup.hpp"

#include "net/host_name.hpp"

#include <mutex>
#include <sys/eventfd.h>

namespace trellis::sandbox {

/// Shared with the thread that answers: either may be the last. It takes a place of the guest until then, since it
/// costs the host as much.
struct NameLookup::Question {
    Question(SocketPlace taken, HostFd event) : place(std::move(taken)), answered(std::move(event)) {}
    void give(Answer found);

    std::string name; ///< empty: an address in text
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

void NameLookup::Question::give(Answer found)
{
    {
        const std::lock_guard lock(mutex);
        answer = std::move(found);
    }
    const std::uint64_t one = 1;
    (void)!::write(answered.number(), &one, sizeof one);
}

std::expected<NameLookup, LookupError> NameLookup::start(Network& network, net::Resolver& resolver,
                                                         std::string_view text)
{
    const auto address = net::IpAddress::parse(text);
    const auto name = net::host_name(text);
    if (!address && (!name || net::ends_in_a_number(*name)))
        return std::unexpected(LookupError::invalid_name);
    if (!address && !network.may_look_up(*name))
        return std::unexpected(LookupError::denied);
    auto place = network.take_place();
    auto answered = opened(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!place || !answered)
        return std::unexpected(LookupError::too_many);
    auto question = std::make_shared<Question>(std::move(*place), std::move(*answered));
    if (address) {
        question->give(std::vector{*address});
    } else {
        question->name = *name;
        resolver.ask(
            *name, [question] { return question->is_wanted.load(); },
            [question](net::Resolver::Answer found) { question->give(answer_of(std::move(found))); });
    }
    return NameLookup(network, std::move(question));
}

NameLookup::~NameLookup()
{
    if (question_)
        question_->is_wanted = false;
}

pollfd NameLookup::readable() const
{
    return {.fd = question_->answered.number(), .events = POLLIN, .revents = 0};
}

std::expected<std::vector<net::IpAddress>, LookupError> NameLookup::addresses()
{
    const std::lock_guard lock(question_->mutex);
    if (!question_->answer)
        return std::unexpected(LookupError::would_block);
    if (!std::exchange(is_learned_, true) && *question_->answer && !question_->name.empty())
        network_->learn(question_->name, **question_->answer);
    return *question_->answer;
}

} // namespace trellis::sandbox
