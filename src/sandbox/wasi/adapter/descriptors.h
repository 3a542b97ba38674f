// The program's descriptors: small numbers for the standard streams, and for files and directories of WASI 0.2. Rights
// and flags are kept here, since 0.2 has none. Positions, too: what reads and writes there says where.
#pragma once

#include "memory.h"

enum descriptor_kind { KIND_FREE, KIND_STANDARD, KIND_FILE, KIND_DIRECTORY };

struct descriptor {
    enum descriptor_kind kind;
    uint8_t filetype;
    uint8_t standard; ///< which of the standard streams
    bool is_preopen;
    bool may_mutate;     ///< a directory whose contents may be changed
    uint32_t flags;      ///< fdflags
    handle_t handle;     ///< of a standard stream: 0 until it is used
    rights_t base;       ///< they only shrink
    rights_t inheriting; ///<
    uint64_t position;   ///< of a file
    struct list name;    ///< of a preopen
};

/// All begin with errors BADF and NOTCAPABLE; NOTDIR and ISDIR where a certain kind is wanted.
errno_t find(uint32_t number, rights_t needed, struct descriptor** found);
errno_t find_directory(uint32_t number, rights_t needed, struct descriptor** found);
errno_t find_stream(uint32_t number, rights_t needed, struct descriptor** found);
/// A free place. Error: MFILE.
errno_t find_free(uint32_t* number, struct descriptor** found);

/// The type of a standard stream can only be asked when it is needed.
uint8_t filetype_of(const struct descriptor* descriptor);
/// The stream behind a standard descriptor.
handle_t stream_of(struct descriptor* descriptor);

/// The error of WASI 0.1 for an error-code of wasi:filesystem.
errno_t errno_of(uint8_t error_code);
/// A result without a value.
errno_t errno_of_result(const struct file_result* result);

/// For a descriptor that is closed: what it listed is listed no more.
void forget_listing(uint32_t number);
