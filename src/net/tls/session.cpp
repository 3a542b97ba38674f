#include "net/tls/session.hpp"

#include "base/check.hpp"
#include "base/format.hpp"

namespace trellis::net::tls {

namespace {

class MemorySession final : public Session {
public:
    MemorySession(SessionHandle ssl, BIO* received, BIO* to_send)
        : ssl_(std::move(ssl)), received_(received), to_send_(to_send)
    {
        openssl().SSL_set_bio(ssl_.get(), received_, to_send_);
    }

    Result<> receive(std::span<const std::byte> wire) override
    {
        if (failure_)
            return std::unexpected(*failure_);
        std::size_t taken = 0;
        if (!wire.empty() && openssl().BIO_write_ex(received_, wire.data(), wire.size(), &taken) != 1)
            return fatal(fail(ErrorCode::limit, format("TLS: {}", take_errors())));
        return handshake_done() ? Result<>() : advance_handshake();
    }

    Result<std::size_t> read(std::span<std::byte> to) override
    {
        if (failure_)
            return std::unexpected(*failure_);
        if (to.empty() || !handshake_done())
            return 0;
        std::size_t count = 0;
        openssl().ERR_clear_error();
        const int result = openssl().SSL_read_ex(ssl_.get(), to.data(), to.size(), &count);
        if (result != 1)
            TRELLIS_TRY(explain(result, "TLS record"));
        return count;
    }

    Result<> write(std::span<const std::byte> plain) override
    {
        TRELLIS_CHECK(failure_ || handshake_done());
        if (failure_)
            return std::unexpected(*failure_);
        std::size_t count = 0;
        openssl().ERR_clear_error();
        if (plain.empty() || openssl().SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &count) == 1)
            return {};
        return fatal(fail(ErrorCode::io, format("TLS: {}", take_errors())));
    }

    std::vector<std::byte> take_wire() override
    {
        std::vector<std::byte> wire(openssl().BIO_ctrl_pending(to_send_));
        std::size_t count = 0;
        if (!wire.empty())
            openssl().BIO_read_ex(to_send_, wire.data(), wire.size(), &count);
        wire.resize(count);
        return wire;
    }

    [[nodiscard]] bool handshake_done() const override { return openssl().SSL_is_init_finished(ssl_.get()) == 1; }
    [[nodiscard]] bool peer_closed() const override { return peer_closed_; }

    void close() override
    {
        if (failure_ || !handshake_done())
            return;
        openssl().SSL_shutdown(ssl_.get());
        openssl().ERR_clear_error();
    }

    [[nodiscard]] std::string version() const override { return openssl().SSL_get_version(ssl_.get()); }

    Result<> advance_handshake()
    {
        openssl().ERR_clear_error();
        const int result = openssl().SSL_do_handshake(ssl_.get());
        if (result == 1)
            return {};
        TRELLIS_TRY(explain(result, "TLS handshake"));
        if (peer_closed_)
            return fatal(fail(ErrorCode::malformed, "TLS handshake: the other side closed"));
        return {};
    }

private:
    /// What a call that did not succeed means: nothing, as long as it only needs more bytes.
    Result<> explain(int result, std::string_view what)
    {
        const int error = openssl().SSL_get_error(ssl_.get(), result);
        if (error == SSL_ERROR_WANT_READ)
            return {};
        if (error == SSL_ERROR_ZERO_RETURN) {
            peer_closed_ = true;
            return {};
        }
        const long verified = openssl().SSL_get_verify_result(ssl_.get());
        if (verified != X509_V_OK)
            return fatal(fail(ErrorCode::denied, format("the certificate is refused: {}",
                                                        openssl().X509_verify_cert_error_string(verified))));
        return fatal(fail(ErrorCode::malformed, format("{}: {}", what, take_errors())));
    }

    /// Nothing more can be done with this session, but to send the alert.
    std::unexpected<Error> fatal(std::unexpected<Error> error)
    {
        openssl().ERR_clear_error();
        failure_ = error.error();
        return error;
    }

    SessionHandle ssl_;
    BIO* received_; ///< both owned by ssl_
    BIO* to_send_;
    bool peer_closed_ = false;
    std::optional<Error> failure_;
};

} // namespace

Result<std::unique_ptr<Session>> start_session(SessionHandle ssl)
{
    BIO* received = openssl().BIO_new(openssl().BIO_s_mem());
    BIO* to_send = openssl().BIO_new(openssl().BIO_s_mem());
    if (received == nullptr || to_send == nullptr) {
        openssl().BIO_free(received);
        openssl().BIO_free(to_send);
        return fail(ErrorCode::limit, "no memory for a TLS session");
    }
    auto session = std::make_unique<MemorySession>(std::move(ssl), received, to_send);
    TRELLIS_TRY(session->advance_handshake());
    return session;
}

} // namespace trellis::net::tls
