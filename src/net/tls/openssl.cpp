#include "net/tls/openssl.hpp"

#include "base/check.hpp"
#include "base/format.hpp"

#include <cstring>
#include <dlfcn.h>

namespace trellis::net::tls {

namespace {

std::unexpected<Error> no_openssl()
{
    const char* reason = ::dlerror();
    return fail(ErrorCode::unsupported, format("TLS needs OpenSSL 3, which can't be opened here ({}); "
                                               "install it (Debian: apt-get install libssl3)",
                                               reason == nullptr ? "unknown reason" : reason));
}

/// Stays open for ever: what OpenSSL keeps per thread is freed by its own code when threads end.
Result<void*> open_library(const char* name)
{
    void* library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
        return no_openssl();
    return library;
}

template <class Function>
bool find_function(void* library, const char* name, Function& function)
{
    function = reinterpret_cast<Function>(::dlsym(library, name)); // NOLINT: that is what dlsym is for
    return function != nullptr;
}

const Result<OpenSsl>& the_openssl()
{
    static const Result<OpenSsl> opened = [] {
        auto functions = open_openssl("libcrypto.so.3", "libssl.so.3");
        // Our threads may still run when the process exits: nothing is torn down under them.
        if (functions)
            functions->OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, nullptr);
        return functions;
    }();
    return opened;
}

std::string reason_of(unsigned long error)
{
    if (ERR_SYSTEM_ERROR(error))
        return std::strerror(ERR_GET_REASON(error)); // NOLINT: glibc's is safe among threads
    const char* reason = openssl().ERR_reason_error_string(error);
    return reason != nullptr ? reason : format("error {:#x}", error);
}

} // namespace

Result<OpenSsl> open_openssl(const char* libcrypto, const char* libssl)
{
    OpenSsl functions;
    void* crypto = TRELLIS_TRY(open_library(libcrypto));
    void* ssl = TRELLIS_TRY(open_library(libssl));
    bool complete = true;
#define TRELLIS_FIND_IN_LIBCRYPTO(name) complete = complete && find_function(crypto, #name, functions.name);
#define TRELLIS_FIND_IN_LIBSSL(name) complete = complete && find_function(ssl, #name, functions.name);
    TRELLIS_LIBCRYPTO_FUNCTIONS(TRELLIS_FIND_IN_LIBCRYPTO)
    TRELLIS_LIBSSL_FUNCTIONS(TRELLIS_FIND_IN_LIBSSL)
#undef TRELLIS_FIND_IN_LIBCRYPTO
#undef TRELLIS_FIND_IN_LIBSSL
    if (!complete)
        return no_openssl();
    return functions;
}

Result<> need_openssl()
{
    if (!the_openssl())
        return std::unexpected(the_openssl().error());
    return {};
}

const OpenSsl& openssl()
{
    TRELLIS_CHECK(the_openssl().has_value());
    return *the_openssl();
}

std::string take_errors()
{
    std::string text;
    while (const unsigned long error = openssl().ERR_get_error())
        text += (text.empty() ? "" : "; ") + reason_of(error);
    return text.empty() ? "no reason given" : text;
}

} // namespace trellis::net::tls
