#include "sandbox/network/name_lookup.hpp"

#include "sandbox/network/test_network.hpp"

#include <future>
#include <thread>

namespace trellis::sandbox {

namespace {

using Answer = net::Resolver::Answer;

/// With a resolver that knows what the tests tell it.
class SandboxNameLookup : public testing::Test {
protected:
    SandboxNameLookup()
    {
        NetworkGrant grant;
        for (const char* name : {"*.example", "localhost"})
            grant.lookup.push_back(NamePattern::parse(name).value());
        grant.connect.push_back(parse_remote_endpoint("public.example:443").value());
        grant.max_sockets = 4;
        network.emplace(std::make_shared<NetworkGrant>(std::move(grant)));
    }
    std::expected<std::vector<net::IpAddress>, LookupError> look_up(std::string_view name)
    {
        auto lookup = NameLookup::start(*network, resolver, name);
        if (!lookup)
            return std::unexpected(lookup.error());
        auto answer = lookup->addresses();
        while (!answer && answer.error() == LookupError::would_block) {
            EXPECT_TRUE(wait.until_ready(lookup->readable().fd, lookup->readable().events).has_value());
            answer = lookup->addresses();
        }
        return answer;
    }
    static Answer answer(const std::string& name)
    {
        if (name == "public.example")
            return std::vector{net::IpAddress::parse("8.8.8.8").value(), net::IpAddress::parse("2600::1").value()};
        if (name == "empty.example")
            return std::vector<net::IpAddress>{};
        if (name == "refused.example")
            return fail(ErrorCode::denied, "refused");
        return fail(name == "unknown.example" ? ErrorCode::not_found : ErrorCode::io, "failed");
    }

    wasm::Store store{std::make_shared<wasm::TypeRegistry>(), no_guest};
    Wait wait{.store = store, .waiter = blocking_waiter()};
    std::optional<Network> network;
    net::Resolver resolver{answer};
};

} // namespace

TEST_F(SandboxNameLookup, names_lead_to_addresses_and_may_be_connected_to)
{
    const SocketAddress to = {.family = Family::ipv4, .address = net::IpAddress::parse("8.8.8.8").value(), .port = 443};
    EXPECT_FALSE(network->may_connect(to));
    const auto found = look_up("Public.Example.").value();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].text(), "8.8.8.8");
    EXPECT_EQ(found[1].text(), "2600::1");
    EXPECT_TRUE(network->may_connect(to));
}

TEST_F(SandboxNameLookup, addresses_are_their_own_answer)
{
    for (const char* text : {"127.0.0.1", "::1", "192.0.2.1"}) {
        auto lookup = NameLookup::start(*network, resolver, text).value();
        EXPECT_EQ(lookup.addresses().value().at(0).text(), text);
        EXPECT_TRUE(Socket::is_ready(lookup.readable()));
    }
    EXPECT_EQ(look_up("::ffff:192.0.2.1").value().at(0).text(), "192.0.2.1");
    EXPECT_EQ(network->places_taken(), 0U);
}

TEST_F(SandboxNameLookup, each_failure_is_told_apart)
{
    constexpr std::pair<std::string_view, LookupError> cases[] = {
        {"", LookupError::invalid_name},
        {".", LookupError::invalid_name},
        {"a..example", LookupError::invalid_name},
        {"a b.example", LookupError::invalid_name},
        {"127.1", LookupError::invalid_name},
        {"0x7f.1", LookupError::invalid_name},
        {"[::1]", LookupError::invalid_name},
        {"127.0.0.1:80", LookupError::invalid_name},
        {"::1%1", LookupError::invalid_name},
        {"b\xc3\xbc"
         "cher.example",
         LookupError::invalid_name},
        {std::string_view("a\0.example", 10), LookupError::invalid_name},
        {"somewhere.test", LookupError::denied},
        {"unknown.example", LookupError::unresolvable},
        {"empty.example", LookupError::unresolvable},
        {"refused.example", LookupError::permanent_failure},
        {"later.example", LookupError::temporary_failure},
    };
    for (const auto& [name, error] : cases) {
        const auto found = look_up(name);
        ASSERT_FALSE(found) << name;
        EXPECT_EQ(found.error(), error) << name;
    }
}

TEST_F(SandboxNameLookup, the_systems_own_resolver_knows_this_machine)
{
    net::Resolver system;
    auto lookup = NameLookup::start(*network, system, "localhost").value();
    ASSERT_TRUE(wait.until_ready(lookup.readable().fd, POLLIN).has_value());
    const auto found = lookup.addresses().value();
    ASSERT_FALSE(found.empty());
    EXPECT_TRUE(found.front().is_loopback());
}

TEST_F(SandboxNameLookup, waiting_can_be_interrupted_and_answers_may_be_left_alone)
{
    std::promise<void> let_go;
    auto held = let_go.get_future().share();
    {
        net::Resolver slow([held](const std::string&) -> Answer {
            held.wait();
            return fail(ErrorCode::not_found, "gone");
        });
        {
            auto lookup = NameLookup::start(*network, slow, "slow.example").value();
            EXPECT_EQ(lookup.addresses().error(), LookupError::would_block);
            const auto handle = store.interrupt_handle();
            std::thread interrupter([&] { handle.interrupt(); });
            EXPECT_EQ(error_of(wait.until_ready(lookup.readable().fd, POLLIN)), SystemError::guest_trapped);
            interrupter.join();
        }
        std::vector<NameLookup> kept;
        auto lookup = NameLookup::start(*network, slow, "slow.example");
        for (; lookup; lookup = NameLookup::start(*network, slow, "slow.example"))
            kept.push_back(std::move(*lookup));
        EXPECT_EQ(lookup.error(), LookupError::too_many);
        EXPECT_LE(kept.size(), 4U);
        EXPECT_EQ(network->places_taken(), 4U) << "also those that nobody waits for, as long as they are under way";
        let_go.set_value();
    }
    EXPECT_EQ(network->places_taken(), 0U);
}

} // namespace trellis::sandbox
