// Bytes of the fuzzer's choice as what comes over the wire. Nothing may crash, made up bytes are no handshake, and a
// handshake that nobody changed on the way succeeds.
//
// Input: a byte: 0 is a server that gets the rest in pieces, 1 a client; 2 and up is a handshake of the two, in which
// four bytes each (where, two bytes; what; direction and piece) change bytes on the way.
#include "base/check.hpp"
#include "net/tls/test_certificates.hpp"
#include "net/tls/tls.hpp"

#include <array>

using namespace trellis;
using namespace trellis::net::tls;

namespace {

struct World {
    TestCertificates files;
    TestIdentity identity{{}};
    std::string certificate = files.certificate("server.pem", identity);
    std::string key = files.key("server.key", identity);
    std::unique_ptr<ServerContext> server = ServerContext::make(certificate, key).value();
    std::unique_ptr<ClientContext> client = ClientContext::make(certificate).value();
};

World& world()
{
    static World the_world;
    return the_world;
}

/// Whatever a session has to say, in whatever state it is.
void use(Session& session)
{
    std::array<std::byte, 300> buffer;
    while (session.read(buffer).value_or(0) > 0) {
    }
    if (session.handshake_done())
        static_cast<void>(session.write(buffer));
    static_cast<void>(session.take_wire());
    session.close();
    TRELLIS_CHECK(!session.version().empty());
}

void feed(Session& session, std::span<const std::byte> input)
{
    while (!input.empty()) {
        const std::size_t piece = std::min(input.size(), std::to_integer<std::size_t>(input[0]) + 1);
        if (!session.receive(input.first(piece)))
            break;
        input = input.subspan(piece);
    }
    TRELLIS_CHECK(!session.handshake_done());
    use(session);
}

struct Change {
    std::size_t at;
    std::byte with;
    bool to_server;
};

std::vector<Change> read_changes(std::span<const std::byte> input)
{
    std::vector<Change> changes;
    for (; input.size() >= 4 && changes.size() < 16; input = input.subspan(4))
        changes.push_back({.at = std::to_integer<std::size_t>(input[0]) | std::to_integer<std::size_t>(input[1]) << 8,
                           .with = input[2],
                           .to_server = (input[3] & std::byte{1}) == std::byte{1}});
    return changes;
}

/// What went one way so far, with the changes that concern it.
struct Direction {
    Session& from;
    Session& to;
    bool to_server;
    std::size_t moved = 0;
    bool changed = false, alive = true;

    bool move(const std::vector<Change>& changes)
    {
        auto wire = from.take_wire();
        for (const Change& change : changes)
            if (change.to_server == to_server && change.at >= moved && change.at - moved < wire.size()) {
                wire[change.at - moved] ^= change.with;
                changed = changed || change.with != std::byte{0};
            }
        moved += wire.size();
        alive = alive && to.receive(wire).has_value();
        return !wire.empty();
    }
};

void meet(std::span<const std::byte> input)
{
    const auto changes = read_changes(input);
    const auto server = world().server->accept().value();
    const auto client = world().client->connect("localhost").value();
    Direction there{*client, *server, true};
    Direction back{*server, *client, false};
    for (bool moved = true; moved;) {
        moved = there.move(changes);
        moved = back.move(changes) || moved;
    }
    if (!there.changed && !back.changed)
        TRELLIS_CHECK(server->handshake_done() && client->handshake_done());
    use(*server);
    use(*client);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const auto input = std::as_bytes(std::span(data + 1, size - 1));
    if (data[0] == 0)
        feed(*world().server->accept().value(), input);
    else if (data[0] == 1)
        feed(*world().client->connect("localhost").value(), input);
    else
        meet(input);
    return 0;
}
