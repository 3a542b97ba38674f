#include "net/resolver.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>

namespace trellis::net {

namespace {

/// No name takes longer; also keeps the loop running meanwhile.
constexpr std::chrono::seconds longest_wait{30};

std::optional<IpAddress> address_of(const sockaddr& address)
{
    IpAddress::Bytes bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (address.sa_family == AF_INET) {
        sockaddr_in v4;
        std::memcpy(&v4, &address, sizeof v4);
        std::memcpy(bytes.data() + 12, &v4.sin_addr, 4);
    } else if (address.sa_family == AF_INET6) {
        sockaddr_in6 v6;
        std::memcpy(&v6, &address, sizeof v6);
        std::memcpy(bytes.data(), &v6.sin6_addr, 16);
    } else {
        return std::nullopt;
    }
    return IpAddress(bytes);
}

ErrorCode code_of(int error)
{
    const bool no_address = error == EAI_NONAME || error == EAI_NODATA || error == EAI_ADDRFAMILY;
    return no_address ? ErrorCode::not_found : error == EAI_FAIL ? ErrorCode::denied : ErrorCode::io;
}

Resolver::Answer system_lookup(const std::string& name)
{
    addrinfo hints = {};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &found); error != 0)
        return fail(code_of(error), format("the name {} leads nowhere: {}", name, ::gai_strerror(error)));
    std::vector<IpAddress> addresses;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next)
        if (const auto address = address_of(*one->ai_addr);
            address && std::ranges::find(addresses, *address) == addresses.end())
            addresses.push_back(*address);
    ::freeaddrinfo(found);
    return addresses;
}

} // namespace

/// Questions in a line, and the threads that answer them.
struct Resolver::State {
    struct Question {
        std::string name;
        std::function<bool()> is_wanted;
        std::function<void(Answer)> answered;
    };

    Lookup lookup;
    std::size_t max_threads;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Question> questions;
    std::vector<std::thread> threads;
    std::size_t idle = 0;
    bool stopping = false;

    void ask(Question question)
    {
        const std::lock_guard lock(mutex);
        questions.push_back(std::move(question));
        if (idle < questions.size() && threads.size() < max_threads)
            threads.emplace_back([this] { work(); });
        changed.notify_one();
    }

    void work()
    {
        std::unique_lock lock(mutex);
        while (true) {
            ++idle;
            changed.wait(lock, [this] { return stopping || !questions.empty(); });
            --idle;
            if (stopping)
                return;
            auto question = std::optional(std::move(questions.front()));
            questions.pop_front();
            lock.unlock();
            if (question->is_wanted())
                question->answered(lookup(question->name));
            question.reset();
            lock.lock();
        }
    }
};

namespace {

/// A fiber that waits for an answer. It and the thread that answers share this: either may be the last.
struct Asker {
    std::mutex mutex;
    EventLoop* loop;        ///< null: it waits no more
    Pause* pause = nullptr; ///< the loop's thread only
    std::optional<Resolver::Answer> answer;
};

bool is_waiting(Asker& asker)
{
    const std::lock_guard lock(asker.mutex);
    return asker.loop != nullptr;
}

void tell(const std::shared_ptr<Asker>& asker, Resolver::Answer answer)
{
    const std::lock_guard lock(asker->mutex);
    asker->answer = std::move(answer);
    if (asker->loop != nullptr)
        asker->loop->post([asker] {
            if (asker->pause != nullptr)
                asker->pause->wake();
        });
}

} // namespace

Resolver::Resolver(Lookup lookup, std::size_t max_threads) : state_(std::make_unique<State>())
{
    state_->lookup = lookup ? std::move(lookup) : system_lookup;
    state_->max_threads = max_threads;
}

Resolver::~Resolver()
{
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
    }
    state_->changed.notify_all();
    for (std::thread& thread : state_->threads)
        thread.join();
}

void Resolver::ask(std::string name, std::function<bool()> is_wanted, std::function<void(Answer)> answered)
{
    state_->ask({std::move(name), std::move(is_wanted), std::move(answered)});
}

Resolver::Answer Resolver::resolve(EventLoop& loop, const std::string& name, Deadline deadline,
                                   Cancellation* cancellation)
{
    if (const auto address = IpAddress::parse(name))
        return std::vector{*address};
    Pause pause(loop);
    const auto asker = std::make_shared<Asker>();
    asker->loop = &loop;
    asker->pause = &pause;
    ask(name, [asker] { return is_waiting(*asker); }, [asker](Answer answer) { tell(asker, std::move(answer)); });
    const Cancellation::Wait wait(cancellation, [&pause] { pause.wake(); });
    pause.wait(std::min(deadline.value_or(Instant::max()), std::chrono::steady_clock::now() + longest_wait));
    const std::lock_guard lock(asker->mutex);
    asker->loop = nullptr;
    asker->pause = nullptr;
    if (!asker->answer)
        return fail(ErrorCode::io, format("the name {} was not resolved in time", name));
    return *asker->answer;
}

} // namespace trellis::net
