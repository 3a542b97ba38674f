// The streams of wasi:io: what is behind one (a descriptor of the host, a file from an offset on, a socket, a body of
// HTTP) is a class of its own. Reading and writing never wait, except from and to channels, which suspend the guest's
// fiber; who wants to wait asks for the Need. An error ends a stream. One thread at a time, the store's.
#pragma once

#include "sandbox/streams.hpp"
#include "sandbox/wasi/p2/pollable.hpp"

namespace trellis::sandbox::preview2 {

/// The other end is gone, there is no more, or an error was given before.
constexpr SystemError stream_closed = system_error(EPIPE);

/// Whose words an error has.
enum class ErrorOrigin : std::uint8_t { stream, file, socket, http };

class InputStream {
public:
    InputStream() = default;
    virtual ~InputStream() = default;
    InputStream(const InputStream&) = delete;
    InputStream& operator=(const InputStream&) = delete;

    /// At least one byte where `to` has room. Errors: EAGAIN, stream_closed, guest_trapped, once any other.
    Outcome<std::size_t> read(std::span<std::byte> to, Wait& wait);
    /// Of the next read.
    [[nodiscard]] Need need() const { return is_closed_ ? Need::nothing() : readable(); }
    [[nodiscard]] virtual ErrorOrigin origin() const { return ErrorOrigin::stream; }

protected:
    /// 0: the end.
    virtual Outcome<std::size_t> try_read(std::span<std::byte> to, Wait& wait) = 0;
    [[nodiscard]] virtual Need readable() const = 0;

private:
    bool is_closed_ = false;
};

/// Takes up to `most_at_once` bytes when it takes any: what the system does not take at once is kept, and written
/// before anything else.
class OutputStream {
public:
    static constexpr std::size_t most_at_once = std::size_t(64) << 10;

    OutputStream() = default;
    virtual ~OutputStream() = default;
    OutputStream(const OutputStream&) = delete;
    OutputStream& operator=(const OutputStream&) = delete;

    // Errors of all: stream_closed, guest_trapped, once any other.
    /// How many bytes write() may be given now; 0: not now.
    Outcome<std::size_t> check_write(Wait& wait);
    /// What the last check_write() said, less what was written since.
    [[nodiscard]] std::size_t budget() const { return budget_; }
    /// At most the budget.
    Outcome<> write(std::span<const std::byte> bytes, Wait& wait);
    /// Hands on what is kept. EAGAIN: some of it is still here.
    Outcome<> flush(Wait& wait);
    /// Of a budget, and of a flush.
    [[nodiscard]] Need need() const { return is_closed_ ? Need::nothing() : writable(); }
    [[nodiscard]] virtual ErrorOrigin origin() const { return ErrorOrigin::stream; }
    /// From now on it is closed, and what is kept is gone.
    void close()
    {
        is_closed_ = true;
        kept_.clear();
    }

protected:
    /// EAGAIN: none.
    virtual Outcome<std::size_t> try_write(std::span<const std::byte> bytes, Wait& wait) = 0;
    [[nodiscard]] virtual Need writable() const = 0;
    /// Where the next layer has limits of its own.
    [[nodiscard]] virtual std::size_t room() const { return most_at_once; }

private:
    Outcome<std::size_t> attempt(std::span<const std::byte> bytes, Wait& wait);

    std::vector<std::byte> kept_;
    std::size_t budget_ = 0;
    bool is_closed_ = false;
};

// Both wait. Errors: stream_closed, guest_trapped, once any other.
Outcome<std::size_t> read_waiting(InputStream& stream, std::span<std::byte> to, Wait& wait);
Outcome<> flush_waiting(OutputStream& stream, Wait& wait);
Outcome<std::size_t> check_write_waiting(OutputStream& stream, Wait& wait);
/// All of it, and flushes.
Outcome<> write_waiting(OutputStream& stream, std::span<const std::byte> bytes, Wait& wait);

/// The guest's standard input, also from a channel.
class HostInput final : public InputStream {
public:
    explicit HostInput(Stream stream) : stream_(std::move(stream)) { stream_.set_non_blocking(true); }
    [[nodiscard]] bool is_terminal() const { return !stream_.is_channel() && stream_.is_terminal(); }

private:
    Outcome<std::size_t> try_read(std::span<std::byte> to, Wait& wait) override;
    [[nodiscard]] Need readable() const override;

    Stream stream_;
};

class HostOutput final : public OutputStream {
public:
    explicit HostOutput(Stream stream) : stream_(std::move(stream)) { stream_.set_non_blocking(true); }
    [[nodiscard]] bool is_terminal() const { return !stream_.is_channel() && stream_.is_terminal(); }

private:
    Outcome<std::size_t> try_write(std::span<const std::byte> bytes, Wait& wait) override;
    [[nodiscard]] Need writable() const override;

    Stream stream_;
};

/// Standard streams that the guest has not got.
class NoInput final : public InputStream {
    Outcome<std::size_t> try_read(std::span<std::byte>, Wait&) override { return 0; }
    [[nodiscard]] Need readable() const override { return Need::nothing(); }
};
class NoOutput final : public OutputStream {
    Outcome<std::size_t> try_write(std::span<const std::byte>, Wait&) override { return failure(stream_closed); }
    [[nodiscard]] Need writable() const override { return Need::nothing(); }
};

} // namespace trellis::sandbox::preview2
