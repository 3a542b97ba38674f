#include "wasm/component/bindgen/fixed_parts.hpp"

namespace trellis::wasm::component::bindgen {

const std::string_view realloc_definition = R"(
// Weak: the program may bring its own.
__attribute__((__weak__, __export_name__("cabi_realloc")))
void *cabi_realloc(void *ptr, size_t old_size, size_t align, size_t new_size) {
    (void) old_size;
    if (new_size == 0)
        return (void *) align;
    void *const block = realloc(ptr, new_size);
    if (block == NULL)
        abort();
    return block;
}
)";

const FixedPart string_part = {.header_types = R"(
// UTF-8, without a zero behind it.
typedef struct @world@_string_t {
    uint8_t *ptr;
    size_t len;
} @world@_string_t;
)",
                               .header_functions = R"(
// Lets `ret` point to `s`, without a copy.
extern void @world@_string_set(@world@_string_t *ret, const char *s);
// Makes `ret` a copy of `s`, to be freed.
extern void @world@_string_dup(@world@_string_t *ret, const char *s);
// Makes `ret` a copy of the first `len` bytes of `s`, to be freed.
extern void @world@_string_dup_n(@world@_string_t *ret, const char *s, size_t len);
// Frees the memory behind `ret`, which is an empty string then.
extern void @world@_string_free(@world@_string_t *ret);
)",
                               .source = R"(
void @world@_string_set(@world@_string_t *ret, const char *s) {
    ret->ptr = (uint8_t *) s;
    ret->len = strlen(s);
}

void @world@_string_dup(@world@_string_t *ret, const char *s) {
    @world@_string_dup_n(ret, s, strlen(s));
}

void @world@_string_dup_n(@world@_string_t *ret, const char *s, size_t len) {
    ret->ptr = cabi_realloc(NULL, 0, 1, len);
    ret->len = len;
    memcpy(ret->ptr, s, len);
}

void @world@_string_free(@world@_string_t *ret) {
    if (ret->len > 0)
        free(ret->ptr);
    ret->ptr = NULL;
    ret->len = 0;
}
)"};

const FixedPart error_context_part = {.header_types = R"(
typedef uint32_t @world@_error_context_t;
)",
                                      .header_functions = R"(
extern @world@_error_context_t @world@_error_context_new(const uint8_t *message, size_t len);
// The message is to be freed.
extern void @world@_error_context_debug_message(@world@_error_context_t context, @world@_string_t *ret);
extern void @world@_error_context_drop(@world@_error_context_t context);
)",
                                      .source = R"(
__attribute__((__import_module__("$root"), __import_name__("[error-context-new-utf8]")))
extern uint32_t __wasm_import_error_context_new(const uint8_t *message, size_t len);
__attribute__((__import_module__("$root"), __import_name__("[error-context-debug-message-utf8]")))
extern void __wasm_import_error_context_debug_message(uint32_t context, @world@_string_t *ret);
__attribute__((__import_module__("$root"), __import_name__("[error-context-drop]")))
extern void __wasm_import_error_context_drop(uint32_t context);

@world@_error_context_t @world@_error_context_new(const uint8_t *message, size_t len) {
    return __wasm_import_error_context_new(message, len);
}

void @world@_error_context_debug_message(@world@_error_context_t context, @world@_string_t *ret) {
    __wasm_import_error_context_debug_message(context, ret);
}

void @world@_error_context_drop(@world@_error_context_t context) {
    __wasm_import_error_context_drop(context);
}
)"};

const FixedPart async_part = {.header_types = R"(
// What a call of an asynchronous import gives: the subtask's state, and its handle unless it has returned already.
typedef uint32_t @world@_subtask_status_t;
typedef uint32_t @world@_subtask_t;
typedef enum @world@_subtask_state {
    @WORLD@_SUBTASK_STARTING,
    @WORLD@_SUBTASK_STARTED,
    @WORLD@_SUBTASK_RETURNED,
    @WORLD@_SUBTASK_STARTED_CANCELLED,
    @WORLD@_SUBTASK_RETURNED_CANCELLED,
} @world@_subtask_state_t;
#define @WORLD@_SUBTASK_STATE(status) ((@world@_subtask_state_t) ((status) & 0xf))
#define @WORLD@_SUBTASK_HANDLE(status) ((@world@_subtask_t) ((status) >> 4))

// What an asynchronous export returns, and its callback: whether the task is over or what it waits for.
typedef uint32_t @world@_callback_code_t;
#define @WORLD@_CALLBACK_CODE_EXIT 0
#define @WORLD@_CALLBACK_CODE_YIELD 1
#define @WORLD@_CALLBACK_CODE_WAIT(set) (2 | ((set) << 4))

typedef enum @world@_event_code {
    @WORLD@_EVENT_NONE,
    @WORLD@_EVENT_SUBTASK,
    @WORLD@_EVENT_STREAM_READ,
    @WORLD@_EVENT_STREAM_WRITE,
    @WORLD@_EVENT_FUTURE_READ,
    @WORLD@_EVENT_FUTURE_WRITE,
    @WORLD@_EVENT_CANCEL,
} @world@_event_code_t;

typedef struct @world@_event {
    @world@_event_code_t event;
    uint32_t waitable;
    uint32_t code; // a subtask's state, or the status of a stream or future
} @world@_event_t;

typedef uint32_t @world@_waitable_set_t;

// What became of a read or write: blocked, or how it ended and how many elements it moved.
typedef uint32_t @world@_waitable_status_t;
typedef enum @world@_waitable_state {
    @WORLD@_WAITABLE_COMPLETED,
    @WORLD@_WAITABLE_DROPPED,
    @WORLD@_WAITABLE_CANCELLED,
} @world@_waitable_state_t;
#define @WORLD@_WAITABLE_STATE(status) ((@world@_waitable_state_t) ((status) & 0xf))
#define @WORLD@_WAITABLE_COUNT(status) ((uint32_t) ((status) >> 4))
#define @WORLD@_WAITABLE_STATUS_BLOCKED ((@world@_waitable_status_t) -1)
)",
                              .header_functions = R"(
