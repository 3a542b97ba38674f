// What the capabilities of this folder share: the system's error numbers as results, and owned file descriptors.
// An Outcome is a value or a SystemError; unlike Result it carries no text, since guests cause errors all the time
// and only ever see a number. Each face maps the numbers to its own in exactly one function.
#pragma once

#include <cerrno>
#include <expected>
#include <unistd.h>
#include <utility>

namespace trellis::sandbox {

/// An errno of the host, or one of the values below it that only the sandbox has.
enum class SystemError : int {
    outside_grant = 10'001, ///< the path leads out of the granted directory
    missing_right,          ///< the guest's descriptor does not have the right to do this
    guest_trapped,          ///< the guest was interrupted while it waited; Wait::trap says how
    invalid_state,          ///< the object is not in a state for this, such as a socket that is not connected
};

constexpr SystemError system_error(int number)
{
    return static_cast<SystemError>(number);
}

template <class T = void>
class [[nodiscard]] Outcome : public std::expected<T, SystemError> {
public:
    using std::expected<T, SystemError>::expected;
};

[[nodiscard]] constexpr std::unexpected<SystemError> failure(int number)
{
    return std::unexpected(system_error(number));
}
[[nodiscard]] constexpr std::unexpected<SystemError> failure(SystemError error)
{
    return std::unexpected(error);
}
/// The error of the system call just made.
[[nodiscard]] inline std::unexpected<SystemError> last_failure()
{
    return failure(errno);
}

/// Repeats a system call while a signal breaks it off.
template <class Call>
auto uninterrupted(Call&& call)
{
    auto result = call();
    while (result == -1 && errno == EINTR)
        result = call();
    return result;
}

/// What a system call without a result of its own returned.
[[nodiscard]] inline Outcome<> checked(int result)
{
    if (result == -1)
        return last_failure();
    return {};
}

/// A file descriptor of the host: owned and closed at the end, or borrowed.
class HostFd {
public:
    HostFd() = default;
    explicit HostFd(int number) : number_(number) {}
    static HostFd borrowed(int number)
    {
        HostFd fd(number);
        fd.owned_ = false;
        return fd;
    }
    HostFd(HostFd&& other) noexcept : number_(std::exchange(other.number_, -1)), owned_(other.owned_) {}
    HostFd& operator=(HostFd&& other) noexcept
    {
        std::swap(number_, other.number_);
        std::swap(owned_, other.owned_);
        return *this;
    }
    ~HostFd()
    {
        if (owned_ && number_ >= 0)
            ::close(number_);
    }

    [[nodiscard]] int number() const { return number_; }
    [[nodiscard]] bool is_owned() const { return owned_; }
    [[nodiscard]] explicit operator bool() const { return number_ >= 0; }

private:
    int number_ = -1;
    bool owned_ = true;
};

/// A new descriptor, or the error of the call that should have given it.
[[nodiscard]] inline Outcome<HostFd> opened(int number)
{
    if (number == -1)
        return last_failure();
    return HostFd(number);
}

} // namespace trellis::sandbox
