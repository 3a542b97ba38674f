#include "sandbox/wasi/p2/filesystem_types.hpp"

#include "sandbox/wasi/p2/network_types.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

namespace trellis::sandbox::preview2 {

TEST(wasi_p2_types, errors_of_files_have_the_interface_s_words)
{
    EXPECT_EQ(file_error_of(system_error(ENOENT)), FileError::no_entry);
    EXPECT_EQ(file_error_of(SystemError::outside_grant), FileError::not_permitted);
    EXPECT_EQ(file_error_of(system_error(EROFS)), FileError::read_only);
    EXPECT_EQ(file_error_of(system_error(EHOSTDOWN)), FileError::io);
}

TEST(wasi_p2_types, timestamps_that_no_file_has_are_invalid)
{
    NewTimestamp at, nothing;
    at.value.emplace<2>(Datetime{5, 6});
    const auto times = file_times_of(nothing, at);
    ASSERT_TRUE(times);
    EXPECT_EQ((*times)[0].tv_nsec, UTIME_OMIT);
    EXPECT_EQ((*times)[1].tv_sec, 5);
    EXPECT_EQ((*times)[1].tv_nsec, 6);
    at.value.emplace<2>(Datetime{5, 1'000'000'000});
    EXPECT_EQ(file_times_of(nothing, at).error(), system_error(EINVAL));
    at.value.emplace<2>(Datetime{UINT64_MAX, 0});
    EXPECT_EQ(file_times_of(at, nothing).error(), system_error(EINVAL));
}

TEST(wasi_p2_types, socket_addresses_come_back_as_they_went)
{
    SocketAddressVariant v4, v6;
    v4.value.emplace<0>(Ipv4SocketAddress{80, {192, 0, 2, 1}});
    v6.value.emplace<1>(Ipv6SocketAddress{443, 1, {0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xfe01}, 2});
    EXPECT_EQ(socket_address_of(v4).text(), "192.0.2.1:80");
    EXPECT_EQ(socket_address_of(v6).text(), "[2001:db8::fe01]:443");
    const auto back = std::get<1>(socket_address_to_guest(socket_address_of(v6)).value);
    EXPECT_EQ(back.address, std::get<1>(v6.value).address);
    EXPECT_EQ(back.flow_info, 1u);
    EXPECT_EQ(back.scope_id, 2u);
    EXPECT_EQ(std::get<0>(socket_address_to_guest(socket_address_of(v4)).value).address, std::get<0>(v4.value).address);
}

TEST(wasi_p2_types, an_address_in_ipv6_notation_of_ipv4_stays_one_of_ipv6)
{
    SocketAddressVariant mapped;
    mapped.value.emplace<1>(Ipv6SocketAddress{80, 0, {0, 0, 0, 0, 0, 0xffff, 0x7f00, 1}, 0});
    const auto address = socket_address_of(mapped);
    EXPECT_EQ(address.family, Family::ipv6);
    EXPECT_EQ(check_family(address, Family::ipv6).error(), system_error(EINVAL));
}

} // namespace trellis::sandbox::preview2