extern @world@_subtask_status_t @world@_subtask_cancel(@world@_subtask_t subtask);
extern void @world@_subtask_drop(@world@_subtask_t subtask);
extern @world@_waitable_set_t @world@_waitable_set_new(void);
// A set of 0 takes the waitable out of the one it is in.
extern void @world@_waitable_join(uint32_t waitable, @world@_waitable_set_t set);
extern void @world@_waitable_set_drop(@world@_waitable_set_t set);
extern void @world@_waitable_set_wait(@world@_waitable_set_t set, @world@_event_t *event);
extern void @world@_waitable_set_poll(@world@_waitable_set_t set, @world@_event_t *event);
extern void @world@_task_cancel(void);
extern void @world@_backpressure_inc(void);
extern void @world@_backpressure_dec(void);
// A pointer of the task's own.
extern void *@world@_context_get_0(void);
extern void @world@_context_set_0(void *value);
extern void @world@_thread_yield(void);
)",
                              .source = R"(
__attribute__((__import_module__("$root"), __import_name__("[subtask-cancel]")))
extern uint32_t __wasm_import_subtask_cancel(uint32_t subtask);
__attribute__((__import_module__("$root"), __import_name__("[subtask-drop]")))
extern void __wasm_import_subtask_drop(uint32_t subtask);
__attribute__((__import_module__("$root"), __import_name__("[waitable-set-new]")))
extern uint32_t __wasm_import_waitable_set_new(void);
__attribute__((__import_module__("$root"), __import_name__("[waitable-join]")))
extern void __wasm_import_waitable_join(uint32_t waitable, uint32_t set);
__attribute__((__import_module__("$root"), __import_name__("[waitable-set-drop]")))
extern void __wasm_import_waitable_set_drop(uint32_t set);
__attribute__((__import_module__("$root"), __import_name__("[waitable-set-wait]")))
extern uint32_t __wasm_import_waitable_set_wait(uint32_t set, uint32_t *payload);
__attribute__((__import_module__("$root"), __import_name__("[waitable-set-poll]")))
extern uint32_t __wasm_import_waitable_set_poll(uint32_t set, uint32_t *payload);
__attribute__((__import_module__("[export]$root"), __import_name__("[task-cancel]")))
extern void __wasm_import_task_cancel(void);
__attribute__((__import_module__("$root"), __import_name__("[backpressure-inc]")))
extern void __wasm_import_backpressure_inc(void);
__attribute__((__import_module__("$root"), __import_name__("[backpressure-dec]")))
extern void __wasm_import_backpressure_dec(void);
__attribute__((__import_module__("$root"), __import_name__("[context-get-0]")))
extern void *__wasm_import_context_get_0(void);
__attribute__((__import_module__("$root"), __import_name__("[context-set-0]")))
extern void __wasm_import_context_set_0(void *value);
__attribute__((__import_module__("$root"), __import_name__("[thread-yield]")))
extern uint32_t __wasm_import_thread_yield(void);

@world@_subtask_status_t @world@_subtask_cancel(@world@_subtask_t subtask) {
    return __wasm_import_subtask_cancel(subtask);
}

void @world@_subtask_drop(@world@_subtask_t subtask) {
    __wasm_import_subtask_drop(subtask);
}

@world@_waitable_set_t @world@_waitable_set_new(void) {
    return __wasm_import_waitable_set_new();
}

void @world@_waitable_join(uint32_t waitable, @world@_waitable_set_t set) {
    __wasm_import_waitable_join(waitable, set);
}

void @world@_waitable_set_drop(@world@_waitable_set_t set) {
    __wasm_import_waitable_set_drop(set);
}

void @world@_waitable_set_wait(@world@_waitable_set_t set, @world@_event_t *event) {
    uint32_t payload[2];
    event->event = (@world@_event_code_t) __wasm_import_waitable_set_wait(set, payload);
    event->waitable = payload[0];
    event->code = payload[1];
}

void @world@_waitable_set_poll(@world@_waitable_set_t set, @world@_event_t *event) {
    uint32_t payload[2];
    event->event = (@world@_event_code_t) __wasm_import_waitable_set_poll(set, payload);
    event->waitable = payload[0];
    event->code = payload[1];
}

void @world@_task_cancel(void) {
    __wasm_import_task_cancel();
}

void @world@_backpressure_inc(void) {
    __wasm_import_backpressure_inc();
}

void @world@_backpressure_dec(void) {
    __wasm_import_backpressure_dec();
}

void *@world@_context_get_0(void) {
    return __wasm_import_context_get_0();
}

void @world@_context_set_0(void *value) {
    __wasm_import_context_set_0(value);
}

void @world@_thread_yield(void) {
    __wasm_import_thread_yield();
}
)"};

} // namespace trellis::wasm::component::bindgen
