// OpenSSL 3 as a table of function pointers: typed by its headers, filled by dlsym when TLS is used for the first time,
// so that the program neither links it nor needs it. A function that is not in the list below can't be called.
// The table is filled once and then read by all threads; OpenSSL's queue of errors belongs to the thread.
#pragma once

#include "base/result.hpp"

#include <memory>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string>

// What is called of each library; macros of OpenSSL's headers call the functions with "ctrl" in their names.
#define TRELLIS_LIBCRYPTO_FUNCTIONS(row)                                                                               \
    row(BIO_ctrl_pending) row(BIO_free) row(BIO_new) row(BIO_read_ex) row(BIO_s_mem) row(BIO_write_ex)                 \
        row(ERR_clear_error) row(ERR_get_error) row(ERR_reason_error_string) row(X509_VERIFY_PARAM_set1_ip_asc)        \
            row(X509_verify_cert_error_string)

#define TRELLIS_LIBSSL_FUNCTIONS(row)                                                                                  \
    row(OPENSSL_init_ssl) row(SSL_CTX_check_private_key) row(SSL_CTX_ctrl) row(SSL_CTX_free)                           \
        row(SSL_CTX_load_verify_file) row(SSL_CTX_new) row(SSL_CTX_set_alpn_protos) row(SSL_CTX_set_alpn_select_cb)    \
            row(SSL_CTX_set_cipher_list) row(SSL_CTX_set_default_passwd_cb) row(SSL_CTX_set_default_verify_paths)      \
                row(SSL_CTX_set_options) row(SSL_CTX_set_verify) row(SSL_CTX_use_PrivateKey_file)                      \
                    row(SSL_CTX_use_certificate_chain_file) row(SSL_ctrl) row(SSL_do_handshake) row(SSL_free)          \
                        row(SSL_get0_param) row(SSL_get_error) row(SSL_get_verify_result) row(SSL_get_version)         \
                            row(SSL_is_init_finished) row(SSL_new) row(SSL_read_ex) row(SSL_select_next_proto)         \
                                row(SSL_set1_host) row(SSL_set_accept_state) row(SSL_set_bio)                          \
                                    row(SSL_set_connect_state) row(SSL_set_hostflags) row(SSL_shutdown)                \
                                        row(SSL_write_ex) row(TLS_client_method) row(TLS_server_method)

namespace trellis::net::tls {

struct OpenSsl {
#define TRELLIS_OPENSSL_MEMBER(name) decltype(&::name) name = nullptr;
    TRELLIS_LIBCRYPTO_FUNCTIONS(TRELLIS_OPENSSL_MEMBER)
    TRELLIS_LIBSSL_FUNCTIONS(TRELLIS_OPENSSL_MEMBER)
#undef TRELLIS_OPENSSL_MEMBER
};

/// Opens libraries of these names. Errors: unsupported, with the package to install.
Result<OpenSsl> open_openssl(const char* libcrypto, const char* libssl);
/// Opens OpenSSL unless that has been done.
Result<> need_openssl();
/// After need_openssl().
const OpenSsl& openssl();

/// What OpenSSL's queue of this thread says, the first cause first; empties it. "no reason given" for an empty queue.
std::string take_errors();

struct OpenSslDeleter {
    void operator()(SSL_CTX* context) const { openssl().SSL_CTX_free(context); }
    void operator()(SSL* session) const { openssl().SSL_free(session); }
};
using ContextHandle = std::unique_ptr<SSL_CTX, OpenSslDeleter>;
using SessionHandle = std::unique_ptr<SSL, OpenSslDeleter>;

} // namespace trellis::net::tls
