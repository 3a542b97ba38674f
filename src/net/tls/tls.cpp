#include "net/tls/tls.hpp"

#include "base/format.hpp"
#include "net/tls/session.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace trellis::net::tls {

namespace {

/// Names of protocols as TLS carries them: each behind its length. https://www.rfc-editor.org/rfc/rfc7301#section-3.1
constexpr std::array<unsigned char, 9> spoken_protocols = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

/// Of TLS 1.2 only what TLS 1.3 would also accept: forward secrecy and authenticated encryption.
constexpr const char* version_1_2_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

/// A client that names protocols and none of ours is refused, as RFC 7301 wants it.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_length, const unsigned char* offered,
                    unsigned int offered_length, void*)
{
    unsigned char* choice = nullptr;
    const int result = openssl().SSL_select_next_proto(&choice, chosen_length, spoken_protocols.data(),
                                                       spoken_protocols.size(), offered, offered_length);
    *chosen = choice;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// Nobody is there to be asked for the password of a key.
int no_password(char*, int, int, void*)
{
    return -1;
}

Result<ContextHandle> make_context(const SSL_METHOD* method)
{
    ContextHandle context(openssl().SSL_CTX_new(method));
    if (!context)
        return fail(ErrorCode::limit, format("TLS: {}", take_errors()));
    openssl().SSL_CTX_ctrl(context.get(), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
    openssl().SSL_CTX_ctrl(context.get(), SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, nullptr);
    openssl().SSL_CTX_set_options(context.get(),
                                  SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    if (openssl().SSL_CTX_set_cipher_list(context.get(), version_1_2_ciphers) != 1)
        return fail(ErrorCode::unsupported, format("OpenSSL has none of {}: {}", version_1_2_ciphers, take_errors()));
    openssl().SSL_CTX_set_default_passwd_cb(context.get(), no_password);
    return context;
}

Result<> need_file(const std::string& path, std::string_view what)
{
    if (::access(path.c_str(), R_OK) == 0)
        return {};
    const auto code = errno == ENOENT || errno == ENOTDIR ? ErrorCode::not_found : ErrorCode::denied;
    return fail(code, format("{} {}: {}", what, path, std::strerror(errno)));
}

std::unexpected<Error> bad_file(const std::string& path, std::string_view what)
{
    return fail(ErrorCode::invalid, format("{} {}: {}", what, path, take_errors()));
}

Result<SessionHandle> make_session(SSL_CTX* context)
{
    SessionHandle session(openssl().SSL_new(context));
    if (!session)
        return fail(ErrorCode::limit, format("TLS: {}", take_errors()));
    return session;
}

class OpenSslServer final : public ServerContext {
public:
    explicit OpenSslServer(ContextHandle context) : context_(std::move(context)) {}

    Result<std::unique_ptr<Session>> accept() override
    {
        auto session = TRELLIS_TRY(make_session(context_.get()));
        openssl().SSL_set_accept_state(session.get());
        return start_session(std::move(session));
    }

private:
    ContextHandle context_;
};

/// Whom the certificate has to be made out to; for names also what the server is told (SNI has no addresses).
Result<> expect_host(SSL* session, const std::string& host)
{
    if (openssl().X509_VERIFY_PARAM_set1_ip_asc(openssl().SSL_get0_param(session), host.c_str()) == 1)
        return {};
    // C functions: the name is not written to, and its type is a relic of the macro behind it.
    auto* name = const_cast<char*>(host.c_str());
    openssl().SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (openssl().SSL_set1_host(session, host.c_str()) != 1 ||
        openssl().SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) != 1)
        return fail(ErrorCode::usage, format("\"{}\" is no name of a host: {}", host, take_errors()));
    return {};
}

class OpenSslClient final : public ClientContext {
public:
    explicit OpenSslClient(ContextHandle context) : context_(std::move(context)) {}

    Result<std::unique_ptr<Session>> connect(const std::string& host) override
    {
        const std::string name = host.substr(0, host.ends_with('.') ? host.size() - 1 : host.size());
        // OpenSSL would take an empty name for "any", and one with a NUL for its beginning.
        if (name.empty() || name.find('\0') != std::string::npos)
            return fail(ErrorCode::usage, "a host without a name, or with a NUL in it");
        auto session = TRELLIS_TRY(make_session(context_.get()));
        TRELLIS_TRY(expect_host(session.get(), name));
        openssl().SSL_set_connect_state(session.get());
        return start_session(std::move(session));
    }

private:
    ContextHandle context_;
};

Result<> load_identity(SSL_CTX* context, const std::string& certificate_file, const std::string& key_file)
{
    TRELLIS_TRY(need_file(certificate_file, "certificate"));
    TRELLIS_TRY(need_file(key_file, "key"));
    openssl().ERR_clear_error();
    if (openssl().SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1)
        return bad_file(certificate_file, "certificate");
    if (openssl().SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
        openssl().SSL_CTX_check_private_key(context) != 1)
        return bad_file(key_file, "key");
    return {};
}

Result<> load_authorities(SSL_CTX* context, const std::string& file)
{
    openssl().ERR_clear_error();
    if (file.empty()) {
        if (openssl().SSL_CTX_set_default_verify_paths(context) != 1)
            return fail(ErrorCode::io, format("the system's certificate authorities: {}", take_errors()));
        return {};
    }
    TRELLIS_TRY(need_file(file, "certificate authorities"));
    if (openssl().SSL_CTX_load_verify_file(context, file.c_str()) != 1)
        return bad_file(file, "certificate authorities");
    return {};
}

} // namespace

Result<std::unique_ptr<ServerContext>> ServerContext::make(const std::string& certificate_file,
                                                           const std::string& key_file)
{
    TRELLIS_TRY(need_openssl());
    auto context = TRELLIS_TRY(make_context(openssl().TLS_server_method()));
    TRELLIS_TRY(load_identity(context.get(), certificate_file, key_file));
    openssl().SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
    // Sessions are resumed by tickets, which the client keeps; a cache would cost memory here and find nothing more.
    openssl().SSL_CTX_ctrl(context.get(), SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, nullptr);
    return std::make_unique<OpenSslServer>(std::move(context));
}

Result<std::unique_ptr<ClientContext>> ClientContext::make(const std::string& authorities_file)
{
    TRELLIS_TRY(need_openssl());
    auto context = TRELLIS_TRY(make_context(openssl().TLS_client_method()));
    TRELLIS_TRY(load_authorities(context.get(), authorities_file));
    openssl().SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    // 0 means success, for this function alone.
    if (openssl().SSL_CTX_set_alpn_protos(context.get(), spoken_protocols.data(), spoken_protocols.size()) != 0)
        return fail(ErrorCode::limit, format("TLS: {}", take_errors()));
    return std::make_unique<OpenSslClient>(std::move(context));
}

} // namespace trellis::net::tls
