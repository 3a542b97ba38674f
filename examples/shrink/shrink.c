// Makes a picture small: a stream with a JPEG or PNG comes in, a stream with the same picture of at most 320 pixels on
// each side goes out, or a message. It has no file system, no clock and no arguments; what a broken or hostile picture
// can reach is this instance's memory, which `build` bounds.
#include "filter.h"

#include "picture.h"

enum {
    side = 320,
    most_input = 32 << 20,
    piece = 64 << 10,
};

/// The status of a read or write that may have to wait.
static filter_waitable_status_t finish(uint32_t end, filter_waitable_status_t status)
{
    filter_event_t event;
    filter_waitable_set_t set;
    if (status != FILTER_WAITABLE_STATUS_BLOCKED)
        return status;
    set = filter_waitable_set_new();
    filter_waitable_join(end, set);
    filter_waitable_set_wait(set, &event);
    filter_waitable_join(end, 0);
    filter_waitable_set_drop(set);
    return event.code;
}

/// All that comes. Null, or why not.
static const char* read_all(filter_stream_u8_t input, struct bytes* bytes)
{
    while (bytes->length <= most_input) {
        unsigned char* const place = bytes_reserve(bytes, piece);
        if (place == NULL)
            break;
        const filter_waitable_status_t status = finish(input, filter_stream_u8_read(input, place, piece));
        bytes->length += FILTER_WAITABLE_COUNT(status);
        if (FILTER_WAITABLE_STATE(status) == FILTER_WAITABLE_DROPPED && bytes->length <= most_input)
            return NULL;
    }
    return "the file has more than 32 MiB";
}

/// Until all is written or nobody reads any more.
static void write_all(filter_stream_u8_writer_t output, const struct bytes* bytes)
{
    size_t done = 0;
    while (done < bytes->length) {
        const filter_waitable_status_t status =
            finish(output, filter_stream_u8_write(output, bytes->data + done, bytes->length - done));
        done += FILTER_WAITABLE_COUNT(status);
        if (FILTER_WAITABLE_STATE(status) == FILTER_WAITABLE_DROPPED)
            return;
    }
}

static void refuse(const char* problem)
{
    filter_result_stream_u8_string_t result = {.is_err = true};
    filter_string_set(&result.val.err, problem);
    exports_filter_run_return(result);
}

static void answer(const struct bytes* picture)
{
    filter_stream_u8_writer_t output;
    filter_result_stream_u8_string_t result = {.is_err = false};
    result.val.ok = filter_stream_u8_new(&output);
    exports_filter_run_return(result);
    write_all(output, picture);
    filter_stream_u8_drop_writable(output);
}

filter_callback_code_t exports_filter_run(filter_stream_u8_t input)
{
    struct bytes file = {NULL, 0, 0}, small = {NULL, 0, 0};
    const char* problem = read_all(input, &file);
    filter_stream_u8_drop_readable(input);
    if (problem == NULL)
        problem = shrink_picture(&file, side, &small);
    if (problem != NULL)
        refuse(problem);
    else
        answer(&small);
    return FILTER_CALLBACK_CODE_EXIT;
}

filter_callback_code_t exports_filter_run_callback(filter_event_t* event)
{
    (void)event;
    return FILTER_CALLBACK_CODE_EXIT;
}
