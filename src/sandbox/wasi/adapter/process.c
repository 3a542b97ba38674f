// Arguments, environment, clocks, randomness, and the beginning and end of the program.
#include "files.h"

__attribute__((import_module("__main_module__"), import_name("_start"))) extern void main_start(void);

/// The way into a program: one that does not call proc_exit ended well.
__attribute__((export_name("wasi:cli/run@0.2.0#run"))) int32_t run(void)
{
    main_start();
    return 0;
}

/// Without exit codes there are success and failure.
EXPORT(proc_exit) _Noreturn void proc_exit(uint32_t code)
{
#ifdef EXIT_CODES
    exit_with_code((int32_t)(code & 0xff));
#else
    exit_with_result(code != 0);
#endif
    __builtin_trap();
}

/// Nothing listens to signals; the one that is none arrives.
EXPORT(proc_raise) errno_t proc_raise(uint32_t signal)
{
    return signal == 0 ? ERRNO_SUCCESS : ERRNO_NOTSUP;
}

EXPORT(sched_yield) errno_t sched_yield(void)
{
    return ERRNO_SUCCESS;
}

// Strings, each of so many parts with a byte between them: a variable's name and value.

static uint32_t bytes_of(const struct list* strings, size_t count)
{
    uint32_t bytes = 0;
    for (size_t i = 0; i < count; ++i)
        bytes += strings[i].length + 1;
    return bytes;
}

static errno_t give_sizes(const struct list* strings, size_t parts, guest_address count_address,
                          guest_address bytes_address)
{
    const uint32_t count = strings->length, bytes = bytes_of(strings->data, strings->length * parts);
    GUEST_WRITE(count_address, count);
    GUEST_WRITE(bytes_address, bytes);
    return ERRNO_SUCCESS;
}

static guest_address put_string(guest_address at, const struct list* string, char end)
{
    guest_write(at, string->data, string->length);
    guest_write(at + string->length, &end, 1);
    return at + string->length + 1;
}

static errno_t give_strings(const struct list* strings, size_t parts, guest_address pointers, guest_address buffer)
{
    const struct list* part = strings->data;
    if (!guest_has(pointers, (uint64_t)strings->length * sizeof pointers) ||
        !guest_has(buffer, bytes_of(part, strings->length * parts)))
        return ERRNO_FAULT;
    for (size_t i = 0; i < strings->length; ++i) {
        guest_write(pointers + i * sizeof buffer, &buffer, sizeof buffer);
        for (size_t k = 0; k < parts; ++k)
            buffer = put_string(buffer, part++, k + 1 < parts ? '=' : '\0');
    }
    return ERRNO_SUCCESS;
}

EXPORT(args_sizes_get) errno_t args_sizes_get(guest_address count, guest_address bytes)
{
    struct list strings;
    begin_call();
    get_arguments(&strings);
    return give_sizes(&strings, 1, count, bytes);
}

EXPORT(args_get) errno_t args_get(guest_address pointers, guest_address buffer)
{
    struct list strings;
    begin_call();
    get_arguments(&strings);
    return give_strings(&strings, 1, pointers, buffer);
}

EXPORT(environ_sizes_get) errno_t environ_sizes_get(guest_address count, guest_address bytes)
{
    struct list pairs;
    begin_call();
    get_environment(&pairs);
    return give_sizes(&pairs, 2, count, bytes);
}

EXPORT(environ_get) errno_t environ_get(guest_address pointers, guest_address buffer)
{
    struct list pairs;
    begin_call();
    get_environment(&pairs);
    return give_strings(&pairs, 2, pointers, buffer);
}

// Clocks. Nobody tells how much processor time was used, so those clocks count what passed.

enum { clock_count = 4 };

EXPORT(clock_res_get) errno_t clock_res_get(uint32_t id, guest_address result)
{
    struct datetime resolution;
    begin_call();
    if (id >= clock_count)
        return ERRNO_INVAL;
    if (id == CLOCK_REALTIME)
        wall_resolution(&resolution);
    const uint64_t nanoseconds = id == CLOCK_REALTIME ? nanoseconds_of(&resolution) : monotonic_resolution();
    GUEST_WRITE(result, nanoseconds);
    return ERRNO_SUCCESS;
}

EXPORT(clock_time_get) errno_t clock_time_get(uint32_t id, uint64_t precision, guest_address result)
{
    struct datetime now;
    (void)precision;
    begin_call();
    if (id >= clock_count)
        return ERRNO_INVAL;
    if (id == CLOCK_REALTIME)
        wall_now(&now);
    const uint64_t nanoseconds = id == CLOCK_REALTIME ? nanoseconds_of(&now) : monotonic_now();
    GUEST_WRITE(result, nanoseconds);
    return ERRNO_SUCCESS;
}

EXPORT(random_get) errno_t random_get(guest_address buffer, uint32_t length)
{
    enum { piece_bytes = 65536 };
    if (!guest_has(buffer, length))
        return ERRNO_FAULT;
    for (uint32_t done = 0; done < length;) {
        const uint32_t left = length - done;
        struct list bytes;
        begin_call();
        get_random_bytes(left < piece_bytes ? left : piece_bytes, &bytes);
        guest_write(buffer + done, bytes.data, bytes.length);
        done += bytes.length;
    }
    return ERRNO_SUCCESS;
}
