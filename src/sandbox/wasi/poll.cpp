// poll_oneoff: waits until one of a list of clocks and descriptors is due.
#include "sandbox/clocks.hpp"
#include "sandbox/wasi/functions.hpp"

#include <algorithm>
#include <array>
#include <sys/ioctl.h>

namespace trellis::sandbox::preview1 {

namespace {

constexpr std::uint32_t max_subscriptions = 65'536;

/// A moment so far away that arithmetic with it stays in range.
constexpr auto longest_wait = std::chrono::hours(24 * 365 * 100);

Instant in_nanoseconds(std::uint64_t ns)
{
    const auto longest = std::chrono::nanoseconds(longest_wait);
    const auto wait = ns > static_cast<std::uint64_t>(longest.count()) ? longest : std::chrono::nanoseconds(ns);
    return std::chrono::steady_clock::now() + wait;
}

/// When a clock subscription is due.
Outcome<Instant> deadline_of(std::uint32_t id, std::uint64_t timeout, std::uint16_t flags)
{
    constexpr std::array clocks = {Clock::realtime, Clock::monotonic};
    if ((flags & ~subscription_clock_abstime) || id >= clocks.size())
        return failure(EINVAL);
    if (!(flags & subscription_clock_abstime))
        return in_nanoseconds(timeout);
    const auto now = TRELLIS_TRY(time_ns(clocks[id]));
    return in_nanoseconds(timeout > now ? timeout - now : 0);
}

std::uint64_t readable_bytes(const Stream& stream)
{
    if (!stream.is_regular()) {
        int bytes = 0;
        return ::ioctl(stream.fd(), FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0;
    }
    const auto position = seek(stream.fd(), 0, SEEK_CUR);
    const auto status = status_of(stream.fd());
    const auto size = status ? static_cast<std::uint64_t>(status->st_size) : 0;
    return position && *position < size ? size - *position : 0;
}

/// The events of one call. A subscription that can't be waited for is an event at once, with its error.
template <class Subscribed>
class Poll {
public:
    Poll(Call& call, List<Subscribed> subscriptions, List<Event> events)
        : call_(call), subscriptions_(subscriptions), events_(events)
    {
        entries_.reserve(subscriptions.size());
    }

    Outcome<std::uint32_t> run()
    {
        for (std::uint32_t index = 0; index < subscriptions_.size(); ++index)
            subscribe(subscriptions_[index]);
        if (count_ == 0)
            TRELLIS_TRY(call_.wait.until(descriptors_, first_deadline_));
        const auto now = std::chrono::steady_clock::now();
        for (const auto& entry : entries_)
            collect(entry, now);
        return count_;
    }

private:
    struct Entry {
        std::uint64_t userdata;
        EventType type;
        Fd fd = 0;
        std::size_t descriptor = 0; ///< index in descriptors_
        Instant deadline = {};
    };

    void subscribe(const Subscribed& subscription)
    {
        const EventType type = static_cast<EventType>(subscription.tag);
        Entry entry = {.userdata = subscription.userdata, .type = type};
        Outcome<> subscribed;
        if (type == EventType::clock)
            subscribed = subscribe_clock(subscription, entry);
        else if (type == EventType::fd_read || type == EventType::fd_write)
            subscribed = subscribe_descriptor(subscription.descriptor(), entry);
        else
            subscribed = failure(EINVAL);
        if (subscribed)
            entries_.push_back(entry);
        else
            add({.userdata = entry.userdata, .error = errno_of(subscribed.error()), .type = type});
    }

    Outcome<> subscribe_clock(const Subscribed& subscription, Entry& entry)
    {
        entry.deadline = TRELLIS_TRY(deadline_of(subscription.id, subscription.timeout, subscription.flags));
        first_deadline_ = std::min(first_deadline_.value_or(entry.deadline), entry.deadline);
        return {};
    }

    Outcome<> subscribe_descriptor(Fd fd, Entry& entry)
    {
        const auto direction = entry.type == EventType::fd_read ? right::fd_read : right::fd_write;
        auto* descriptor = TRELLIS_TRY(call_.guest.descriptors.find(fd));
        auto* stream = TRELLIS_TRY(call_.guest.descriptors.find_stream(fd, right::poll_fd_readwrite));
        TRELLIS_TRY(descriptor->require(descriptor->listening ? right::sock_accept : direction));
        entry.fd = fd;
        const short events = entry.type == EventType::fd_read ? POLLIN : POLLOUT;
        if (is_always_ready(*stream, events))
            first_deadline_ = Instant();
        entry.descriptor = place_of(fd, stream->is_channel() ? stream->before(events).fd : stream->fd());
        descriptors_[entry.descriptor].events |= events;
        return {};
    }

    /// A channel that can't tell waits when it is read or written; asked beforehand it is ready, as a file is.
    static bool is_always_ready(const Stream& stream, short events)
    {
        return stream.is_channel() && stream.before(events).fd < 0;
    }

    /// Each descriptor is asked about once, however many subscriptions it has: the system takes no more than there can
    /// be open files.
    std::size_t place_of(Fd fd, int host_fd)
    {
        if (fd >= places_.size())
            places_.resize(fd + 1, no_place);
        if (places_[fd] == no_place) {
            places_[fd] = descriptors_.size();
            descriptors_.push_back({.fd = host_fd, .events = 0, .revents = 0});
        }
        return places_[fd];
    }

    void collect(const Entry& entry, Instant now)
    {
        if (entry.type == EventType::clock) {
            if (entry.deadline <= now)
                add({.userdata = entry.userdata, .type = entry.type});
            return;
        }
        const short asked = entry.type == EventType::fd_read ? POLLIN : POLLOUT;
        const auto stream = call_.guest.descriptors.find_stream(entry.fd, 0);
        const bool is_ready = stream && is_always_ready(**stream, asked);
        const int found = is_ready ? asked : descriptors_[entry.descriptor].revents;
        const int ready = found & (asked | POLLHUP | POLLERR | POLLNVAL);
        if (ready == 0)
            return;
        Event event = {.userdata = entry.userdata, .type = entry.type};
        if (ready & POLLNVAL)
            event.error = Errno::badf;
        else if (entry.type == EventType::fd_read && stream)
            event.bytes = readable_bytes(**stream);
        if (ready & POLLHUP)
            event.flags = fd_readwrite_hangup;
        add(event);
    }

    void add(const Event& event) { events_.set(count_++, event); }

    Call& call_;
    List<Subscribed> subscriptions_;
    List<Event> events_;
    std::vector<Entry> entries_;
    static constexpr auto no_place = std::size_t(-1);
    std::vector<std::size_t> places_; ///< in descriptors_, by the guest's number
    std::vector<pollfd> descriptors_;
    std::optional<Instant> first_deadline_;
    std::uint32_t count_ = 0; ///< of events so far
};

template <class Subscribed>
Outcome<> poll_for(Call& call, Address subscriptions, Address events, std::uint32_t count, Out<std::uint32_t> occurred)
{
    if (count == 0 || count > max_subscriptions)
        return failure(EINVAL);
    const List<Subscribed> in(TRELLIS_TRY(call.bytes(subscriptions.value, std::uint64_t(count) * sizeof(Subscribed))));
    const List<Event> out(TRELLIS_TRY(call.bytes(events.value, std::uint64_t(count) * sizeof(Event))));
    occurred = TRELLIS_TRY(Poll<Subscribed>(call, in, out).run());
    return {};
}

} // namespace

Outcome<> poll_oneoff(Call& call, Address subscriptions, Address events, std::uint32_t count,
                      Out<std::uint32_t> occurred)
{
    return poll_for<Subscription>(call, subscriptions, events, count, occurred);
}

Outcome<> snapshot0::poll_oneoff(Call& call, Address subscriptions, Address events, std::uint32_t count,
                                 Out<std::uint32_t> occurred)
{
    return poll_for<SubscriptionSnapshot0>(call, subscriptions, events, count, occurred);
}

} // namespace trellis::sandbox::preview1
