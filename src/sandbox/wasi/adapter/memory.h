// Two memories: the program's, which is only reached through these functions, and the adapter's own, where the
// functions of WASI 0.2 put what they give. What they gave is good until the end of the call.
#pragma once

#include "preview1.h"
#include "preview2.h"

/// Forgets what was allocated since everything was kept.
void begin_call(void);
/// What was allocated until now stays for good.
void keep_allocated(void);
/// Memory until the end of the call.
void* allocate(size_t bytes, size_t alignment);

/// Whether these bytes are part of the program's memory.
bool guest_has(guest_address address, uint64_t length);

// The rest is for bytes that it has.
void guest_read(void* to, guest_address from, size_t length);
void guest_write(guest_address to, const void* from, size_t length);

/// For a function that gives the program a value where it said.
#define GUEST_WRITE(address, value)                                                                                    \
    do {                                                                                                               \
        if (!guest_has(address, sizeof(value)))                                                                        \
            return ERRNO_FAULT;                                                                                        \
        guest_write(address, &(value), sizeof(value));                                                                 \
    } while (0)

/// Gives an error back to the program.
#define TRY(expression)                                                                                                \
    do {                                                                                                               \
        const errno_t tried = (expression);                                                                            \
        if (tried != ERRNO_SUCCESS)                                                                                    \
            return tried;                                                                                              \
    } while (0)
