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

using Addresses = Result<std::vector<IpAddress>>;

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

Addresses system_lookup(const std::string& name)
{
    addrinfo hints = {};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &found); error != 0)
        return fail(error == EAI_NONAME ? ErrorCode::not_found : ErrorCode::io,
                    format("the name {} leads nowhere: {}", name, ::gai_strerror(error)));
    std::vector<IpAddress> addresses;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next)
        if (const auto address = address_of(*one->ai_addr);
            address && std::ranges::find(addresses, *address) == addresses.end())
            addresses.push_back(*address);
    ::freeaddrinfo(found);
    return addresses;
}

} // namespace

struct Resolver::State {
    /// One question. The fiber that asks and the thread that answers share it: either may be the last.
    struct Question {
        std::string name;
        std::mutex mutex;
        EventLoop* loop;        ///< null: nobody waits for the answer any more
        Pause* pause = nullptr; ///< the loop's thread only
        std::optional<Addresses> answer;
    };

    Lookup lookup;
    std::size_t max_threads;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::shared_ptr<Question>> questions;
    std::vector<std::thread> threads;
    std::size_t idle = 0;
    bool stopping = false;

    void ask(std::shared_ptr<Question> question)
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
            const auto question = std::move(questions.front());
            questions.pop_front();
            lock.unlock();
            answer(question);
            lock.lock();
        }
    }

    void answer(const std::shared_ptr<Question>& question)
    {
        if (!is_waited_for(*question))
            return;
        auto addresses = lookup(question->name);
        const std::lock_guard lock(question->mutex);
        question->answer = std::move(addresses);
        if (question->loop != nullptr)
            question->loop->post([question] {
                if (question->pause != nullptr)
                    question->pause->wake();
            });
    }

    static bool is_waited_for(Question& question)
    {
        const std::lock_guard lock(question.mutex);
        return question.loop != nullptr;
    }
};

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

Result<std::vector<IpAddress>> Resolver::resolve(EventLoop& loop, const std::string& name, Deadline deadline,
                                                 Cancellation* cancellation)
{
    if (const auto address = IpAddress::parse(name))
        return std::vector{*address};
    Pause pause(loop);
    const auto question = std::make_shared<State::Question>();
    question->name = name;
    question->loop = &loop;
    question->pause = &pause;
    state_->ask(question);
    const Cancellation::Wait wait(cancellation, [&pause] { pause.wake(); });
    pause.wait(std::min(deadline.value_or(Instant::max()), std::chrono::steady_clock::now() + longest_wait));
    const std::lock_guard lock(question->mutex);
    question->loop = nullptr;
    question->pause = nullptr;
    if (!question->answer)
        return fail(ErrorCode::io, format("the name {} was not resolved in time", name));
    return *question->answer;
}

} // namespace trellis::net
