// Certificates made for tests, in files of a folder that goes away with them. What uses this links OpenSSL::Crypto.
// One thread.
#pragma once

#include "base/check.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string>

namespace trellis::net::tls {

/// A certificate and its key; signed by another one, or by itself.
class TestIdentity {
public:
    struct Wishes {
        std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1"; ///< empty: it is an authority
        long valid_from = -3600, valid_to = 3600;                ///< seconds from now
        const TestIdentity* issuer = nullptr;
    };
    explicit TestIdentity(const Wishes& wishes) : key_(EVP_EC_gen("P-256")), certificate_(X509_new())
    {
        X509_set_version(certificate(), X509_VERSION_3);
        static long serial = 0;
        ASN1_INTEGER_set(X509_get_serialNumber(certificate()), ++serial);
        X509_gmtime_adj(X509_getm_notBefore(certificate()), wishes.valid_from);
        X509_gmtime_adj(X509_getm_notAfter(certificate()), wishes.valid_to);
        X509_set_pubkey(certificate(), key_.get());
        const std::string name = (wishes.names.empty() ? "Test Authority " : "Test Server ") + std::to_string(serial);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate()), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
        const TestIdentity& issuer = wishes.issuer != nullptr ? *wishes.issuer : *this;
        X509_set_issuer_name(certificate(), X509_get_subject_name(issuer.certificate()));
        extend(NID_basic_constraints, wishes.names.empty() ? "critical,CA:TRUE" : "critical,CA:FALSE");
        if (!wishes.names.empty())
            extend(NID_subject_alt_name, wishes.names);
        TRELLIS_CHECK(X509_sign(certificate(), issuer.key_.get(), EVP_sha256()) != 0);
    }

    void write_certificate(BIO* file) const { TRELLIS_CHECK(PEM_write_bio_X509(file, certificate()) == 1); }
    void write_key(BIO* file, const char* password = nullptr) const
    {
        const EVP_CIPHER* cipher = password != nullptr ? EVP_aes_128_cbc() : nullptr;
        TRELLIS_CHECK(PEM_write_bio_PKCS8PrivateKey(file, key_.get(), cipher, password,
                                                    password != nullptr ? int(std::string(password).size()) : 0,
                                                    nullptr, nullptr) == 1);
    }
    /// As OpenSSL wrote keys before PKCS 8.
    void write_traditional_key(BIO* file) const
    {
        TRELLIS_CHECK(PEM_write_bio_PrivateKey_traditional(file, key_.get(), nullptr, nullptr, 0, nullptr, nullptr) ==
                      1);
    }

private:
    [[nodiscard]] X509* certificate() const { return certificate_.get(); }
    void extend(int kind, const std::string& value) const
    {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
        TRELLIS_CHECK(extension != nullptr);
        X509_add_ext(certificate(), extension, -1);
        X509_EXTENSION_free(extension);
    }

    struct Deleter {
        void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
        void operator()(X509* certificate) const { X509_free(certificate); }
    };
    std::unique_ptr<EVP_PKEY, Deleter> key_;
    std::unique_ptr<X509, Deleter> certificate_;
};

/// A folder of PEM files.
class TestCertificates {
public:
    TestCertificates()
    {
        std::string name = (std::filesystem::temp_directory_path() / "trellis-tls-XXXXXX").string();
        TRELLIS_CHECK(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
    }
    TestCertificates(const TestCertificates&) = delete;
    TestCertificates& operator=(const TestCertificates&) = delete;
    ~TestCertificates() { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
    /// The path of a new file; `write` gets it as a BIO.
    template <class Write>
    std::string file(const std::string& name, Write write) const
    {
        BIO* file = BIO_new_file(path(name).c_str(), "w");
        TRELLIS_CHECK(file != nullptr);
        write(file);
        BIO_free(file);
        return path(name);
    }
    [[nodiscard]] std::string certificate(const std::string& name, const TestIdentity& identity) const
    {
        return file(name, [&](BIO* to) { identity.write_certificate(to); });
    }
    [[nodiscard]] std::string key(const std::string& name, const TestIdentity& identity) const
    {
        return file(name, [&](BIO* to) { identity.write_key(to); });
    }
    [[nodiscard]] std::string text(const std::string& name, const std::string& content) const
    {
        std::ofstream(path(name)) << content;
        return path(name);
    }

private:
    std::filesystem::path folder_;
};

} // namespace trellis::net::tls
