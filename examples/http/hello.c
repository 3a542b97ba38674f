// An HTTP function as a component of wasi:http: a request in, a response out, no WASI beside it. The bindings come from
// http.wit.
#include "hello.h"

static void add_field(wasi_http_types_own_fields_t fields, const char* name, const char* value)
{
    hello_string_t name_text;
    hello_string_t value_text;
    wasi_http_types_header_error_t error;
    hello_string_set(&name_text, name);
    hello_string_set(&value_text, value);
    hello_list_u8_t bytes = {value_text.ptr, value_text.len};
    wasi_http_types_method_fields_append(wasi_http_types_borrow_fields(fields), &name_text, &bytes, &error);
}

static void write_text(wasi_http_types_own_outgoing_body_t body, const char* text)
{
    wasi_http_types_own_output_stream_t stream;
    wasi_io_streams_stream_error_t error;
    hello_string_t all;
    if (!wasi_http_types_method_outgoing_body_write(wasi_http_types_borrow_outgoing_body(body), &stream))
        return;
    hello_string_set(&all, text);
    hello_list_u8_t bytes = {all.ptr, all.len};
    if (!wasi_io_streams_method_output_stream_blocking_write_and_flush(wasi_io_streams_borrow_output_stream(stream),
                                                                       &bytes, &error))
        wasi_io_streams_stream_error_free(&error);
    wasi_io_streams_output_stream_drop_own(stream);
}

void exports_wasi_http_incoming_handler_handle(exports_wasi_http_incoming_handler_own_incoming_request_t request,
                                               exports_wasi_http_incoming_handler_own_response_outparam_t response_out)
{
    wasi_http_types_own_fields_t fields = wasi_http_types_constructor_fields();
    wasi_http_types_own_outgoing_body_t body;
    wasi_http_types_error_code_t error;
    add_field(fields, "content-type", "text/plain");
    wasi_http_types_own_outgoing_response_t response = wasi_http_types_constructor_outgoing_response(fields);
    wasi_http_types_method_outgoing_response_body(wasi_http_types_borrow_outgoing_response(response), &body);
    wasi_http_types_result_own_outgoing_response_error_code_t answer = {.is_err = false, .val.ok = response};
    wasi_http_types_static_response_outparam_set(response_out, &answer);
    write_text(body, "hello, world\n");
    wasi_http_types_incoming_request_drop_own(request);
    if (!wasi_http_types_static_outgoing_body_finish(body, NULL, &error))
        wasi_http_types_error_code_free(&error);
}
