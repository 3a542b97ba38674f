// The way into a guest that answers requests: wasi:http/incoming-handler.
#include "sandbox/wasi/p2/http_types.hpp"
#include "sandbox/wasi/p2/wasi_p2.hpp"
#include "wasm/component/execution/value.hpp"

namespace trellis::sandbox {

using namespace preview2;

namespace {

using wasm::component::ComponentFunction;
using wasm::component::ComponentInstance;
using wasm::component::InstanceValue;
using wasm::component::Value;

const ComponentFunction* find_handle(const ComponentInstance& instance)
{
    for (const auto& [name, item] : instance.exports.exports) {
        if (!name.starts_with("wasi:http/incoming-handler@0.2."))
            continue;
        const auto* const interface = std::get_if<InstanceValue*>(&item);
        const auto* const handle = interface ? (*interface)->find("handle") : nullptr;
        if (const auto* function = handle ? std::get_if<ComponentFunction*>(handle) : nullptr)
            return *function;
    }
    return nullptr;
}

/// func(request: incoming-request, response-out: response-outparam)
bool is_handle(const ComponentFunction& function)
{
    const wasm::component::HostTypeCheck check{*function.types};
    return !function.type->is_async && function.type->result == wasm::component::no_type &&
           wasm::component::check_parameters<Own<IncomingRequest>, Own<ResponseOutparam>>(check, *function.type);
}

std::shared_ptr<IncomingRequest> request_of(const HttpQuestion& question)
{
    auto request = std::make_shared<IncomingRequest>();
    request->method = method_of(question.method);
    request->path_with_query = question.target;
    request->authority = question.authority;
    request->fields = question.fields;
    HttpScheme& scheme = request->scheme.emplace();
    if (question.secure)
        scheme.value.emplace<1>();
    if (question.body)
        request->body.stream = std::make_shared<HostInput>(Stream(*question.body));
    else
        request->body.stream = std::make_shared<NoInput>();
    request->body.trailers = question.trailers;
    return request;
}

} // namespace

Result<> answer_request(wasm::component::ComponentStore& store, ComponentInstance& instance,
                        const HttpQuestion& question, std::shared_ptr<HttpAnswer> answer)
{
    const ComponentFunction* const handle = find_handle(instance);
    if (!handle || !is_handle(*handle))
        return fail(ErrorCode::not_found, "the component exports no wasi:http/incoming-handler@0.2");
    const auto outparam = std::make_shared<ResponseOutparam>(answer);
    const std::array<Value, 2> arguments = {Value{.bits = give(store, request_of(question)).rep},
                                            Value{.bits = give(store, outparam).rep}};
    TRELLIS_TRY(invoke(store, *handle, arguments));
    if (outparam->answer)
        answer->fail("the guest set no response");
    return {};
}

} // namespace trellis::sandbox
