// What files and paths share: attributes and times in the words of each version of WASI.
#pragma once

#include "descriptors.h"

struct new_time {
    int32_t kind;
    int64_t seconds;
    int32_t nanoseconds;
};
struct new_times {
    struct new_time accessed, modified;
};

uint64_t nanoseconds_of(const struct datetime* time);
uint8_t filetype_of_type(uint8_t descriptor_type);
/// A file's number is the hash of what it is, if there is one.
errno_t give_filestat(const struct file_stat_result* status, const struct file_hash_result* hash, guest_address result);
/// Error: INVAL.
errno_t times_of(uint64_t accessed, uint64_t modified, uint32_t flags, struct new_times* times);
