// A program of its own: nothing in it may have used TLS before.
#include "net/tls/tls.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace trellis::net::tls {
namespace {

bool is_mapped(std::string_view library)
{
    std::ostringstream maps;
    maps << std::ifstream("/proc/self/maps").rdbuf();
    return maps.str().find(library) != std::string::npos;
}

TEST(net_tls_lazy, openssl_is_opened_on_first_use)
{
    ASSERT_TRUE(is_mapped("libc.so"));
    EXPECT_FALSE(is_mapped("libssl"));
    EXPECT_FALSE(is_mapped("libcrypto"));
    ASSERT_TRUE(ClientContext::make());
    EXPECT_TRUE(is_mapped("libssl"));
    EXPECT_TRUE(is_mapped("libcrypto"));
}

} // namespace
} // namespace trellis::net::tls
