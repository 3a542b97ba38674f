// Reading and writing whatever a descriptor of the host is, or a channel: regular files at once, everything else
// (pipes, terminals, sockets) without ever blocking the thread inside the system call, so that a guest that waits can
// be interrupted. Data goes straight between the guest's memory and the system, usually in one call. One thread at a
// time per object.
#pragma once

#include "sandbox/channel.hpp"

#include <cstdint>
#include <span>
#include <sys/stat.h>
#include <sys/uio.h>

namespace trellis::sandbox {

/// Drops the first `bytes` of the parts.
std::span<iovec> skip(std::span<iovec> parts, std::size_t bytes);

class Stream {
public:
    /// `fd` is in non-blocking mode where it is owned; a borrowed one may be in either and stays as it is.
    Stream(HostFd fd, mode_t mode);
    /// Borrowed. It has no descriptor of the host: fd() is -1.
    explicit Stream(Channel& channel) : channel_(&channel), mode_(S_IFIFO), manner_(Manner::plain) {}

    [[nodiscard]] int fd() const { return fd_.number(); }
    [[nodiscard]] bool is_owned() const { return fd_.is_owned(); }
    [[nodiscard]] bool is_channel() const { return channel_ != nullptr; }
    [[nodiscard]] mode_t mode() const { return mode_; }
    [[nodiscard]] bool is_regular() const { return S_ISREG(mode_); }
    [[nodiscard]] bool is_socket() const { return S_ISSOCK(mode_); }

    /// Whether there is a person (or what passes for one) at the other end.
    [[nodiscard]] bool is_terminal() const;

    /// Whether the guest would rather have EAGAIN than wait.
    [[nodiscard]] bool non_blocking() const { return non_blocking_; }
    void set_non_blocking(bool on) { non_blocking_ = on; }

    /// What to wait for before reading (POLLIN) or writing (POLLOUT); a descriptor of -1: nothing.
    [[nodiscard]] pollfd before(short events) const;

    // The numbers of bytes moved; `parts` are changed. Reading gives what there is, at least one byte, or 0 at the end.
    // Writing writes everything unless non_blocking() or an error stops it halfway.
    Outcome<std::size_t> read(std::span<iovec> parts, Wait& wait);
    Outcome<std::size_t> write(std::span<iovec> parts, Wait& wait);
    Outcome<std::size_t> read_at(std::span<iovec> parts, std::uint64_t offset, Wait& wait);
    Outcome<std::size_t> write_at(std::span<iovec> parts, std::uint64_t offset, Wait& wait);
    /// At the end of a regular file, wherever that is by then, and whatever it was opened for.
    Outcome<std::size_t> append(std::span<iovec> parts, Wait& wait);

private:
    /// How to make sure that a call on something that may block does not.
    enum class Manner : std::uint8_t {
        plain,      ///< it never does: a regular file, or our own descriptor in non-blocking mode
        flag,       ///< RWF_NOWAIT
        poll_first, ///< where the system knows no such flag for this file: ask, then move little
    };
    Outcome<std::size_t> read_channel(std::span<iovec> parts, Wait& wait);
    ssize_t try_read(std::span<iovec> parts);
    ssize_t try_write(std::span<iovec> parts);

    HostFd fd_;
    Channel* channel_ = nullptr;
    mode_t mode_;
    Manner manner_;
    bool non_blocking_ = false;
};

} // namespace trellis::sandbox
