// What a guest is given, called as the guest would: over a real store.
#include "sandbox/wasi/p2/http_types.hpp"
#include "sandbox/wasi/p2/interfaces.hpp"
#include "sandbox/wasi/p2/wasi_p2.hpp"
#include "wasm/interpreter/interpreter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace trellis::sandbox::preview2 {
namespace {

constexpr const HostInterface* interfaces[] = {
    &io_error,
    &io_poll,
    &io_streams,
    &clocks_monotonic,
    &clocks_wall,
    &random_random,
    &random_insecure,
    &random_insecure_seed,
    &cli_environment,
    &cli_exit,
    &filesystem_types,
    &filesystem_preopens,
    &sockets_network,
    &sockets_tcp,
    &sockets_udp,
    &sockets_lookup,
    &http_outgoing_handler,
};

bool names_a_resource(const HostInterface& interface, std::string_view function)
{
    if (!function.starts_with('['))
        return true;
    const auto rest = function.substr(function.find(']') + 1);
    const auto resource = rest.substr(0, rest.find('.'));
    return std::ranges::any_of(interface.resources, [&](const HostResource& one) { return one.name == resource; });
}

void check_interface(const HostInterface& interface)
{
    std::set<std::string_view> names;
    for (const HostFunction& function : interface.functions) {
        EXPECT_TRUE(names.insert(function.name).second) << interface.name << " " << function.name;
        EXPECT_TRUE(names_a_resource(interface, function.name)) << interface.name << " " << function.name;
        EXPECT_NE(function.call, nullptr) << function.name;
    }
}

Error error_of(WasiConfig config)
{
    const auto made = WasiP2::make(std::move(config));
    return made ? Error{ErrorCode::io, "there was no error", {}} : made.error();
}

} // namespace

TEST(wasi_p2, functions_are_named_once_and_after_resources_that_are_there)
{
    for (const HostInterface* one : interfaces)
        check_interface(*one);
    check_interface(http_types());
    EXPECT_EQ(filesystem_types.functions.size(), 29u);
    EXPECT_EQ(io_streams.functions.size(), 15u);
    EXPECT_EQ(sockets_tcp.functions.size(), 28u);
    EXPECT_EQ(sockets_udp.functions.size(), 18u);
    EXPECT_EQ(http_types().functions.size(), 51u);
}

TEST(wasi_p2, what_is_not_text_or_not_there_is_refused_by_name)
{
    EXPECT_EQ(error_of({.arguments = {"\xff"}}).code, ErrorCode::usage);
    EXPECT_EQ(error_of({.environment = {{"NAME", "\xff"}}}).code, ErrorCode::usage);
    const Error missing = error_of({.directories = {{"/no/such/folder", "/data"}}});
    EXPECT_EQ(missing.code, ErrorCode::not_found);
    EXPECT_NE(missing.message.find("/no/such/folder"), std::string::npos);
    EXPECT_EQ(error_of({.directories = {{"/tmp", "/tmp"}}, .max_descriptors = 0}).code, ErrorCode::limit);
}

TEST(wasi_p2, a_guest_without_grants_has_nothing)
{
    const auto wasi = WasiP2::make({.stdin_stream = -1, .stdout_stream = -1, .stderr_stream = -1});
    ASSERT_TRUE(wasi);
    Guest& guest = (*wasi)->guest();
    EXPECT_TRUE(guest.granted_directories.empty());
    EXPECT_FALSE(guest.http.surroundings);
    EXPECT_EQ(guest.resolver, nullptr);
    const SocketAddress here = {.family = Family::ipv4, .address = *net::IpAddress::parse("127.0.0.1"), .port = 80};
    EXPECT_FALSE(guest.network.may_connect(here));
    EXPECT_FALSE(guest.network.may_listen(here));
    wasm::Store store(std::make_shared<wasm::TypeRegistry>(), wasm::interpreter_tier);
    Wait wait{.store = store, .waiter = *guest.waiter};
    std::array<std::byte, 4> room;
    EXPECT_EQ(guest.standard_input->read(room, wait).error(), stream_closed);
    EXPECT_EQ(guest.standard_output->write(room, wait).error(), stream_closed);
}

TEST(wasi_p2, objects_live_as_long_as_somebody_has_them)
{
    wasm::Store core(std::make_shared<wasm::TypeRegistry>(), wasm::interpreter_tier);
    ComponentStore store(core);
    auto made = std::make_shared<IoError>(system_error(ENOENT));
    const std::weak_ptr<IoError> watched = made;
    const Own<IoError> handle = give(store, std::move(made));
    EXPECT_EQ(object(store, Borrow<IoError>{handle.rep}).error, system_error(ENOENT));
    auto taken = take(store, handle);
    EXPECT_FALSE(watched.expired());
    taken.reset();
    EXPECT_TRUE(watched.expired());
}

TEST(wasi_p2, an_unfinished_body_is_told_to_who_waits_for_it)
{
    FutureIncomingResponse future;
    future.body = new_body({});
    future.body->was_asked_for = true;
    bool was_sent = false;
    future.send = [&]() -> FutureIncomingResponse::Answer {
        was_sent = true;
        return std::make_shared<IncomingResponse>();
    };
    auto body = std::make_unique<OutgoingBody>(future.body);
    EXPECT_FALSE(future.advance());
    body.reset();
    EXPECT_TRUE(future.advance());
    EXPECT_FALSE(was_sent);
    EXPECT_EQ(future.answer->error().value.index(), http_error::protocol_error);
}

TEST(wasi_p2, bytes_that_a_list_names_again_and_again_are_counted_each_time)
{
    wasm::Store core(std::make_shared<wasm::TypeRegistry>(), wasm::interpreter_tier);
    ComponentStore store(core);
    const wasm::component::Lifting from{store, {}};
    EXPECT_EQ(charge_lifting(from, 200 << 20), Trap::none);
    EXPECT_EQ(charge_lifting(from, 100 << 20), Trap::host_error);
    EXPECT_EQ(core.host_error, "arguments of a host function are too large");
}

TEST(wasi_p2, methods_keep_their_text)
{
    for (const std::string_view text : {"GET", "PATCH", "PROPFIND", "get"})
        EXPECT_EQ(method_text(method_of(text)), text);
    EXPECT_EQ(method_of("get").value.index(), 9u);
}

} // namespace trellis::sandbox::preview2
