// A component in C with bindings by hand: strings, a record, bytes and resources in both directions.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(interface, function) __attribute__((import_module(interface), import_name(function)))
#define EXPORT(function) __attribute__((export_name(function)))
#define HOST "demo:greeter/host@1.0.0"
#define API "demo:greeter/api@1.0.0"

struct string {
    char* text;
    size_t size;
};
struct counter {
    uint32_t value;
};

IMPORT(HOST, "log") void host_log(const char* text, size_t size);
IMPORT(HOST, "add") uint32_t host_add(uint32_t a, uint32_t b);
IMPORT(HOST, "[constructor]file") int32_t host_file(const char* name, size_t size);
IMPORT(HOST, "[method]file.size") uint64_t host_file_size(int32_t self);
IMPORT(HOST, "[resource-drop]file") void host_file_drop(int32_t handle);
IMPORT("$root", "now") uint64_t now(void);
IMPORT("[export]" API, "[resource-new]counter") int32_t counter_new(struct counter* counter);
IMPORT("[export]" API, "[resource-drop]counter") void counter_drop(int32_t handle);

EXPORT("cabi_realloc") void* cabi_realloc(void* old, size_t old_size, size_t alignment, size_t size)
{
    (void)old_size;
    (void)alignment;
    return realloc(old, size);
}

EXPORT(API "#greet") struct string* greet(char* name, size_t size, uint32_t age)
{
    static const char hello[] = "Hello, ";
    static struct string result;
    (void)age;
    result.size = sizeof hello - 1 + size;
    result.text = malloc(result.size);
    memcpy(result.text, hello, sizeof hello - 1);
    memcpy(result.text + sizeof hello - 1, name, size);
    free(name);
    host_log(result.text, result.size);
    return &result;
}

EXPORT("cabi_post_" API "#greet") void greet_done(struct string* result)
{
    free(result->text);
}

EXPORT(API "#sum") uint32_t sum(uint8_t* bytes, size_t size)
{
    uint32_t result = 0;
    for (size_t i = 0; i < size; ++i)
        result += bytes[i];
    free(bytes);
    return result;
}

EXPORT(API "#[constructor]counter") int32_t counter_make(uint32_t start)
{
    struct counter* counter = malloc(sizeof *counter);
    counter->value = start;
    return counter_new(counter);
}

EXPORT(API "#[method]counter.next") uint32_t counter_next(struct counter* counter)
{
    return counter->value = host_add(counter->value, 1);
}

EXPORT(API "#[static]counter.make") int32_t counter_of_now(void)
{
    return counter_make((uint32_t)now());
}

EXPORT(API "#[dtor]counter") void counter_end(struct counter* counter)
{
    free(counter);
}

EXPORT(API "#take") uint32_t take(int32_t handle)
{
    counter_drop(handle);
    return 7;
}

EXPORT(API "#peek") uint32_t peek(struct counter* counter)
{
    return counter->value;
}

EXPORT("run") void* run(struct string* words, size_t count)
{
    static struct {
        uint8_t is_error;
        struct string message;
    } result;
    (void)words;
    const int32_t file = host_file("log", 3);
    result.is_error = host_file_size(file) < count;
    host_file_drop(file);
    result.message = (struct string){"too small", 9};
    return &result;
}
