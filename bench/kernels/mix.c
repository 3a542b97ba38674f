// Mixing of 64-bit integers: shifts, rotations, multiplications, counting bits, division.
#include "kernel.h"

static uint64_t kernel(void)
{
    uint64_t a = 1, b = 0x123456789abcdef0u, c = 0;
    for (uint64_t i = 1; i < 1000000; ++i) {
        a ^= b << 7 | b >> 57;
        b = b * 0xd6e8feb86659fd93u + a;
        c += (uint64_t)__builtin_popcountll(a ^ b) + (uint64_t)__builtin_clzll(b | 1);
        a += c >> 3;
        if ((i & 15) == 0)
            b ^= a / (i | 1) + b % i;
        c = (c ^ a) - (b >> 11);
    }
    return a ^ b ^ c;
}
