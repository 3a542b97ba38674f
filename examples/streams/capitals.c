// Makes letters capital. It has no file system, no clock and no arguments: the host decides what stands behind its
// streams. An input without a byte is refused.
#include "filter.h"

static uint8_t buffer[64 * 1024];

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

static filter_waitable_status_t read_some(filter_stream_u8_t input)
{
    return finish(input, filter_stream_u8_read(input, buffer, sizeof buffer));
}

/// False: nobody reads any more.
static bool write_all(filter_stream_u8_writer_t output, size_t length)
{
    size_t done = 0;
    while (done < length) {
        const filter_waitable_status_t status =
            finish(output, filter_stream_u8_write(output, buffer + done, length - done));
        done += FILTER_WAITABLE_COUNT(status);
        if (FILTER_WAITABLE_STATE(status) == FILTER_WAITABLE_DROPPED)
            return done == length;
    }
    return true;
}

static void capitalize(size_t length)
{
    for (size_t i = 0; i < length; ++i)
        if (buffer[i] >= 'a' && buffer[i] <= 'z')
            buffer[i] -= 'a' - 'A';
}

static void refuse(void)
{
    filter_result_stream_u8_string_t result = {.is_err = true};
    filter_string_set(&result.val.err, "there is nothing to make capital");
    exports_filter_run_return(result);
}

filter_callback_code_t exports_filter_run(filter_stream_u8_t input)
{
    filter_stream_u8_writer_t output;
    filter_result_stream_u8_string_t result = {.is_err = false};
    filter_waitable_status_t status = read_some(input);
    bool more = true;
    if (FILTER_WAITABLE_COUNT(status) == 0) {
        filter_stream_u8_drop_readable(input);
        refuse();
        return FILTER_CALLBACK_CODE_EXIT;
    }
    result.val.ok = filter_stream_u8_new(&output);
    exports_filter_run_return(result);
    while (more) {
        capitalize(FILTER_WAITABLE_COUNT(status));
        more = write_all(output, FILTER_WAITABLE_COUNT(status)) &&
               FILTER_WAITABLE_STATE(status) != FILTER_WAITABLE_DROPPED;
        if (more)
            status = read_some(input);
    }
    filter_stream_u8_drop_readable(input);
    filter_stream_u8_drop_writable(output);
    return FILTER_CALLBACK_CODE_EXIT;
}

filter_callback_code_t exports_filter_run_callback(filter_event_t* event)
{
    (void)event;
    return FILTER_CALLBACK_CODE_EXIT;
}
