// The functions of WASI 0.2 that the adapter is made of, as the canonical ABI passes them: handles are numbers, lists a
// pointer and a length, results that are more than a number are written where the last parameter points to.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int32_t handle_t; ///< of a resource; 0 is none

#define IMPORT(interface, name) __attribute__((import_module("wasi:" interface "@0.2.0"), import_name(name))) extern
#define STREAMS(name) IMPORT("io/streams", name)
#define FILES(name) IMPORT("filesystem/types", name)
#define DESCRIPTOR(name) FILES("[method]descriptor." name)

struct list {
    void* data;
    size_t length;
};

struct datetime {
    uint64_t seconds;
    uint32_t nanoseconds;
};

// wasi:io

enum { STREAM_FAILED, STREAM_CLOSED };
struct stream_error {
    uint8_t kind;
    handle_t error; ///< of a failed one, an object
};
struct stream_result {
    uint8_t is_error;
    struct stream_error error;
};
struct stream_list_result {
    uint8_t is_error;
    union {
        struct list bytes;
        struct stream_error error;
    };
};
struct stream_size_result {
    uint8_t is_error;
    union {
        uint64_t size;
        struct stream_error error;
    };
};

IMPORT("io/error", "[resource-drop]error") void error_drop(handle_t);
IMPORT("io/poll", "poll") void poll_list(const handle_t* pollables, size_t count, struct list* ready);
IMPORT("io/poll", "[method]pollable.block") void pollable_block(handle_t);
IMPORT("io/poll", "[resource-drop]pollable") void pollable_drop(handle_t);
STREAMS("[method]input-stream.read") void input_read(handle_t, uint64_t length, struct stream_list_result*);
STREAMS("[method]input-stream.blocking-read")
void input_blocking_read(handle_t, uint64_t length, struct stream_list_result*);
STREAMS("[method]input-stream.subscribe") handle_t input_subscribe(handle_t);
STREAMS("[resource-drop]input-stream") void input_drop(handle_t);
STREAMS("[method]output-stream.check-write") void output_check_write(handle_t, struct stream_size_result*);
STREAMS("[method]output-stream.write") void output_write(handle_t, const void*, size_t, struct stream_result*);
STREAMS("[method]output-stream.blocking-flush") void output_blocking_flush(handle_t, struct stream_result*);
STREAMS("[method]output-stream.subscribe") handle_t output_subscribe(handle_t);
STREAMS("[resource-drop]output-stream") void output_drop(handle_t);

// wasi:cli

struct optional_handle {
    uint8_t is_there;
    handle_t handle;
};

IMPORT("cli/environment", "get-environment") void get_environment(struct list* pairs_of_strings);
IMPORT("cli/environment", "get-arguments") void get_arguments(struct list* strings);
IMPORT("cli/exit", "exit") void exit_with_result(int32_t is_error);
IMPORT("cli/exit", "exit-with-code") void exit_with_code(int32_t code);
IMPORT("cli/stdin", "get-stdin") handle_t get_stdin(void);
IMPORT("cli/stdout", "get-stdout") handle_t get_stdout(void);
IMPORT("cli/stderr", "get-stderr") handle_t get_stderr(void);
IMPORT("cli/terminal-stdin", "get-terminal-stdin") void get_terminal_stdin(struct optional_handle*);
IMPORT("cli/terminal-stdout", "get-terminal-stdout") void get_terminal_stdout(struct optional_handle*);
IMPORT("cli/terminal-stderr", "get-terminal-stderr") void get_terminal_stderr(struct optional_handle*);
IMPORT("cli/terminal-input", "[resource-drop]terminal-input") void terminal_input_drop(handle_t);
IMPORT("cli/terminal-output", "[resource-drop]terminal-output") void terminal_output_drop(handle_t);

// wasi:clocks, wasi:random

IMPORT("clocks/monotonic-clock", "now") uint64_t monotonic_now(void);
IMPORT("clocks/monotonic-clock", "resolution") uint64_t monotonic_resolution(void);
IMPORT("clocks/monotonic-clock", "subscribe-duration") handle_t monotonic_subscribe(uint64_t nanoseconds);
IMPORT("clocks/wall-clock", "now") void wall_now(struct datetime*);
IMPORT("clocks/wall-clock", "resolution") void wall_resolution(struct datetime*);
IMPORT("random/random", "get-random-bytes") void get_random_bytes(uint64_t length, struct list*);

// wasi:filesystem

enum { TYPE_DIRECTORY = 3, TYPE_REGULAR_FILE = 6 };
enum { FLAG_READ = 1, FLAG_WRITE = 2, FLAG_FILE_SYNC = 4, FLAG_DATA_SYNC = 8, FLAG_MUTATE_DIRECTORY = 32 };

