// Recursion: nothing but calls.
#include "kernel.h"

__attribute__((noinline)) static uint32_t fibonacci(uint32_t n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static uint64_t kernel(void)
{
    return fibonacci(30);
}
