// A service in C: sends the body back as it comes, with the target of the request as a field. Bindings from WIT.
#include "server.h"

static wasi_http_types_own_headers_t fields_of(wasi_http_types_borrow_incoming_request_t request)
{
    wasi_http_types_own_headers_t fields = wasi_http_types_constructor_fields();
    wasi_http_types_field_name_t name;
    wasi_http_types_header_error_t error;
    server_string_t target;
    server_string_set(&name, "x-target");
    if (!wasi_http_types_method_incoming_request_path_with_query(request, &target))
        return fields;
    wasi_http_types_field_value_t value = {target.ptr, target.len};
    wasi_http_types_method_fields_append(wasi_http_types_borrow_fields(fields), &name, &value, &error);
    server_string_free(&target);
    return fields;
}

/// What is read is written, until one of the two has an end.
static void pass_on(wasi_io_streams_own_input_stream_t from, wasi_io_streams_own_output_stream_t to)
{
    server_list_u8_t bytes;
    wasi_io_streams_stream_error_t error = {0};
    bool goes = true;
    while (goes && wasi_io_streams_method_input_stream_blocking_read(wasi_io_streams_borrow_input_stream(from), 4096,
                                                                     &bytes, &error)) {
        goes = bytes.len == 0 || wasi_io_streams_method_output_stream_blocking_write_and_flush(
                                     wasi_io_streams_borrow_output_stream(to), &bytes, &error);
        server_list_u8_free(&bytes);
    }
    wasi_io_streams_stream_error_free(&error);
}

static void echo(wasi_http_types_own_incoming_request_t request, wasi_http_types_borrow_outgoing_body_t body)
{
    wasi_http_types_own_incoming_body_t asked;
    wasi_http_types_own_input_stream_t from;
    wasi_http_types_own_output_stream_t to;
    wasi_http_types_method_incoming_request_consume(wasi_http_types_borrow_incoming_request(request), &asked);
    wasi_http_types_method_incoming_body_stream(wasi_http_types_borrow_incoming_body(asked), &from);
    wasi_http_types_method_outgoing_body_write(body, &to);
    pass_on(from, to);
    wasi_io_streams_input_stream_drop_own(from);
    wasi_io_streams_output_stream_drop_own(to);
    wasi_http_types_incoming_body_drop_own(asked);
}

void exports_wasi_http_incoming_handler_handle(exports_wasi_http_incoming_handler_own_incoming_request_t request,
                                               exports_wasi_http_incoming_handler_own_response_outparam_t out)
{
    wasi_http_types_own_outgoing_response_t response =
        wasi_http_types_constructor_outgoing_response(fields_of(wasi_http_types_borrow_incoming_request(request)));
    wasi_http_types_own_outgoing_body_t body;
    wasi_http_types_method_outgoing_response_body(wasi_http_types_borrow_outgoing_response(response), &body);
    wasi_http_types_result_own_outgoing_response_error_code_t answer = {.val.ok = response};
    wasi_http_types_static_response_outparam_set(out, &answer);
    echo(request, wasi_http_types_borrow_outgoing_body(body));
    wasi_http_types_incoming_request_drop_own(request);
    wasi_http_types_error_code_t error;
    wasi_http_types_static_outgoing_body_finish(body, NULL, &error);
}