struct optional_datetime {
    uint8_t is_there;
    struct datetime time;
};
struct descriptor_stat {
    uint8_t type;
    uint64_t links;
    uint64_t size;
    struct optional_datetime accessed, modified, changed;
};
struct preopen {
    handle_t descriptor;
    struct list name;
};

/// A result of `type`, or an error code.
#define FILE_RESULT(name, type)                                                                                        \
    struct name {                                                                                                      \
        uint8_t is_error;                                                                                              \
        union {                                                                                                        \
            type value;                                                                                                \
            uint8_t error;                                                                                             \
        };                                                                                                             \
    }
struct read_bytes {
    struct list bytes;
    uint8_t is_end;
};
struct directory_entry {
    uint8_t type;
    struct list name;
};
struct optional_entry {
    uint8_t is_there;
    struct directory_entry entry;
};
struct metadata_hash {
    uint64_t lower, upper;
};
FILE_RESULT(file_result, uint8_t); // without a value, or a small one
FILE_RESULT(file_handle_result, handle_t);
FILE_RESULT(file_size_result, uint64_t);
FILE_RESULT(file_list_result, struct list);
FILE_RESULT(file_read_result, struct read_bytes);
FILE_RESULT(file_stat_result, struct descriptor_stat);
FILE_RESULT(file_hash_result, struct metadata_hash);
FILE_RESULT(file_entry_result, struct optional_entry);

enum { TIME_UNCHANGED, TIME_NOW, TIME_GIVEN };
#define TIME(name) int32_t name##_kind, int64_t name##_seconds, int32_t name##_nanoseconds
#define PATH(name) const void *name, size_t name##_length

IMPORT("filesystem/preopens", "get-directories") void get_directories(struct list* preopens);
FILES("[resource-drop]descriptor") void descriptor_drop(handle_t);
FILES("[resource-drop]directory-entry-stream") void entries_drop(handle_t);
FILES("[method]directory-entry-stream.read-directory-entry") void entries_next(handle_t, struct file_entry_result*);
DESCRIPTOR("append-via-stream") void descriptor_append(handle_t, struct file_handle_result*);
DESCRIPTOR("advise") void descriptor_advise(handle_t, uint64_t, uint64_t, int32_t, struct file_result*);
DESCRIPTOR("sync-data") void descriptor_sync_data(handle_t, struct file_result*);
DESCRIPTOR("sync") void descriptor_sync(handle_t, struct file_result*);
DESCRIPTOR("get-flags") void descriptor_flags(handle_t, struct file_result*);
DESCRIPTOR("get-type") void descriptor_type(handle_t, struct file_result*);
DESCRIPTOR("set-size") void descriptor_set_size(handle_t, uint64_t, struct file_result*);
DESCRIPTOR("set-times") void descriptor_set_times(handle_t, TIME(accessed), TIME(modified), struct file_result*);
DESCRIPTOR("read") void descriptor_read(handle_t, uint64_t length, uint64_t offset, struct file_read_result*);
DESCRIPTOR("write") void descriptor_write(handle_t, const void*, size_t, uint64_t offset, struct file_size_result*);
DESCRIPTOR("read-directory") void descriptor_read_directory(handle_t, struct file_handle_result*);
DESCRIPTOR("create-directory-at") void descriptor_create_directory(handle_t, PATH(path), struct file_result*);
DESCRIPTOR("stat") void descriptor_stat(handle_t, struct file_stat_result*);
DESCRIPTOR("stat-at") void descriptor_stat_at(handle_t, int32_t flags, PATH(path), struct file_stat_result*);
DESCRIPTOR("set-times-at")
void descriptor_set_times_at(handle_t, int32_t flags, PATH(path), TIME(accessed), TIME(modified), struct file_result*);
DESCRIPTOR("link-at")
void descriptor_link(handle_t, int32_t flags, PATH(path), handle_t target, PATH(target_path), struct file_result*);
DESCRIPTOR("open-at")
void descriptor_open(handle_t, int32_t path_flags, PATH(path), int32_t open_flags, int32_t flags,
                     struct file_handle_result*);
DESCRIPTOR("readlink-at") void descriptor_read_link(handle_t, PATH(path), struct file_list_result*);
DESCRIPTOR("remove-directory-at") void descriptor_remove_directory(handle_t, PATH(path), struct file_result*);
DESCRIPTOR("rename-at")
void descriptor_rename(handle_t, PATH(path), handle_t target, PATH(target_path), struct file_result*);
DESCRIPTOR("symlink-at") void descriptor_symlink(handle_t, PATH(contents), PATH(path), struct file_result*);
DESCRIPTOR("unlink-file-at") void descriptor_unlink(handle_t, PATH(path), struct file_result*);
DESCRIPTOR("metadata-hash") void descriptor_hash(handle_t, struct file_hash_result*);
DESCRIPTOR("metadata-hash-at") void descriptor_hash_at(handle_t, int32_t flags, PATH(path), struct file_hash_result*);
