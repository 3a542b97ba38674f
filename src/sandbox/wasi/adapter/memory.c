#include "memory.h"

#define MAIN_MEMORY(name) __attribute__((import_module("__main_memory__"), import_name(name))) extern
MAIN_MEMORY("pages") uint32_t main_pages(void);
MAIN_MEMORY("read") void main_read(void* to, guest_address from, size_t length);
MAIN_MEMORY("write") void main_write(guest_address to, const void* from, size_t length);

enum { page_bytes = 65536 };

extern char __heap_base;
static size_t used; // behind __heap_base
static size_t kept; // the beginning of that

void begin_call(void)
{
    used = kept;
}

void keep_allocated(void)
{
    kept = used;
}

void* allocate(size_t bytes, size_t alignment)
{
    const size_t base = (size_t)&__heap_base;
    const size_t place = (base + used + alignment - 1) & ~(alignment - 1);
    const uint64_t end = (uint64_t)place + bytes;
    const uint64_t there = (uint64_t)__builtin_wasm_memory_size(0) * page_bytes;
    if (end > there &&
        __builtin_wasm_memory_grow(0, (size_t)((end - there + page_bytes - 1) / page_bytes)) == (size_t)-1)
        __builtin_trap();
    used = (size_t)end - base;
    return (void*)place;
}

/// How the functions of WASI 0.2 get memory for what they give; they never ask for more afterwards.
EXPORT(cabi_realloc) void* cabi_realloc(void* old, size_t old_bytes, size_t alignment, size_t bytes)
{
    void* const place = allocate(bytes, alignment);
    if (old_bytes != 0)
        __builtin_memcpy(place, old, old_bytes < bytes ? old_bytes : bytes);
    return place;
}

bool guest_has(guest_address address, uint64_t length)
{
    return (uint64_t)address + length <= (uint64_t)main_pages() * page_bytes;
}

void guest_read(void* to, guest_address from, size_t length)
{
    main_read(to, from, length);
}

void guest_write(guest_address to, const void* from, size_t length)
{
    main_write(to, from, length);
}
