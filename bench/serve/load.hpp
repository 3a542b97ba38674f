// Sends requests over many keep-alive connections at once, one at a time on each, and gives every answer back together
// with its request. One thread; epoll. Loopback only.
#pragma once

#include "response_reader.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace trellis::bench {

struct Request {
    std::uint64_t id = 0;
    unsigned kind = 0; ///< the caller's
    std::string bytes;
    enum class Leave : std::uint8_t {
        never,
        half_sent, ///< when half of the request is sent
        sent,
        answering, ///< at the answer's first bytes
    } leave = Leave::never;
};

struct Answer {
    Response response;
    std::string failure; ///< not empty: there is no whole answer, and why
    std::chrono::nanoseconds took{0};
};

struct LoadPlan {
    std::uint16_t port = 0;
    unsigned connections = 64;
    std::chrono::seconds patience{60}; ///< for one answer
    /// The next request; none: no more.
    std::function<std::optional<Request>()> next;
    /// Every request but those that were left.
    std::function<void(const Request&, const Answer&)> done;
    /// Every 100 ms or so. False: no more requests.
    std::function<bool()> tick;
};

/// Until there are no more requests, and all are answered. Errors: io (no connection).
Result<> send_load(const LoadPlan& plan);

std::string get_request(const std::string& target);

/// Value below which that share of the values are; they are reordered.
double percentile(std::vector<double>& values, double share);

} // namespace trellis::bench
