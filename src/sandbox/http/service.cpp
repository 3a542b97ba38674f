#include "sandbox/http/service.hpp"

#include "base/result.hpp"

namespace trellis::sandbox {

net::http::ResponseHead stream_head()
{
    net::http::ResponseHead head;
    head.fields.add("Content-Type", "application/octet-stream");
    return head;
}

Outcome<> refuse_stream(HttpAnswer& answer, std::string_view reason, Wait& wait)
{
    net::http::ResponseHead head = {.status = 422, .content_length = reason.size() + 1};
    head.fields.add("Content-Type", "text/plain; charset=utf-8");
    TRELLIS_TRY(answer.begin(head, wait));
    TRELLIS_TRY(answer.write(std::as_bytes(std::span(reason)), wait));
    TRELLIS_TRY(answer.write(std::as_bytes(std::span("\n", 1)), wait));
    return answer.end({}, wait);
}

} // namespace trellis::sandbox
