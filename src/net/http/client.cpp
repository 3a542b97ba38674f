#include "net/http/client.hpp"

#include "base/format.hpp"
#include "net/http/conversation.hpp"
#include "net/tls/tls.hpp"

namespace trellis::net::http {

namespace {

std::unexpected<ClientError> too_late(const Limit& limit)
{
    return std::unexpected(ClientError(limit.fault, {ErrorCode::io, "there was no answer in time", {}}));
}

/// A limit of our own counts like the guest's.
ClientFault name_fault(const Error& error, const Limit& limit)
{
    if (error.code != ErrorCode::io)
        return ClientFault::name_unknown;
    return limit.is_past() ? ClientFault::name_timeout : ClientFault::other;
}

/// Ends the conversation when it goes; the body that is still sent notices.
class Answer final : public ClientResponse {
public:
    explicit Answer(std::shared_ptr<Conversation> conversation) : conversation_(std::move(conversation)) {}
    ~Answer() override { conversation_->end(); }
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;

    [[nodiscard]] const ResponseHead& head() const override { return conversation_->head(); }
    ClientResult<std::size_t> read(std::span<std::byte> to) override { return conversation_->read(to); }
    [[nodiscard]] const Fields& trailers() const override { return conversation_->trailers(); }

private:
    std::shared_ptr<Conversation> conversation_;
};

class LoopClient final : public Client {
public:
    LoopClient(EventLoop& loop, ClientSupport& support, ClientLimits limits)
        : loop_(loop), support_(support), limits_(limits), deadlines_(loop)
    {
    }

    ClientResult<std::unique_ptr<ClientResponse>> send(const ClientRequest& request) override
    {
        const Limit limit =
            both({.until = request.deadline}, from_now(request.timeouts.connect, ClientFault::connect_timeout));
        std::unique_ptr<tls::Session> session;
        if (request.secure)
            session = TRELLIS_TRY(make_session(request.host));
        auto socket = TRELLIS_TRY(connect(request, limit));
        auto conversation =
            std::make_shared<Conversation>(loop_, deadlines_, std::move(socket), std::move(session), limits_, request);
        auto answer = std::make_unique<Answer>(conversation);
        TRELLIS_TRY(conversation->ask(request, limit));
        return answer;
    }
    [[nodiscard]] EventLoop& loop() override { return loop_; }

private:
    ClientResult<std::unique_ptr<tls::Session>> make_session(const std::string& host)
    {
        const auto context = TRELLIS_TRY(with(ClientFault::tls, support_.tls()));
        return with(ClientFault::tls, context->connect(host));
    }

    ClientResult<std::vector<IpAddress>> find_addresses(const ClientRequest& request, const Limit& limit)
    {
        auto addresses = support_.resolver().resolve(loop_, request.host, limit.until, request.cancellation);
        if (!addresses)
            return std::unexpected(ClientError(name_fault(addresses.error(), limit), addresses.error()));
        if (request.may_connect)
            std::erase_if(*addresses, [&](const IpAddress& one) { return !request.may_connect(one); });
        return std::move(*addresses);
    }

    /// To the first address that is allowed and answers.
    ClientResult<OwnedDescriptor> connect(const ClientRequest& request, const Limit& limit)
    {
        ClientResult<OwnedDescriptor> connected = std::unexpected(ClientError(
            ClientFault::address_denied, {ErrorCode::denied, format("no address of {} is allowed", request.host), {}}));
        for (const IpAddress& address : TRELLIS_TRY(find_addresses(request, limit))) {
            if (limit.is_past())
                return too_late(limit);
            const Limit of_one = both(limit, from_now(limits_.connect_timeout, ClientFault::connect_timeout));
            connected = connect_to(loop_, address, request.port, of_one, request.cancellation);
            if (connected)
                break;
        }
        return connected;
    }

    EventLoop& loop_;
    ClientSupport& support_;
    ClientLimits limits_;
    Deadlines deadlines_;
};

} // namespace

ClientSupport::ClientSupport(Resolver::Lookup lookup, std::string authorities_file)
    : resolver_(std::move(lookup)), authorities_file_(std::move(authorities_file)),
      tls_(fail(ErrorCode::unsupported, "no TLS yet"))
{
}

ClientSupport::~ClientSupport() = default;

Result<tls::ClientContext*> ClientSupport::tls()
{
    std::call_once(once_, [this] { tls_ = tls::ClientContext::make(authorities_file_); });
    if (!tls_)
        return std::unexpected(tls_.error());
    return tls_->get();
}

std::unique_ptr<Client> Client::make(EventLoop& loop, ClientSupport& support, ClientLimits limits)
{
    return std::make_unique<LoopClient>(loop, support, limits);
}

} // namespace trellis::net::http
