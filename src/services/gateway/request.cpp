#include "services/gateway/request.hpp"

#include "base/format.hpp"
#include "services/gateway/request_answer.hpp"
#include "services/gateway/request_channels.hpp"
#include "services/gateway/strict_channels.hpp"

#include <algorithm>
#include <atomic>

namespace trellis::gateway {

using net::http::Exchange;
using wasm::Trap;
using Clock = std::chrono::steady_clock;

namespace {

/// An answer of the gateway's own.
struct Refusal {
    unsigned status;
    std::string reason; ///< for the client and the access log; empty: no body
    net::http::Fields fields = {};
    std::string_view strict_body = {}; ///< under --strict-wagi, where reasons are not told
};

std::uint64_t next_request_number()
{
    static constinit std::atomic<std::uint64_t> last = 0;
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

/// What a client is told of a guest that trapped. Details are the operator's.
Refusal refusal_of(Trap trap)
{
    if (trap == Trap::deadline_exceeded)
        return {504, "the module took too long"};
    if (trap == Trap::out_of_fuel)
        return {502, "the module used more fuel than it may"};
    if (trap == Trap::interrupted)
        return {503, "the server is stopping"};
    return {502, format("the module trapped: {}", message_of(trap))};
}

/// The same for whatever kept an instance from being made.
Refusal refusal_of(const Error& error)
{
    if (error.code == ErrorCode::limit)
        return {503, "no room for another instance of the module"};
    return {502, "the module could not be started"};
}

Refusal refusal_of_body(const Error& error, bool late)
{
    if (late)
        return {408, "the request's body did not come in time"};
    if (error.code == ErrorCode::limit)
        return {413, "the request's body is too large"};
    return {400, "the request's body is malformed"};
}

class Request {
public:
    Request(const RequestContext& context, std::shared_ptr<const Application> application, Exchange& exchange)
        : context_(context), application_(std::move(application)), exchange_(exchange),
          target_(split_target(exchange.request().target))
    {
    }

    void answer()
    {
        if (target_.path == health_path)
            respond({200, "OK", {}, "OK"});
        else if (auto match = find_route())
            ask(*match);
        (void)exchange_.finish();
        log();
    }

private:
    std::optional<Match> find_route()
    {
        const auto& request = exchange_.request();
        const auto host = request.fields.find("host").value_or("");
        const auto& routes = application_->routes();
        auto match = routes.find(target_.path, request.method, host);
        if (match)
            return match;
        const auto why = routes.why_not(target_.path, host);
        Refusal refusal = {404, "there is nothing at this path"};
        if (why.other_methods) {
            refusal = {405, "this path does not take this method"};
            refusal.fields.add("Allow", why.allowed);
        }
        respond(std::move(refusal));
        return std::nullopt;
    }

    /// Lets the module of the matched route answer.
    void ask(const Match& match)
    {
        route_ = match.route;
        module_ = &application_->module_of(*match.route);
        tallies_ = &module_->metrics->of_thread(context_.thread);
        const auto length = exchange_.request().content_length;
        if (length && *length > module_->entry.limits.body_bytes)
            return respond({413, "the request's body is too large"});
        if (is_strict_wagi() && !read_whole_body())
            return;
        const auto place = wait_for_place();
        if (!place) {
            tallies_->queue_timeouts.add();
            Refusal refusal = {503, "the module is busy; the request waited too long"};
            refusal.fields.add("Retry-After", "1");
            return respond(std::move(refusal));
        }
        if (exchange_.is_gone())
            return give_up();
        tallies_->in_flight.add();
        run_guest(match);
        tallies_->in_flight.subtract();
    }

    Admission::Place wait_for_place()
    {
        const auto began = Clock::now();
        tallies_->queued.add();
        auto place = module_->admission->enter(context_.loop, began + module_->entry.limits.queue_timeout);
        tallies_->queued.subtract();
        tallies_->queue_wait.add(Clock::now() - began);
        return place;
    }

    void run_guest(const Match& match)
    {
        const auto& entry = module_->entry;
        const auto deadline = Clock::now() + entry.limits.timeout;
        net::Cancellation outgoing; // outlives what the guest has open
        const auto call =
            module_->program().make_call({context_.registry, *module_->file->tier, module_->limits, &context_.pool});
        sandbox::Turns turns(context_.worker, call->store(), module_, deadline);
        turns.before_waiting([this] {
            if (exchange_.has_unsent())
                (void)exchange_.flush(); // a client that is gone is noticed by the next write
        });
        exchange_.set_deadline(deadline);
        exchange_.when_gone([&] {
            turns.interrupt();
            outgoing.cancel();
        });
        Transfer transfer;
        BodyChannel body(exchange_, turns, entry.limits.body_bytes, transfer);
        ResponseChannel response(exchange_, turns, transfer);
        StoredBody whole_body(whole_body_);
        StoredAnswer whole_answer;
        LogChannel log(module_->logs.find(match.route->pattern)->second, number_);
        if (module_->http != nullptr)
            call->allow_http(module_->http, {.client = context_.client,
                                             .deadline = deadline,
                                             .cancellation = &outgoing,
                                             .outside = [&](const auto& wait) { turns.outside(wait); },
                                             .report = [&](const std::string& why) { log.write_line(why); }});
        const auto answer = std::make_shared<RequestAnswer>(exchange_, turns, transfer);
        Asking asking = {.wasi = {.open_directories = module_->volumes, .stderr_stream = &log, .waiter = &turns},
                         .entrypoint = match.route->entrypoint,
                         .answer = answer};
        if (takes_questions())
            put_question(asking, body, log);
        else
            put_as_wagi(asking, match, choose(whole_body, body), choose(whole_answer, response));
        tallies_->instances.add();
        const auto ending = call->run(std::move(asking));
        exchange_.set_deadline(std::nullopt);
        exchange_.when_gone({});
        if (call->was_short() && !module_->file->was_short.exchange(true))
            log.write_line("too little address space for its compiled code, which is why instances may be interpreted");
        if (takes_questions())
            conclude_question(ending, transfer, *answer, log);
        else if (is_strict())
            conclude_strictly(ending, whole_answer, log);
        else
            conclude(ending, transfer, response.parser(), log);
    }

    void put_question(Asking& asking, BodyChannel& body, LogChannel& log)
    {
        asking.question = question_of(exchange_, body);
        asking.wasi.environment = module_->environment;
        asking.wasi.stdin_stream = -1;
        asking.wasi.stdout_stream = &log;
    }

    void put_as_wagi(Asking& asking, const Match& match, sandbox::Channel* input, sandbox::Channel* output)
    {
        asking.wasi.arguments = arguments_of(module_->entry.argv, target_);
        asking.wasi.environment = variables_of(exchange_.request(), body_bytes(), exchange_.peer(), match, target_,
                                               context_.identity, module_->environment);
        asking.wasi.stdin_stream = input;
        asking.wasi.stdout_stream = output;
    }

    [[nodiscard]] bool takes_questions() const { return module_->program().takes_questions(); }
    [[nodiscard]] bool is_strict_wagi() const { return is_strict() && !takes_questions(); }
    [[nodiscard]] bool is_strict() const { return context_.identity.strict; }
    [[nodiscard]] sandbox::Channel* choose(sandbox::Channel& strict, sandbox::Channel& usual) const
    {
        return is_strict() ? &strict : &usual;
    }

    /// As WAGI does before it starts a module. False: the answer is given.
    bool read_whole_body()
    {
        const auto read = read_all(exchange_, module_->entry.limits.body_bytes, whole_body_);
        if (read)
            return true;
        if (read.error().code == ErrorCode::io && !exchange_.too_slow())
            give_up();
        else
            respond(refusal_of_body(read.error(), exchange_.too_slow()));
        return false;
    }

    [[nodiscard]] std::optional<std::uint64_t> body_bytes() const
    {
        return is_strict() ? whole_body_.size() : exchange_.request().content_length;
    }

    /// WAGI's way: whatever ended before its time, or by exit, is an empty 500.
    void conclude_strictly(const Ending& ending, const StoredAnswer& stored, LogChannel& log)
    {
        const auto answer = stored.text();
        if (exchange_.is_gone())
            return give_up();
        if (ending.trap == Trap::exit)
            return fail_with({500, "the module ended by exit"}, "it ended by exit", log);
        if (ending.failed) {
            tallies_->trapped(ending.trap);
            tallies_->timeouts.add(ending.trap == Trap::deadline_exceeded);
            return fail_with({500, "the module failed"}, ending.error->describe(), log);
        }
        ResponseParser parser(true);
        const auto used = parser.consume(answer);
        const auto error = !used ? used.error() : parser.incomplete();
        if (!used || !parser.complete())
            return fail_with(
                {500,
                 "the module's answer is no response",
                 {},
                 error.code == ErrorCode::invalid ? "the answer must have content-type, location or status" : ""},
                error.message, log);
        auto head = parser.take();
        const auto body = answer.substr(*used);
        if (!head.content_length && !body.empty())
            head.content_length = body.size();
        exchange_.start(std::move(head));
        (void)exchange_.write(std::as_bytes(std::span(body)));
    }

    /// What the client gets, and what the log says.
    void conclude(const Ending& ending, const Transfer& transfer, const ResponseParser& parser, LogChannel& log)
    {
        if (!conclude_failure(ending, transfer, parser.failure_status(), log) && !parser.complete())
            fail_with({500, parser.incomplete().message}, parser.incomplete().message, log);
    }

    /// An answer that is complete stays one, whatever the guest did afterwards.
    void conclude_question(const Ending& ending, const Transfer& transfer, const RequestAnswer& answer, LogChannel& log)
    {
        if (answer.has_ended() && ending.failed) {
            tallies_->trapped(ending.trap);
            return log.write_line(format("request {} failed after its answer: {}", number_, ending.error->describe()));
        }
        if (!conclude_failure(ending, transfer, 502, log) && !answer.has_ended())
            fail_with({500, "the component gave no answer"}, "the component ended without an answer", log);
    }

    /// False: nothing failed.
    bool conclude_failure(const Ending& ending, const Transfer& transfer, unsigned status, LogChannel& log)
    {
        const bool is_gone = transfer.client_gone || exchange_.is_gone();
        if (ending.failed && !is_gone)
            tallies_->trapped(ending.trap);
        if (is_gone) {
            give_up();
        } else if (transfer.body_error) {
            fail_with(refusal_of_body(*transfer.body_error, transfer.body_late), transfer.body_error->message, log);
        } else if (transfer.response_error) {
            fail_with({status, "the module's answer is no response"}, transfer.response_error->message, log);
        } else if (ending.failed) {
            tallies_->timeouts.add(ending.trap == Trap::deadline_exceeded);
            fail_with(failed(ending.trap) ? refusal_of(ending.trap) : refusal_of(*ending.error),
                      ending.error->describe(), log);
        } else {
            return false;
        }
        return true;
    }

    /// There is nobody to answer.
    void give_up()
    {
        tallies_->client_aborts.add();
        error_ = "the client was gone";
        exchange_.abort();
    }

    /// A response whose beginning has left can't become another: it is cut, so that the client sees it isn't whole.
    void fail_with(Refusal refusal, std::string_view details, LogChannel& log)
    {
        log.write_line(format("request {} failed: {}", number_, details));
        if (exchange_.discard())
            return respond(std::move(refusal));
        error_ = std::move(refusal.reason);
        exchange_.abort();
    }

    void respond(Refusal refusal)
    {
        auto reason = refusal.reason;
        net::http::ResponseHead head = {.status = refusal.status, .fields = std::move(refusal.fields)};
        if (refusal.status >= 400)
            error_ = reason;
        if (is_strict()) {
            reason = refusal.strict_body;
        } else if (!reason.empty()) {
            if (refusal.status >= 400)
                reason += '\n';
            head.fields.add("Content-Type", "text/plain; charset=utf-8");
        }
        head.content_length = reason.size();
        exchange_.start(std::move(head));
        (void)exchange_.write(std::as_bytes(std::span(reason)));
    }

    void log()
    {
        const auto duration = Clock::now() - began_;
        const auto status = exchange_.status();
        auto& tallies = tallies_ != nullptr ? *tallies_ : context_.metrics.no_module().of_thread(context_.thread);
        tallies.answered(status, duration, exchange_.bytes_read(), exchange_.bytes_written());
        if (context_.access_log == nullptr)
            return;
        const auto& request = exchange_.request();
        context_.access_log->add({.time = arrived_,
                                  .id = number_,
                                  .peer = exchange_.peer().address,
                                  .method = request.method,
                                  .target = request.target,
                                  .minor_version = request.minor_version,
                                  .status = status,
                                  .bytes = exchange_.bytes_written(),
                                  .duration = duration,
                                  .module = module_ != nullptr ? std::string_view(module_->entry.module) : "",
                                  .route = route_ != nullptr ? std::string_view(route_->pattern) : "",
                                  .error = error_});
    }

    const RequestContext& context_;
    std::shared_ptr<const Application> application_;
    Exchange& exchange_;
    Target target_;
    std::uint64_t number_ = next_request_number();
    Clock::time_point began_ = Clock::now();
    std::chrono::system_clock::time_point arrived_ = std::chrono::system_clock::now();
    const Route* route_ = nullptr;
    const LoadedModule* module_ = nullptr;
    ModuleTallies* tallies_ = nullptr;
    std::string whole_body_; ///< under --strict-wagi
    std::string error_;
};

} // namespace

void answer(const RequestContext& context, std::shared_ptr<const Application> application, Exchange& exchange)
{
    Request(context, std::move(application), exchange).answer();
}

} // namespace trellis::gateway
